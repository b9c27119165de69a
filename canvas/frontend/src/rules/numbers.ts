// Reading numbers as people type them, steps of a stepper, and the scale of a slider. Pure.
import type { FieldSpec } from "../types";

/** A number; null for nothing; the text itself where it is no number. */
export function parseNumber(text: string): number | string | null {
  const plain = text.trim().replaceAll(/[\s_]/g, "").replace(/^([+-]?\d+),(\d+)$/, "$1.$2").replace("−", "-");
  if (!plain) return null;
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) && Number.isFinite(Number(plain));
  return isNumber ? Number(plain) : text;
}

/** How far one press of the stepper goes: the declared step, or one in the second digit of the value. */
export function stepOf(field: FieldSpec, value: unknown): number {
  if (field.step) return field.step;
  if (field.widget === "integer") return 1;
  const size = typeof value === "number" && value !== 0 ? Math.abs(value) : (field.maximum ?? 1) / 10;
  return 10 ** (Math.floor(Math.log10(size)) - 1);
}

export interface Slider {
  low: number;
  high: number;
  stops: number;
  isLog: boolean;
  isWhole: boolean;
  step: number | null;
}

const MOST_STOPS = 200;
const TOO_WIDE = 100_000;

/** The slider for a field with two finite and sensible bounds, else null. Wide ranges go by powers. */
export function sliderOf(field: FieldSpec): Slider | null {
  const { minimum: low, maximum: high } = field;
  if (low === null || high === null || high <= low || field.exclusive_minimum) return null;
  const isWhole = field.widget === "integer";
  const isLog = low > 0 && high / low >= 100;
  if (isLog ? high / low > TOO_WIDE : high - low > TOO_WIDE) return null;
  if (isLog) return { low, high, stops: MOST_STOPS, isLog, isWhole, step: null };
  const step = field.step ?? (isWhole ? 1 : null);
  const exact = step ? (high - low) / step : MOST_STOPS;
  return { low, high, stops: exact <= 1000 ? Math.max(1, Math.round(exact)) : MOST_STOPS, isLog, isWhole, step };
}

export function toSlider(slider: Slider, value: number): number {
  const { low, high, stops, isLog } = slider;
  const kept = Math.min(high, Math.max(low, value));
  const part = isLog ? Math.log(kept / low) / Math.log(high / low) : (kept - low) / (high - low);
  return Math.round(part * stops);
}

export function fromSlider(slider: Slider, at: number): number {
  const { low, high, stops, isLog, isWhole, step } = slider;
  if (at <= 0) return low;
  if (at >= stops) return high;
  const part = at / stops;
  const raw = isLog ? low * (high / low) ** part : low + part * (high - low);
  if (isWhole && !isLog) return Math.round(raw);
  const rounded = isLog ? Number(raw.toPrecision(2)) : Number(step ? (low + Math.round((raw - low) / step) * step).toPrecision(12) : raw.toPrecision(4));
  return Math.min(high, Math.max(low, isWhole ? Math.round(rounded) : rounded));
}
