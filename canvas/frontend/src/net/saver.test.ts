// Saving: once per edit, again until acknowledged, and never over another window's work.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chain } from "../rules/samples.test.help";
import { ApiError, type Client } from "./client";
import { Saver } from "./saver";

const send = vi.fn();
const make = () => new Saver({ send } as unknown as Client, "p", "e", 1, chain);
const revs = () => send.mock.calls.map((call) => (call[2] as { rev: number }).rev);
const lost = () => Promise.reject(new ApiError("The server does not answer.", 0, null));
const conflict = (rev: number, epoch = "e") => Promise.reject(new ApiError("Changed elsewhere.", 409, { message: "", epoch, rev }));

beforeEach(() => {
  vi.useFakeTimers();
  send.mockReset().mockImplementation((_m, _p, body: { rev: number }) => Promise.resolve({ rev: body.rev, problems: [] }));
});
afterEach(() => vi.useRealTimers());

describe("saver", () => {
  it("sends the newest of quick edits", async () => {
    const saver = make();
    for (let n = 0; n < 5; n++) saver.touch();
    await vi.advanceTimersByTimeAsync(200);
    expect(revs()).toEqual([6]);
    expect(saver.get().state).toEqual({ is: "saved", rev: 6 });
  });

  it("sends again every two seconds until it is acknowledged", async () => {
    const saver = make();
    send.mockImplementationOnce(lost).mockImplementationOnce(lost);
    saver.touch();
    await vi.advanceTimersByTimeAsync(300);
    expect(saver.get().state).toEqual({ is: "failing", why: "The server does not answer." });
    await vi.advanceTimersByTimeAsync(4200);
    expect(saver.get().state).toEqual({ is: "saved", rev: 2 });
    expect(send).toHaveBeenCalledTimes(3);
  });

  it("takes its own save, whose answer was lost, for saved", async () => {
    const saver = make();
    send.mockImplementationOnce(lost).mockImplementationOnce(() => conflict(2));
    saver.touch();
    await vi.advanceTimersByTimeAsync(2500);
    expect(saver.get().state).toEqual({ is: "saved", rev: 2 });
  });

  it("stops at a conflict until the user decides", async () => {
    const saver = make();
    send.mockImplementationOnce(() => conflict(9));
    saver.touch();
    await vi.advanceTimersByTimeAsync(300);
    saver.touch();
    await vi.advanceTimersByTimeAsync(9000);
    expect(send).toHaveBeenCalledTimes(1);
    expect(saver.get().state).toMatchObject({ is: "conflict", rev: 9 });
    saver.overrule();
    await vi.advanceTimersByTimeAsync(100);
    expect(revs()).toEqual([2, 10]);
    expect(saver.get().state).toEqual({ is: "saved", rev: 10 });
  });

  it("is flushed before a run, or says why not", async () => {
    const saver = make();
    saver.touch();
    const flushed = saver.flush();
    await vi.advanceTimersByTimeAsync(10);
    await expect(flushed).resolves.toBeUndefined();
    send.mockImplementationOnce(lost);
    saver.touch();
    const failed = expect(saver.flush()).rejects.toThrow("does not answer");
    await vi.advanceTimersByTimeAsync(10);
    await failed;
  });
});
