// Where a step stands, as a word with a mark, never by colour alone.
import type { NodeState, StepStatus } from "../../types";

export type ShownStatus = StepStatus | "changed" | "paused";

const WORDS: Record<ShownStatus, string> = {
  idle: "", stored: "stored", queued: "queued", running: "running", done: "done", reused: "reused", failed: "failed",
  cancelled: "cancelled", skipped: "skipped", changed: "changed", paused: "paused",
};

const MARKS: Record<ShownStatus, string> = {
  idle: "", stored: "▪", queued: "○", running: "", done: "✓", reused: "↺", failed: "✕", cancelled: "–", skipped: "»",
  changed: "●", paused: "‖",
};

const MEANINGS: Record<ShownStatus, string> = {
  idle: "Not run yet",
  stored: "This result came with the template; nothing was computed here",
  queued: "Waits for its turn",
  running: "Works now",
  done: "Finished in this run",
  reused: "An earlier result with equal settings and inputs is used",
  failed: "Stopped by an error",
  cancelled: "Stopped by you",
  skipped: "Not run, since something before it did not finish",
  paused: "Goes on when the run is resumed",
  changed: "Settings or inputs are not those of the shown result. Run to bring it up to date",
};

/** The status to show: a result that the next run would not use again is "changed"; nothing waits in a paused run. */
export function shownStatus(state: NodeState | undefined, forecast: string, isPaused = false): ShownStatus {
  if (!state) return "idle";
  if (isPaused && state.status === "queued") return "paused";
  const hasResult = state.status === "done" || state.status === "reused" || state.status === "stored";
  return hasResult && forecast.startsWith("runs:") ? "changed" : state.status;
}

export function StatusPill({ id, status }: { id: string; status: ShownStatus }) {
  return (
    <span className={`pill pill-${status}`} data-testid={`status-${id}`} data-status={status} title={MEANINGS[status]}>
      {status === "running" ? <span className="spinner" aria-hidden="true" /> : <span aria-hidden="true">{MARKS[status]}</span>}
      {WORDS[status]}
    </span>
  );
}
