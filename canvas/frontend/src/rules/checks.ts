// What is wrong with a parameter's value, in the same words as the server (`nodes/params.py`). Pure.
import type { FieldSpec } from "../types";

/** The complaint about `value`, or null. `undefined` means that the default holds. */
export function checkField(field: FieldSpec, value: unknown): string | null {
  if (value === undefined || (value === null && field.default === null && !field.required)) {
    return field.required && value === undefined ? needed(field) : null;
  }
  if (value === null) {
    if (field.nullable) return null;
    if (field.widget === "choice") return checkChoice(field, value);
    return field.required ? needed(field) : wrongType(field, value);
  }
  switch (field.widget) {
    case "integer":
    case "number":
      return checkNumber(field, value);
    case "switch":
      return typeof value === "boolean" ? null : wrongType(field, value);
    case "text":
      return typeof value === "string" ? null : wrongType(field, value);
    case "choice":
      return checkChoice(field, value);
    case "budget":
      return checkBudget(field, value);
    case "upload":
      return hasHash(value) ? null : needed(field);
  }
}

function needed(field: FieldSpec): string {
  return `${field.title} is needed. ${field.description}`;
}

function wrongType(field: FieldSpec, value: unknown): string {
  const wanted: Record<string, string> = {
    integer: "a whole number",
    number: "a number",
    switch: "true or false",
    text: "text",
  };
  return `${field.title} must be ${wanted[field.widget] ?? "given"}, but is ${shown(value)}.`;
}

function checkNumber(field: FieldSpec, value: unknown): string | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return wrongType(field, value);
  if (field.widget === "integer" && !Number.isInteger(value)) return wrongType(field, value);
  const unit = field.unit ? ` ${field.unit}` : "";
  const { minimum, maximum } = field;
  if (minimum !== null && field.exclusive_minimum && value <= minimum) {
    return `${field.title} must be more than ${short(minimum)}${unit}, but is ${shown(value)}.`;
  }
  if (minimum !== null && !field.exclusive_minimum && value < minimum) {
    return `${field.title} must be at least ${short(minimum)}${unit}, but is ${shown(value)}.`;
  }
  if (maximum !== null && value > maximum) {
    return `${field.title} must be at most ${short(maximum)}${unit}, but is ${shown(value)}.`;
  }
  return null;
}

function checkChoice(field: FieldSpec, value: unknown): string | null {
  const values = (field.choices ?? []).map((choice) => choice.value);
  if (values.includes(value)) return null;
  const quoted = values.map((item) => (typeof item === "string" ? `'${item}'` : String(item)));
  const expected =
    quoted.length > 1 ? `${quoted.slice(0, -1).join(", ")} or ${quoted[quoted.length - 1]}` : quoted.join("");
  return `${field.title} must be one of ${expected}, but is ${shown(value)}.`;
}

const BUDGET_LIMITS: Record<string, number> = { seconds: 864_000, steps: 100_000_000, epochs: 1_000_000 };

function checkBudget(field: FieldSpec, value: unknown): string | null {
  const entries = isRecord(value) ? Object.entries(value).filter(([, amount]) => amount !== null) : [];
  const [unit, amount] = entries[0] ?? [];
  if (entries.length !== 1 || !unit || !(unit in BUDGET_LIMITS)) {
    return `${field.title}: give exactly one of seconds, steps or epochs.`;
  }
  const name = `${field.title}: ${unit}`;
  const kind = unit === "steps" ? "a whole number" : "a number";
  const isNumber = typeof amount === "number" && Number.isFinite(amount);
  if (!isNumber || (unit === "steps" && !Number.isInteger(amount))) {
    return `${name} must be ${kind}, but is ${shown(amount)}.`;
  }
  if (unit === "steps" && amount < 1) return `${name} must be at least 1, but is ${shown(amount)}.`;
  if (amount <= 0) return `${name} must be more than 0, but is ${shown(amount)}.`;
  const most = BUDGET_LIMITS[unit]!;
  return amount > most ? `${name} must be at most ${short(most)}, but is ${shown(amount)}.` : null;
}

function hasHash(value: unknown): boolean {
  return isRecord(value) && typeof value.hash === "string" && /^[0-9a-f]{64}$/.test(value.hash);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A number as Python's `:g` writes it: six digits, exponent only where it is shorter. */
export function short(value: number): string {
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(6));
  const exponent = Math.floor(Math.log10(Math.abs(rounded)));
  if (exponent >= -4 && exponent < 6) return String(rounded);
  const [digits, power] = rounded.toExponential().split("e") as [string, string];
  return `${digits}e${power[0]}${power.slice(1).padStart(2, "0")}`;
}

/** A given value as short text. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (typeof value === "number" && !Number.isFinite(value)) return "not a finite number";
  const text = typeof value === "string" ? value : typeof value === "number" ? String(value) : JSON.stringify(value);
  const cut = text.length <= 60 ? text : `${text.slice(0, 57)}…`;
  return typeof value === "string" ? `“${cut}”` : cut;
}

/** Whether two JSON values are equal. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => sameValue(x, b[i]));
  if (!isRecord(a) || !isRecord(b)) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => sameValue(a[name] ?? null, b[name] ?? null));
}

/** Whether the form shows this field, given the other values. */
export function isShown(field: FieldSpec, valueOf: (name: string) => unknown): boolean {
  return Object.entries(field.shown_when ?? {}).every(([name, wanted]) =>
    Array.isArray(wanted) ? wanted.some((item) => sameValue(item, valueOf(name))) : sameValue(wanted, valueOf(name)),
  );
}
