// Controls of a run: what was asked for, when that is seen, and what a card says meanwhile.
import { afterEach, describe, expect, it, vi } from "vitest";
import { Client } from "../net/client";
import { Runner } from "../net/runner";
import type { NodeState, RunState, RunStatus } from "../types";
import { shownStatus } from "../view/card/StatusPill";
import { hasHappened } from "./live";

const run = (status: RunStatus): RunState => ({ run: "r1", number: 1, status, message: "", seconds: 1, fraction: 0 }) as RunState;

describe("hasHappened", () => {
  const ALL: RunStatus[] = ["queued", "running", "paused", "done", "failed", "cancelled"];
  it.each([
    ["pausing", ["paused", "done", "failed", "cancelled"]],
    ["cancelling", ["done", "failed", "cancelled"]],
    ["resuming", ["queued", "running"]],
    ["retrying", ["queued", "running"]],
    [null, []],
  ])("%s", (wish, statuses) => {
    expect(ALL.filter((status) => hasHappened(wish, run(status)))).toEqual(statuses);
  });
});

describe("a card in a paused run", () => {
  const state = (status: NodeState["status"]) => ({ status, reason: "" }) as NodeState;
  it("says that it is paused and not that it waits for its turn", () => {
    expect(shownStatus(state("queued"), "", true)).toBe("paused");
    expect(shownStatus(state("queued"), "", false)).toBe("queued");
  });
  it("keeps what has ended", () => {
    expect(shownStatus(state("done"), "", true)).toBe("done");
    expect(shownStatus(state("failed"), "", true)).toBe("failed");
  });
});

describe("the runner", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("asks once for each wish, at the address of the run, and is busy until it is seen", async () => {
    const sent: string[] = [];
    vi.stubGlobal("document", { baseURI: "http://here/" });
    vi.stubGlobal("fetch", async (url: URL, { method }: { method: string }) => {
      sent.push(`${method} ${url.pathname}`);
      return { status: 200, text: async () => "{}" };
    });
    const runner = new Runner(new Client("api"));
    for (const wish of ["pausing", "resuming", "cancelling", "retrying"] as const) {
      await Promise.all([runner.ask(wish, "r 1"), runner.ask(wish, "r 1")]);
      expect(runner.get().busy).toBe(wish);
      runner.settled();
      expect(runner.get().busy).toBe(null);
    }
    await runner.stopEarly("r 1", "a/b");
    const words = ["pause", "resume", "cancel", "retry", "steps/a%2Fb/stop"];
    expect(sent).toEqual(words.map((word) => `POST /api/runs/r%201/${word}`));
  });
});
