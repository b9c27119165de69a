// Nodes as text on the clipboard, and back, with fresh ids. Pure.
import type { Blocks, Doc, DocNode, Wire } from "../types";

const MARK = "genloom/nodes@1";

export interface Clip {
  mark: typeof MARK;
  nodes: DocNode[];
  wires: Wire[];
}

/** The chosen nodes and the wires among them, as text. */
export function toClip(doc: Doc, ids: ReadonlySet<string>): string {
  const nodes = doc.nodes.filter((node) => ids.has(node.id));
  const wires = doc.wires.filter((wire) => ids.has(wire.from[0]) && ids.has(wire.to[0]));
  return JSON.stringify({ mark: MARK, nodes, wires } satisfies Clip);
}

/** The clip in a text, or null when the text is something else. */
export function readClip(text: string): Clip | null {
  if (!text.includes(MARK)) return null;
  try {
    const clip = JSON.parse(text) as Partial<Clip>;
    const sound =
      clip.mark === MARK && Array.isArray(clip.nodes) && Array.isArray(clip.wires) &&
      clip.nodes.every(isNode) && clip.wires.every(isWire);
    return sound ? (clip as Clip) : null;
  } catch {
    return null;
  }
}

function isNode(node: unknown): boolean {
  const n = node as Partial<DocNode> | null;
  return (
    typeof n?.id === "string" && typeof n.block === "string" && typeof n.params === "object" && n.params !== null &&
    Array.isArray(n.position) && n.position.length === 2 && n.position.every((x) => Number.isFinite(x))
  );
}

function isWire(wire: unknown): boolean {
  const w = wire as Partial<Wire> | null;
  const isEnd = (end: unknown) =>
    Array.isArray(end) && end.length === 2 && end.every((part) => typeof part === "string");
  return isEnd(w?.from) && isEnd(w?.to);
}

/** A document with the clip added, moved by `shift`; and the ids of what was added. */
export function pasteClip(
  doc: Doc, blocks: Blocks, clip: Clip, shift: [number, number],
): { doc: Doc; added: string[]; unknown: string[] } {
  const taken = new Set(doc.nodes.map((node) => node.id));
  const renamed = new Map<string, string>();
  for (const node of clip.nodes) {
    const id = freshId(taken, node.block);
    taken.add(id);
    renamed.set(node.id, id);
  }
  const nodes = clip.nodes.map((node) => ({
    id: renamed.get(node.id)!,
    block: node.block,
    version: node.version ?? 1,
    title: node.title ?? null,
    params: { ...node.params },
    position: [node.position[0] + shift[0], node.position[1] + shift[1]] as [number, number],
  }));
  const wires = clip.wires
    .filter((wire) => renamed.has(wire.from[0]) && renamed.has(wire.to[0]))
    .map(({ from, to }): Wire => ({ from: [renamed.get(from[0])!, from[1]], to: [renamed.get(to[0])!, to[1]] }));
  const unknown = [...new Set(clip.nodes.map((n) => n.block).filter((block) => !blocks.byId.has(block)))];
  return {
    doc: { ...doc, nodes: [...doc.nodes, ...nodes], wires: [...doc.wires, ...wires] },
    added: nodes.map((node) => node.id),
    unknown,
  };
}

/** A short id that reads like the block: "vae", then "vae_2". */
export function freshId(taken: ReadonlySet<string>, block: string): string {
  const base = block.split(".").pop() || "node";
  if (!taken.has(base)) return base;
  let number = 2;
  while (taken.has(`${base}_${number}`)) number++;
  return `${base}_${number}`;
}
