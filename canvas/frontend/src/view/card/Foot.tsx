// The bottom line of a card: what it is doing and how long that takes, or what came out.
import { memo } from "react";
import { duration } from "../../rules/format";
import type { NodeState } from "../../types";
import { ScoreLine } from "./ScoreList";
import type { ShownStatus } from "./StatusPill";

interface Props {
  id: string;
  state: NodeState | undefined;
  status: ShownStatus;
  showsScore: boolean;
}

export const Foot = memo(function Foot({ id, state, status, showsScore }: Props) {
  if (status === "running" || status === "queued" || status === "paused") return <Working state={state!} status={status} />;
  const summary = [...new Set(Object.values(state?.outputs ?? {}).map((output) => output.summary))].join("  ·  ");
  return (
    <footer className="foot">
      <span className="foot-text" title={summary}>
        {showsScore && state?.scores.length ? <ScoreLine id={id} rows={state.scores} /> : summary || state?.message}
      </span>
      {state?.seconds != null && status !== "reused" && <span className="quiet">{duration(state.seconds)}</span>}
    </footer>
  );
});

function Working({ state, status }: { state: NodeState; status: ShownStatus }) {
  const isRunning = status === "running";
  const percent = state.fraction === null ? null : Math.round(state.fraction * 100);
  const left = state.seconds_left === null ? "" : `${duration(state.seconds_left)} left`;
  return (
    <footer className="foot working">
      <span className="foot-text" title={state.message}>
        {isRunning ? state.message || "working" : status === "paused" ? "waits for Resume" : "waits for its turn"}
        {state.attempt > 1 && <span className="quiet"> · attempt {state.attempt}</span>}
      </span>
      <span className="quiet">{left || (percent === null ? "" : `${percent} %`)}</span>
      {isRunning && (
        <span
          className={`bar${percent === null ? " unknown" : ""}`} role="progressbar" aria-label="Progress"
          aria-valuemin={0} aria-valuemax={100} {...(percent === null ? {} : { "aria-valuenow": percent })}
        >
          <span style={{ width: `${percent ?? 30}%` }} />
        </span>
      )}
    </footer>
  );
}
