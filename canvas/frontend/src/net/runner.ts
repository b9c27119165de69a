// Starting runs and acting on them. One press starts one run, however often and over whatever connection it is sent.
import { Store } from "../store/store";
import type { Problem, RunStarted } from "../types";
import { ApiError, type Client, freshRequestId } from "./client";

export interface RunnerHead {
  busy: Busy | null;
}

/** What was asked for and is not seen yet. */
export type Busy = "starting" | keyof typeof WISHES;

/** What can be asked of a run, with the word that the server knows it by. */
const WISHES = { cancelling: "cancel", pausing: "pause", resuming: "resume", retrying: "retry" } as const;

const TRIES = 4;

export class Runner extends Store<RunnerHead> {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private client: Client) {
    super({ busy: null });
  }

  /** Ask for a run. Gives the problems that keep it from running. `busy` ends when `settled` is called. */
  async start(prepare: () => Promise<{ pipeline: string; rev: number | null }>): Promise<Problem[]> {
    if (this.get().busy) return [];
    this.busy("starting");
    try {
      const { pipeline, rev } = await prepare();
      const body = { request: freshRequestId(), rev, document: null };
      await this.sendAgain(`pipelines/${encodeURIComponent(pipeline)}/runs`, body);
      this.timer = setTimeout(() => this.settled(), 4000);
      return [];
    } catch (error) {
      this.settled();
      const problems = error instanceof ApiError ? (error.body as RunStarted | null)?.problems : null;
      if (problems?.length) return problems;
      throw error;
    }
  }

  async ask(wish: keyof typeof WISHES, run: string): Promise<void> {
    if (this.get().busy === wish) return;
    this.busy(wish);
    try {
      await this.client.send("POST", `runs/${encodeURIComponent(run)}/${WISHES[wish]}`, {});
      this.timer = setTimeout(() => this.settled(), 15_000);
    } catch (error) {
      this.settled();
      throw error;
    }
  }

  /** Ask a running step to finish now with what it has. */
  async stopEarly(run: string, node: string): Promise<void> {
    await this.client.send("POST", `runs/${encodeURIComponent(run)}/steps/${encodeURIComponent(node)}/stop`, {});
  }

  /** The live state shows what was asked for. */
  settled(): void {
    clearTimeout(this.timer);
    this.set({ busy: null });
  }

  private busy(busy: RunnerHead["busy"]): void {
    clearTimeout(this.timer);
    this.set({ busy });
  }

  /** The same request id every time: the server starts at most one run for it. */
  private async sendAgain(path: string, body: { request: string }): Promise<RunStarted> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.client.send<RunStarted>("POST", path, body);
      } catch (error) {
        if (!(error instanceof ApiError) || !error.isPassing || attempt === TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, 400 * attempt));
      }
    }
  }
}
