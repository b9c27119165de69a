// The graph itself: React Flow between the palette and the panel, and what opens over it.
import { ReactFlow } from "@xyflow/react";
import { type DragEvent, type MouseEvent, type ReactNode, useCallback, useEffect, useRef } from "react";
import { place } from "../rules/edits";
import type { FlowEdge, FlowNode } from "../store/flow";
import { useActions } from "./actions";
import { Card } from "./card/Card";
import { useDoc, useScreen, useSession } from "./context";
import { Corners } from "./Corners";
import { Empty } from "./Empty";
import { Problems } from "./Problems";
import { QuickAdd } from "./QuickAdd";
import { ReadableText } from "./ReadableText";
import { useWireDrop } from "./useWireDrop";
import { useWiring } from "./useWiring";
import { WireEdge } from "./WireEdge";

/** Beyond so many blocks, only those in view are drawn. */
const MANY = 100;
const GRID: [number, number] = [8, 8];
const SETTINGS = {
  nodeTypes: { block: Card }, edgeTypes: { wire: WireEdge }, fitViewOptions: { padding: 0.06, maxZoom: 1 },
  minZoom: 0.08, maxZoom: 2, zoomOnDoubleClick: false, snapToGrid: true, snapGrid: GRID, connectionRadius: 28,
  deleteKeyCode: null, multiSelectionKeyCode: ["Meta", "Control"], disableKeyboardA11y: true, elevateNodesOnSelect: true,
};
export const DRAG_TYPE = "application/x-genloom-block";

export function Graph() {
  const session = useSession();
  const actions = useActions();
  const wiring = useWiring();
  const onConnectEnd = useWireDrop(actions);
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    session.graphElement = element.current;
    return () => void (session.graphElement = null);
  }, [session]);
  const isEmpty = useDoc((editor) => editor.nodes.length === 0);
  const onDrop = (event: DragEvent) => {
    const block = event.dataTransfer.getData(DRAG_TYPE);
    if (!block) return;
    event.preventDefault();
    actions.dropBlock(block, event.clientX, event.clientY);
  };
  const onDoubleClick = (event: MouseEvent) => {
    const isGround = (event.target as Element).classList.contains("react-flow__pane");
    if (isGround) actions.quickAdd({ x: event.clientX, y: event.clientY });
  };
  return (
    <main
      ref={element} className="graph-area" onDoubleClick={onDoubleClick} onDrop={onDrop}
      onDragOver={(event) => event.dataTransfer.types.includes(DRAG_TYPE) && event.preventDefault()}
    >
      <Flow handlers={{ ...wiring, onConnectEnd }}>
        <ReadableText area={element} />
        <Corners />
      </Flow>
      {isEmpty && <Empty />}
      <Problems />
      <QuickAdd />
    </main>
  );
}

type Handlers = ReturnType<typeof useWiring> & { onConnectEnd: ReturnType<typeof useWireDrop> };

function Flow({ handlers, children }: { handlers: Handlers; children: ReactNode }) {
  const session = useSession();
  const { editor } = session;
  const nodes = useDoc((e) => e.nodes);
  const edges = useDoc((e) => e.edges);
  const dark = useScreen((screen) => screen.dark);
  const onMoved = useCallback(
    (moved: FlowNode[]) => {
      const positions = new Map(moved.map((n) => [n.id, [n.position.x, n.position.y] as [number, number]]));
      editor.edit((doc) => place(doc, positions));
    },
    [editor],
  );
  return (
    <ReactFlow<FlowNode, FlowEdge>
      {...SETTINGS} {...handlers} nodes={nodes} edges={edges} colorMode={dark ? "dark" : "light"}
      onNodesChange={editor.nodesChanged} onEdgesChange={editor.edgesChanged}
      onNodeDragStop={(_, __, moved) => onMoved(moved)} onSelectionDragStop={(_, moved) => onMoved(moved)}
      onMove={(_, viewport) => void (session.viewport = viewport)}
      defaultViewport={session.viewport ?? { x: 0, y: 0, zoom: 1 }} fitView={!session.viewport}
      onlyRenderVisibleElements={nodes.length > MANY}
    >
      {children}
    </ReactFlow>
  );
}
