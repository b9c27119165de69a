// What a run would take, in words. Pure.
import type { Cost } from "../types";
import { bytes, count, duration } from "./format";

/** "about 34 s · 0.5 GB"; "" where there is nothing to run. */
export function costWords(cost: Cost): string {
  const known = Object.keys(cost.steps).length - cost.unknown.length;
  if (cost.unknown.length && !cost.seconds) return "time unknown until it has run once";
  if (!known || !cost.seconds) return "";
  const time = cost.unknown.length ? `at least ${duration(cost.seconds)}` : `about ${duration(cost.seconds)}`;
  return cost.memory ? `${time} · ${size(cost.memory)}` : time;
}

/** The range, memory, disk, and what the figures are based on. */
export function costTitle(cost: Cost): string {
  const lines = [];
  if (cost.seconds && cost.low !== null && cost.high !== null && duration(cost.low) !== duration(cost.high)) {
    lines.push(`Between ${duration(cost.low)} and ${duration(cost.high)}.`);
  }
  if (cost.memory) lines.push(`Memory in use at its peak: ${size(cost.memory)}.`);
  if (cost.disk) lines.push(`Disk: ${size(cost.disk)}.`);
  if (cost.unknown.length) lines.push(`${count(cost.unknown.length, "block")} not counted.`);
  if (cost.basis) lines.push(`${cost.basis}.`);
  return lines.join("\n");
}

/** "12 s left", or "" where it is unknown. */
export function timeLeft(seconds: number | null): string {
  return seconds === null ? "" : `${duration(seconds)} left`;
}

function size(amount: number): string {
  return amount >= 1e8 ? `${(amount / 1e9).toFixed(1)} GB` : bytes(amount);
}
