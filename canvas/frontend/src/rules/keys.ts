// A short text per node that changes when its parameters, inputs or seed do. Equal to `canvas/keys.py`. Pure.
import type { BlockSpec, Blocks, Doc, DocNode } from "../types";

/** The server's keys are compared only when they carry this mark. */
export const MARK = "c1:";
const LOOP = "loop";
const ownTexts = new WeakMap<DocNode, { spec: BlockSpec | undefined; seed: number; text: string }>();

/** The key of every node; a document's keys are computed once. */
export function nodeKeys(doc: Doc, blocks: Blocks): Map<string, string> {
  const nodes = new Map(doc.nodes.map((node) => [node.id, node]));
  const sources = new Map<string, { port: string; from: string; out: string }[]>();
  for (const wire of doc.wires) {
    if (!nodes.has(wire.to[0]) || !nodes.has(wire.from[0])) continue;
    const list = sources.get(wire.to[0]) ?? [];
    list.push({ port: wire.to[1], from: wire.from[0], out: wire.from[1] });
    sources.set(wire.to[0], list);
  }
  const keys = new Map<string, string>();
  const open = new Set<string>();
  const visit = (id: string): string => {
    const known = keys.get(id);
    if (known !== undefined) return known;
    if (open.has(id)) return LOOP;
    open.add(id);
    const inputs = (sources.get(id) ?? []).map((s) => `${s.port}<${visit(s.from)}.${s.out}`).sort(byCode);
    const node = nodes.get(id)!;
    const key = hash(`${ownText(node, blocks.byId.get(node.block), doc.seed)}|${inputs.join(",")}`);
    keys.set(id, key);
    return key;
  };
  for (const id of nodes.keys()) visit(id);
  return keys;
}

function ownText(node: DocNode, spec: BlockSpec | undefined, seed: number): string {
  const known = ownTexts.get(node);
  if (known && known.spec === spec && known.seed === seed) return known.text;
  const fields = spec?.fields ?? [];
  const params = { ...Object.fromEntries(fields.map((field) => [field.name, field.default])), ...node.params };
  const parts = [node.block, canonical(node.version), canonical(params)];
  if (fields.some((field) => field.name === "seed")) parts.push(canonical(seed));
  const text = parts.join("|");
  ownTexts.set(node, { spec, seed, text });
  return text;
}

/** A value as text that Python and JavaScript write alike; numbers by their bits. */
export function canonical(value: unknown): string {
  if (value === null || value === undefined) return "n";
  if (typeof value === "boolean") return value ? "t" : "f";
  if (typeof value === "number") return `d${bits(value)}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object") {
    const shown = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
    shown.sort(([a], [b]) => byCode(a, b));
    return `{${shown.map(([name, item]) => `${name}:${canonical(item)}`).join(",")}}`;
  }
  const text = String(value);
  return `s${encoder.encode(text).length}:${text}`;
}

function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const encoder = new TextEncoder();
const view = new DataView(new ArrayBuffer(8));

function bits(value: number): string {
  view.setFloat64(0, value || 0);
  return hex(view.getUint32(0)) + hex(view.getUint32(4));
}

/** Two 32-bit FNV-1a sums over UTF-8, as 16 hexadecimal digits behind the mark. */
export function hash(text: string): string {
  let first = 0x811c9dc5;
  let second = 0x9747b28c;
  for (const byte of encoder.encode(text)) {
    first = Math.imul(first ^ byte, 0x01000193);
    second = Math.imul(second ^ byte, 0x01000193);
  }
  return MARK + hex(first >>> 0) + hex(second >>> 0);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
