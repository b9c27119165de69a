// The state of the shown run, per node, apart from the document: a card is drawn again only when its own state changes.
import { useSyncExternalStore } from "react";
import type { Cost, Live, NodeState, RunState } from "../types";

type Listener = () => void;
export type Connection = "connecting" | "open" | "lost";

export interface LiveHead {
  run: RunState | null;
  receivedAt: number;
  stored: boolean;
  worker: Live["worker"];
  connection: Connection;
  cost: Cost | null;
}

const START: LiveHead = { run: null, receivedAt: 0, stored: false, worker: "ready", connection: "connecting", cost: null };

export class LiveStore {
  head: LiveHead = START;
  private states = new Map<string, NodeState>();
  private forecasts: Record<string, string> = {};
  private listeners = new Map<string, Set<Listener>>();
  private headListeners = new Set<Listener>();
  private holding = false;

  constructor(private now: () => number = Date.now) {}

  node(id: string): NodeState | undefined {
    return this.states.get(id);
  }

  /** What a run would do with the node now, such as "runs: learning rate changed", or "" when unknown. */
  forecast(id: string): string {
    return this.forecasts[id] ?? "";
  }

  /** The server has planned the saved document anew. */
  foresee(forecasts: Record<string, string> | null): void {
    if (!forecasts) return;
    const before = this.forecasts;
    this.forecasts = forecasts;
    for (const id of new Set([...Object.keys(before), ...Object.keys(forecasts)])) {
      if (before[id] !== forecasts[id]) this.tell(id);
    }
  }

  /** What a run of the saved document would take; null while it cannot run. */
  price(cost: Cost | null): void {
    this.setHead({ ...this.head, cost });
  }

  /** All states, for tests and lists. */
  all(): Record<string, NodeState> {
    return Object.fromEntries(this.states);
  }

  subscribe(id: string, listener: Listener): () => void {
    const set = this.listeners.get(id) ?? new Set();
    this.listeners.set(id, set.add(listener));
    return () => set.delete(listener);
  }

  subscribeHead = (listener: Listener): (() => void) => {
    this.headListeners.add(listener);
    return () => this.headListeners.delete(listener);
  };

  /** Keep what is shown until a snapshot has something to show: a fresh copy shows its template's results. */
  hold(): void {
    this.holding = true;
  }

  setConnection(connection: Connection): void {
    if (connection !== this.head.connection) this.setHead({ ...this.head, connection });
  }

  receive(message: Live): void {
    const isOtherRun = message.run !== null && message.run.run !== this.head.run?.run;
    const isEmpty = message.run === null && Object.keys(message.nodes).length === 0;
    const keepsOld = message.type === "snapshot" && this.holding && isEmpty;
    if ((message.type === "snapshot" || isOtherRun) && !keepsOld) this.replaceAll(message.nodes);
    else for (const [id, state] of Object.entries(message.nodes)) this.put(id, state);
    if (!isEmpty) this.holding = false;
    this.foresee(message.forecast ?? null);
    const isSnapshot = message.type === "snapshot";
    this.setHead({
      run: message.run ?? (isSnapshot ? null : this.head.run),
      receivedAt: message.run ? this.now() : this.head.receivedAt,
      stored: keepsOld ? this.head.stored : isSnapshot || isOtherRun ? message.stored : this.head.stored,
      worker: message.worker,
      connection: this.head.connection,
      cost: message.cost ?? this.head.cost,
    });
  }

  private replaceAll(nodes: Record<string, NodeState>): void {
    for (const id of [...this.states.keys()]) {
      if (!(id in nodes)) {
        this.states.delete(id);
        this.tell(id);
      }
    }
    for (const [id, state] of Object.entries(nodes)) this.put(id, state);
  }

  private put(id: string, state: NodeState): void {
    this.states.set(id, state);
    this.tell(id);
  }

  private tell(id: string): void {
    for (const listener of [...(this.listeners.get(id) ?? [])]) listener();
  }

  private setHead(head: LiveHead): void {
    this.head = head;
    for (const listener of [...this.headListeners]) listener();
  }
}

export function useNodeState(live: LiveStore, id: string): NodeState | undefined {
  return useSyncExternalStore(
    (listener) => live.subscribe(id, listener),
    () => live.node(id),
  );
}

export function useForecast(live: LiveStore, id: string): string {
  return useSyncExternalStore(
    (listener) => live.subscribe(id, listener),
    () => live.forecast(id),
  );
}

export function useLiveHead<S>(live: LiveStore, select: (head: LiveHead) => S): S {
  return useSyncExternalStore(live.subscribeHead, () => select(live.head));
}

export function isActive(run: RunState | null): boolean {
  return run?.status === "queued" || run?.status === "running";
}

/** Whether what was asked of the run is to be seen in its state. */
export function hasHappened(wish: string | null, run: RunState | null): boolean {
  if (wish === "pausing") return !isActive(run);
  if (wish === "cancelling") return !isActive(run) && run?.status !== "paused";
  return (wish === "resuming" || wish === "retrying") && isActive(run);
}
