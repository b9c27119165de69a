// Run, cancel, copy, and in a few words how the run stands.
import { useEffect, useReducer } from "react";
import { duration } from "../rules/format";
import { isActive, useLiveHead } from "../store/live";
import { useStore } from "../store/store";
import type { Live } from "../types";
import { useSession } from "./context";
import { Icon } from "./icons";

export function RunControls() {
  const session = useSession();
  const run = useLiveHead(session.live, (head) => head.run);
  const connection = useLiveHead(session.live, (head) => head.connection);
  const busy = useStore(session.runner, (head) => head.busy);
  const { readonly, copying } = useStore(session.identity, (identity) => identity);
  const active = isActive(run);
  const copy = () =>
    session.makeCopy().catch((error: Error) => session.screen.say(`The copy was not made. ${error.message}`, "bad"));
  return (
    <div className="run-controls">
      {connection === "lost" && (
        <span className="lost" data-testid="connection" role="alert">
          connection lost – editing continues
        </span>
      )}
      <RunSummary />
      {readonly && (
        <button type="button" className="button" data-testid="copy-pipeline" disabled={copying} onClick={copy}>
          <Icon name="copy" size={14} /> Make a copy
        </button>
      )}
      {active ? (
        <button type="button" className="button" data-testid="cancel" disabled={busy === "cancelling"} onClick={() => void session.cancel()}>
          <Icon name="stop" size={14} /> {busy === "cancelling" ? "Cancelling…" : "Cancel"}
        </button>
      ) : (
        <button
          type="button" className="button primary" data-testid="run" disabled={busy !== null} onClick={() => void session.run()}
          title="Run the pipeline (Ctrl+Enter)"
        >
          <Icon name="play" size={14} /> {busy ? "Starting…" : readonly ? "Run demo" : "Run"}
        </button>
      )}
    </div>
  );
}

const WORKERS: Record<Live["worker"], string> = {
  ready: "worker ready",
  starting: "worker starting…",
  busy: "worker busy with another run",
  none: "no worker",
};

function RunSummary() {
  const { live } = useSession();
  const head = useLiveHead(live, (h) => h);
  const [, tick] = useReducer((n: number) => n + 1, 0);
  const active = isActive(head.run);
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [active]);
  const { run } = head;
  const since = active && head.connection === "open" ? (Date.now() - head.receivedAt) / 1000 : 0;
  const parts = run ? [`Run ${run.number}`, run.status] : head.stored ? ["stored results"] : ["not run yet"];
  if (run?.seconds != null) parts.push(duration(run.seconds + since));
  const worker = head.worker === "ready" || (active && head.worker === "busy") ? "" : WORKERS[head.worker];
  return (
    <span className={`run-summary is-${run?.status ?? "idle"}`} data-testid="run-summary" role="status" title={run?.message || WORKERS[head.worker]}>
      <i className={`worker worker-${head.worker}`} aria-hidden="true" />
      <span>{parts.join(" · ")}</span>
      {worker && <span className="quiet" data-testid="worker">{worker}</span>}
    </span>
  );
}
