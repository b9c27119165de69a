// A wire: in the colour of what it carries, moving while its target works, with a button to cut it when selected.
import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import { remove } from "../rules/edits";
import { lanePath } from "../rules/routes";
import type { FlowEdge } from "../store/flow";
import { useNodeState } from "../store/live";
import { useDoc, useSession } from "./context";
import { Icon } from "./icons";

export const WireEdge = memo(function WireEdge(props: EdgeProps<FlowEdge>) {
  const session = useSession();
  const flows = useNodeState(session.live, props.target)?.status === "running";
  const lane = useDoc((editor) => (props.data ? editor.lane(props.data.wire) : null));
  const [path, x, y] =
    lane === null
      ? getBezierPath(props)
      : lanePath(props.sourceX, props.sourceY, props.targetX, props.targetY, lane);
  const colour = props.data?.colour ?? "currentColor";
  const cut = () => session.editor.edit((doc) => remove(doc, new Set(), props.data ? [props.data.wire] : []));
  return (
    <>
      <BaseEdge
        id={props.id} path={path} interactionWidth={18} className={`wire${flows ? " flows" : ""}`}
        style={{ stroke: colour, strokeWidth: props.selected ? 3 : 2 }}
      />
      {props.selected && (
        <EdgeLabelRenderer>
          <button
            type="button" className="cut nodrag nopan" aria-label="Delete this wire" title="Delete this wire"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }} onClick={cut}
          >
            <Icon name="close" size={12} />
          </button>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
