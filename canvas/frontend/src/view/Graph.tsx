// The graph itself: React Flow, drawing wires, dropping blocks, and the search that a dropped wire opens.
import {
  Background, BackgroundVariant, type Connection, ConnectionLineType, Controls, type FinalConnectionState, MiniMap,
  type OnConnectStartParams, ReactFlow,
} from "@xyflow/react";
import { type DragEvent, type MouseEvent, useCallback, useEffect, useRef } from "react";
import { connect, place, remove } from "../rules/edits";
import { judgeWire } from "../rules/wires";
import type { FlowEdge, FlowNode } from "../store/flow";
import type { PortRef } from "../types";
import { useActions } from "./actions";
import { Card } from "./card/Card";
import { useDoc, useScreen, useSession } from "./context";
import { Empty } from "./Empty";
import { groupColour } from "./icons";
import { Problems } from "./Problems";
import { QuickAdd } from "./QuickAdd";
import { ReadableText } from "./ReadableText";
import { useWireDrop } from "./useWireDrop";
import { WireEdge } from "./WireEdge";

const nodeTypes = { block: Card };
const edgeTypes = { wire: WireEdge };
const MANY = 100;
const ADD_KEY = ["Meta", "Control"];
const FIT = { padding: 0.06, maxZoom: 1 };
const GRID: [number, number] = [8, 8];
export const DRAG_TYPE = "application/x-genloom-block";

export function Graph() {
  const session = useSession();
  const { editor, screen } = session;
  const actions = useActions();
  const nodes = useDoc((e) => e.nodes);
  const edges = useDoc((e) => e.edges);
  const dark = useScreen((s) => s.dark);
  const element = useRef<HTMLDivElement>(null);
  const onConnectEnd = useWireDrop(actions);

  useEffect(() => {
    session.graphElement = element.current;
    return () => void (session.graphElement = null);
  }, [session]);

  const isValid = useCallback(
    (wire: Connection | FlowEdge) => {
      const [from, to] = ends(wire);
      return judgeWire(editor.doc, session.blocks, from, to).fits;
    },
    [session, editor],
  );
  const onConnect = useCallback(
    (wire: Connection) => {
      const [from, to] = ends(wire);
      editor.edit((doc) => connect(doc, session.blocks, from, to));
    },
    [session, editor],
  );
  const onReconnect = useCallback(
    (old: FlowEdge, wire: Connection) => {
      const [from, to] = ends(wire);
      editor.edit((doc) => connect(remove(doc, new Set(), [old.data!.wire]), session.blocks, from, to));
    },
    [session, editor],
  );
  const onConnectStart = useCallback(
    (_: unknown, { nodeId, handleId, handleType }: OnConnectStartParams) => {
      const spec = session.blocks.byId.get(editor.node(nodeId ?? "")?.block ?? "");
      const ports = handleType === "source" ? spec?.outputs : spec?.inputs;
      const kind = ports?.find((port) => port.name === handleId)?.kind;
      if (nodeId && handleId && handleType && kind) {
        screen.set({ wiring: { node: nodeId, port: handleId, kind, is: handleType } });
      }
    },
    [session, editor, screen],
  );
  const onDragStop = useCallback(
    (_: unknown, __: unknown, moved: FlowNode[]) => {
      const positions = new Map(moved.map((n) => [n.id, [n.position.x, n.position.y] as [number, number]]));
      editor.edit((doc) => place(doc, positions));
    },
    [editor],
  );
  const onDrop = (event: DragEvent) => {
    const block = event.dataTransfer.getData(DRAG_TYPE);
    if (!block) return;
    event.preventDefault();
    actions.dropBlock(block, event.clientX, event.clientY);
  };
  const onDoubleClick = (event: MouseEvent) => {
    if ((event.target as Element).classList.contains("react-flow__pane")) {
      actions.quickAdd({ x: event.clientX, y: event.clientY });
    }
  };

  return (
    <main
      ref={element} className="graph-area" onDoubleClick={onDoubleClick} onDrop={onDrop}
      onDragOver={(event) => event.dataTransfer.types.includes(DRAG_TYPE) && event.preventDefault()}
    >
      <ReactFlow<FlowNode, FlowEdge>
        nodes={nodes} edges={edges} nodeTypes={nodeTypes} edgeTypes={edgeTypes}
        onNodesChange={editor.nodesChanged} onEdgesChange={editor.edgesChanged}
        onConnect={onConnect} onReconnect={onReconnect} onConnectStart={onConnectStart}
        onConnectEnd={onConnectEnd as (event: globalThis.MouseEvent | TouchEvent, state: FinalConnectionState) => void}
        isValidConnection={isValid} onNodeDragStop={onDragStop}
        onSelectionDragStop={(event, moved) => onDragStop(event, null, moved)}
        onMove={(_, viewport) => void (session.viewport = viewport)}
        defaultViewport={session.viewport ?? { x: 0, y: 0, zoom: 1 }} fitView={!session.viewport} fitViewOptions={FIT}
        colorMode={dark ? "dark" : "light"} minZoom={0.08} maxZoom={2} zoomOnDoubleClick={false}
        snapToGrid snapGrid={GRID} connectionRadius={28} connectionLineType={ConnectionLineType.Bezier}
        deleteKeyCode={null} multiSelectionKeyCode={ADD_KEY} disableKeyboardA11y elevateNodesOnSelect
        onlyRenderVisibleElements={nodes.length > MANY}
      >
        <ReadableText area={element} />
        <Background variant={BackgroundVariant.Dots} gap={24} size={1.5} color="var(--dots)" />
        <Controls showInteractive={false} showFitView={false} position="bottom-left" />
        <MiniMap
          pannable zoomable position="bottom-right" ariaLabel="Overview of the graph" nodeBorderRadius={20}
          nodeColor={(node) => groupColour(session.blocks.byId.get(editor.node(node.id)?.block ?? "")?.group ?? "")}
          bgColor="var(--surface)" maskColor="var(--minimap-mask)" style={MINIMAP}
        />
      </ReactFlow>
      {nodes.length === 0 && <Empty />}
      <Problems />
      <QuickAdd />
    </main>
  );
}

const MINIMAP = { width: 160, height: 104 };

function ends(wire: Connection | FlowEdge): [PortRef, PortRef] {
  return [
    { node: wire.source, port: wire.sourceHandle ?? "" },
    { node: wire.target, port: wire.targetHandle ?? "" },
  ];
}
