// What stands in the corners of the graph: its dotted ground, zoom buttons and the overview.
import { Background, BackgroundVariant, Controls, MiniMap } from "@xyflow/react";
import type { FlowNode } from "../store/flow";
import { useSession } from "./context";
import { groupColour } from "./icons";

const MINIMAP = { width: 160, height: 104 };

export function Corners() {
  const { editor, blocks } = useSession();
  const colour = (node: FlowNode) => groupColour(blocks.byId.get(editor.node(node.id)?.block ?? "")?.group ?? "");
  return (
    <>
      <Background variant={BackgroundVariant.Dots} gap={24} size={1.5} color="var(--dots)" />
      <Controls showInteractive={false} showFitView={false} position="bottom-left" />
      <MiniMap<FlowNode>
        pannable zoomable position="bottom-right" ariaLabel="Overview of the graph" nodeBorderRadius={20}
        nodeColor={colour} bgColor="var(--surface)" maskColor="var(--minimap-mask)" style={MINIMAP}
      />
    </>
  );
}
