// Saves the document after every edit, and again every two seconds until the server has it.
import { Store } from "../store/store";
import type { Conflict, Doc, Problem, Saved } from "../types";
import { ApiError, type Client } from "./client";

export type SaveState =
  | { is: "saved"; rev: number }
  | { is: "saving" }
  | { is: "failing"; why: string }
  | { is: "conflict"; why: string; epoch: string; rev: number };

export interface SaveHead {
  state: SaveState;
  problems: Problem[];
  /** The document that the problems are about. */
  checked: Doc | null;
}

const WAIT_MS = 120;
const RESEND_MS = 2000;

interface Waiter {
  rev: number;
  done: () => void;
  fail: (error: Error) => void;
}

export class Saver extends Store<SaveHead> {
  rev: number;
  private acked: number;
  private sending = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private waiters: Waiter[] = [];
  /** Told of every answer. */
  onSaved: (saved: Saved) => void = () => undefined;
  private lostAnswer = -1; // a revision that was sent and never answered: it may have arrived

  constructor(
    private client: Client,
    public pipeline: string,
    public epoch: string,
    rev: number,
    private read: () => Doc,
  ) {
    super({ state: { is: "saved", rev }, problems: [], checked: null });
    this.rev = this.acked = rev;
  }

  get isDirty(): boolean {
    return this.acked < this.rev;
  }

  /** The document has changed. */
  touch(): void {
    this.rev++;
    if (this.get().state.is === "conflict") return;
    if (this.get().state.is === "saved") this.set({ state: { is: "saving" } });
    this.schedule(WAIT_MS);
  }

  /** Be saved now. Rejects with the reason when the next attempt fails. */
  flush(): Promise<void> {
    const state = this.get().state;
    if (!this.isDirty) return Promise.resolve();
    if (state.is === "conflict") return Promise.reject(new Error(state.why));
    return new Promise((done, fail) => {
      this.waiters.push({ rev: this.rev, done, fail });
      this.schedule(0);
    });
  }

  /** The page is closing: send what is unsaved, as far as the browser allows. */
  sendLast(): void {
    if (!this.isDirty || this.get().state.is === "conflict") return;
    this.put(true).catch(() => undefined);
  }

  /** After a conflict: make this browser's document the newest. */
  overrule(): void {
    const state = this.get().state;
    if (state.is !== "conflict") return;
    this.epoch = state.epoch;
    this.rev = Math.max(this.rev, state.rev + 1);
    this.acked = state.rev;
    this.set({ state: { is: "saving" } });
    this.schedule(0);
  }

  /** Go on as another pipeline that holds `sent` at `rev`: the copy of a template. */
  adopt(pipeline: string, epoch: string, rev: number, holdsAll: boolean): void {
    Object.assign(this, { pipeline, epoch, lostAnswer: -1 });
    this.acked = rev;
    this.rev = holdsAll ? rev : rev + 1;
    this.set({ state: holdsAll ? { is: "saved", rev } : { is: "saving" } });
    if (!holdsAll) this.schedule(0);
  }

  private schedule(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.attempt(), wait);
  }

  private async attempt(): Promise<void> {
    if (this.sending || !this.isDirty) return;
    this.sending = true;
    const [rev, doc] = [this.rev, this.read()];
    try {
      const saved = await this.put(false);
      this.acknowledge(rev, doc, saved.problems);
      this.onSaved(saved);
    } catch (error) {
      this.failed(rev, doc, error);
    } finally {
      this.sending = false;
      const state = this.get().state.is;
      if (this.isDirty && state !== "conflict") this.schedule(state === "failing" ? RESEND_MS : WAIT_MS);
    }
  }

  private put(keepalive: boolean): Promise<Saved> {
    const path = `pipelines/${encodeURIComponent(this.pipeline)}/draft`;
    const body = { epoch: this.epoch, rev: this.rev, document: this.read() };
    return this.client.send<Saved>("PUT", path, body, keepalive);
  }

  private acknowledge(rev: number, doc: Doc, problems: Problem[]): void {
    this.acked = Math.max(this.acked, rev);
    this.set({ state: this.isDirty ? { is: "saving" } : { is: "saved", rev }, problems, checked: doc });
    const done = this.waiters.filter((waiter) => waiter.rev <= rev);
    this.waiters = this.waiters.filter((waiter) => waiter.rev > rev);
    for (const waiter of done) waiter.done();
  }

  private failed(rev: number, doc: Doc, error: unknown): void {
    const refusal = error instanceof ApiError ? error : new ApiError(String(error), 0, null);
    const conflict = refusal.status === 409 ? (refusal.body as Conflict) : null;
    if (conflict && conflict.epoch === this.epoch && conflict.rev === rev && rev === this.lostAnswer) {
      return this.acknowledge(rev, doc, this.get().problems);
    }
    if (refusal.status === 0) this.lostAnswer = rev;
    const why = refusal.message;
    this.set({
      state: conflict ? { is: "conflict", why, epoch: conflict.epoch, rev: conflict.rev } : { is: "failing", why },
    });
    const failed = this.waiters;
    this.waiters = [];
    for (const waiter of failed) waiter.fail(new Error(why));
  }
}
