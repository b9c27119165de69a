// Run, pause, resume, retry, cancel, copy, and in a few words how the run stands.
import { useEffect, useReducer } from "react";
import type { Busy } from "../net/runner";
import { duration } from "../rules/format";
import { isActive, useLiveHead } from "../store/live";
import { useStore } from "../store/store";
import type { Live, RunState } from "../types";
import { useSession } from "./context";
import { Icon } from "./icons";
import { RunCost } from "./RunCost";

export function RunControls() {
  const session = useSession();
  const run = useLiveHead(session.live, (head) => head.run);
  const connection = useLiveHead(session.live, (head) => head.connection);
  const busy = useStore(session.runner, (head) => head.busy);
  const { readonly, copying } = useStore(session.identity, (identity) => identity);
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
      <RunCost />
      {readonly && (
        <button type="button" className="button" data-testid="copy-pipeline" disabled={copying} onClick={copy}>
          <Icon name="copy" size={14} /> Make a copy
        </button>
      )}
      {isActive(run) || run?.status === "paused" ? (
        <Going run={run!} busy={busy} />
      ) : (
        <Ended run={run} busy={busy} runWord={readonly ? "Run demo" : "Run"} />
      )}
    </div>
  );
}

/** What can be done with a run that has not ended. */
function Going({ run, busy }: { run: RunState; busy: Busy | null }) {
  const session = useSession();
  const cancelling = busy === "cancelling" || run.message === "cancelling";
  const pausing = busy === "pausing" || run.message === "pausing";
  const isPaused = run.status === "paused";
  return (
    <>
      {isPaused ? (
        <button
          type="button" className="button primary" data-testid="resume" disabled={busy !== null} onClick={() => void session.resumeRun()}
          title="Go on where the run was paused"
        >
          <Icon name="play" size={14} /> {busy === "resuming" ? "Resuming…" : "Resume"}
        </button>
      ) : (
        <button
          type="button" className="button" data-testid="pause" disabled={busy !== null || pausing || cancelling}
          onClick={() => void session.pause()} title="Save what was learned and leave the device to other runs"
        >
          <Icon name="pause" size={14} /> {pausing ? "Pausing…" : "Pause"}
        </button>
      )}
      <button
        type="button" className="button" data-testid="cancel" disabled={cancelling} onClick={() => void session.cancel()}
        title="End this run. Finished blocks keep their results"
      >
        <Icon name="stop" size={14} /> {cancelling ? "Cancelling…" : "Cancel"}
      </button>
    </>
  );
}

function Ended({ run, busy, runWord }: { run: RunState | null; busy: Busy | null; runWord: string }) {
  const session = useSession();
  return (
    <>
      {(run?.status === "failed" || run?.status === "cancelled") && (
        <button
          type="button" className="button" data-testid="retry" disabled={busy !== null} onClick={() => void session.retry()}
          title={`Continue run ${run.number} where it ended, with the settings it had. Finished blocks keep their results`}
        >
          <Icon name="reset" size={14} /> {busy === "retrying" ? "Retrying…" : "Retry"}
        </button>
      )}
      <button
        type="button" className="button primary" data-testid="run" disabled={busy !== null} onClick={() => void session.run()}
        title="Run the pipeline (Ctrl+Enter)"
      >
        <Icon name="play" size={14} /> {busy === "starting" ? "Starting…" : runWord}
      </button>
    </>
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
