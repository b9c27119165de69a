import { describe, expect, it } from "vitest";
import type { Cost } from "../types";
import { costTitle, costWords, timeLeft } from "./cost";

const cost = (change: Partial<Cost>): Cost => ({
  seconds: 34, low: 34, high: 34, memory: 512e6, disk: 2_000_000, steps: { a: 30, b: 4 }, unknown: [], basis: "A: measured here before", ...change,
});

describe("the cost of a run in words", () => {
  const cases: [string, Partial<Cost>, string][] = [
    ["all known", {}, "about 34 s · 0.5 GB"],
    ["no memory known", { memory: null }, "about 34 s"],
    ["one step unknown", { steps: { a: 34, b: null }, unknown: ["b"] }, "at least 34 s · 0.5 GB"],
    ["nothing known", { seconds: null, low: null, high: null, memory: null, steps: { a: null }, unknown: ["a"] }, "time unknown until it has run once"],
    ["the rest is reused", { seconds: 0, memory: null, steps: { a: 0, b: null }, unknown: ["b"] }, "time unknown until it has run once"],
    ["all reused", { seconds: 0, memory: null }, ""],
  ];
  it.each(cases)("%s", (_, change, words) => expect(costWords(cost(change))).toBe(words));

  it("the title says the range and what it is based on", () => {
    expect(costTitle(cost({ low: 30, high: 40 }))).toBe(
      "Between 30 s and 40 s.\nMemory in use at its peak: 0.5 GB.\nDisk: 2.0 MB.\nA: measured here before.",
    );
  });

  it("the time left", () => expect([timeLeft(61), timeLeft(null)]).toEqual(["1 min 01 s left", ""]));
});
