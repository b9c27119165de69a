// One block on the canvas. Its parts have fixed heights, so that nothing moves while it works.
import { type NodeProps, useStore as useFlowStore } from "@xyflow/react";
import { type CSSProperties, memo } from "react";
import { cardSize } from "../../rules/sizes";
import type { FlowNode } from "../../store/flow";
import { useForecast, useLiveHead, useNodeState } from "../../store/live";
import type { Problem } from "../../types";
import { useDoc, useSession } from "../context";
import { groupColour, Icon } from "../icons";
import { useProblemsOf } from "../useProblems";
import { Body } from "./Body";
import { CurveRow } from "./CurveRow";
import { Foot } from "./Foot";
import { Ports, UnknownPorts } from "./Ports";
import { shownStatus, StatusPill } from "./StatusPill";
import { StopEarly } from "./StopEarly";

const FAR = 0.4;

export const Card = memo(function Card({ id, selected }: NodeProps<FlowNode>) {
  const session = useSession();
  const node = useDoc((editor) => editor.node(id));
  const forecast = useForecast(session.live, id);
  const state = useNodeState(session.live, id);
  const isPaused = useLiveHead(session.live, (head) => head.run?.status === "paused");
  const problems = useProblemsOf(id);
  const isFar = useFlowStore((flow) => flow.transform[2] < FAR);
  if (!node) return null;
  const spec = session.blocks.byId.get(node.block);
  const size = cardSize(spec);
  const status = shownStatus(state, forecast, isPaused);
  const title = node.title || spec?.title || node.block;
  const reason = status === "changed" ? forecast : (state?.reason ?? "");
  const hint = problems[0]?.message ?? (node.title ? spec?.title : spec?.summary) ?? "";
  const tint = { "--group": groupColour(spec?.group ?? ""), height: size.height } as CSSProperties;
  return (
    <article
      className={`card is-${status}${selected ? " selected" : ""}${isFar ? " far" : ""}`} style={tint}
      data-testid={`node-${id}`} data-status={status} aria-label={`${title}, ${status}`}
    >
      <header className="card-head">
        <span className="tile"><Icon name={spec?.group ?? "other"} size={isFar ? 20 : 15} /></span>
        <span className="card-title" title={title}>{title}</span>
        {problems.length > 0 && <Badge problems={problems} />}
      </header>
      <p className="card-reason">
        <StatusPill id={id} status={status} />
        <span className="card-why" data-testid={`reason-${id}`} title={reason}>{reason}</span>
        {!reason && <span className="card-why quiet" title={hint}>{hint}</span>}
        {status === "running" && size.curve && <StopEarly id={id} />}
      </p>
      {spec ? <Ports id={id} spec={spec} /> : <UnknownPorts id={id} />}
      <Body id={id} kind={size.body} state={state} spec={spec} block={node.block} isStale={status === "changed"} />
      {size.curve && <CurveRow id={id} state={state} />}
      <Foot id={id} state={state} status={status} showsScore={size.body !== "scores" && !size.curve} />
    </article>
  );
});

function Badge({ problems }: { problems: Problem[] }) {
  return (
    <span className="badge" title={problems.map((p) => p.message).join("\n")} role="img" aria-label="Needs attention">
      <Icon name="warn" size={13} />
    </span>
  );
}
