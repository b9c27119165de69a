// Which wire fits, and why not, in words. Pure.
import type { BlockSpec, Blocks, Doc, DocNode, InputSpec, OutputSpec, PortRef, Wire } from "../types";

export type Verdict = { fits: true; replaces: Wire | null } | { fits: false; why: string };

/** Whether a value of kind `output` may enter an input of kind `input`. */
export function kindFits(blocks: Blocks, output: string, input: string): boolean {
  return output === input || (blocks.kinds[output]?.is.includes(input) ?? false);
}

export function kindTitle(blocks: Blocks, kind: string): string {
  return blocks.kinds[kind]?.title ?? kind;
}

export function titleOf(blocks: Blocks, node: DocNode): string {
  return node.title || blocks.byId.get(node.block)?.title || node.block;
}

export function sameWire(a: Wire, b: Wire): boolean {
  return a.from[0] === b.from[0] && a.from[1] === b.from[1] && a.to[0] === b.to[0] && a.to[1] === b.to[1];
}

/** Judge a wire from an output to an input. */
export function judgeWire(doc: Doc, blocks: Blocks, from: PortRef, to: PortRef): Verdict {
  const source = doc.nodes.find((node) => node.id === from.node);
  const target = doc.nodes.find((node) => node.id === to.node);
  if (!source || !target) return refuse("One end of this wire is not on the canvas.");
  const output = blocks.byId.get(source.block)?.outputs.find((port) => port.name === from.port);
  const input = blocks.byId.get(target.block)?.inputs.find((port) => port.name === to.port);
  if (!output || !input) return refuse("This block has no such port any more.");
  if (source.id === target.id) return refuse(`“${titleOf(blocks, source)}” cannot feed itself.`);
  const wire: Wire = { from: [from.node, from.port], to: [to.node, to.port] };
  if (doc.wires.some((other) => sameWire(other, wire))) return refuse("These two ports are wired already.");
  if (!kindFits(blocks, output.kind, input.kind)) return refuse(whyKinds(blocks, output, input));
  if (reaches(doc, target.id, source.id)) {
    return refuse(
      `This wire would close a loop: “${titleOf(blocks, target)}” already feeds “${titleOf(blocks, source)}”.`,
    );
  }
  const taken = doc.wires.find((other) => other.to[0] === to.node && other.to[1] === to.port);
  return { fits: true, replaces: input.multiple ? null : (taken ?? null) };
}

function refuse(why: string): Verdict {
  return { fits: false, why };
}

function whyKinds(blocks: Blocks, output: OutputSpec, input: InputSpec): string {
  const refused = `${kindTitle(blocks, output.kind)} cannot feed ${kindTitle(blocks, input.kind)}.`;
  const helper = blockBetween(blocks, output.kind, input.kind);
  if (helper) return `${refused} Put ${article(helper.title)} “${helper.title}” block between.`;
  const makers = blocks.list.filter((block) => block.outputs.some((port) => kindFits(blocks, port.kind, input.kind)));
  if (!makers.length) return `${refused} No block here makes ${kindTitle(blocks, input.kind)}.`;
  const names = makers.slice(0, 3).map((block) => `“${block.title}”`);
  return `${refused} ${kindTitle(blocks, input.kind)} come from ${joinWords(names, "or")}.`;
}

function article(title: string): string {
  return /^[aeiou]/i.test(title) ? "an" : "a";
}

export function joinWords(words: string[], last: string): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words[words.length - 1]}`;
}

/** A block that turns one kind into another; the one with the fewest further needs. */
export function blockBetween(blocks: Blocks, from: string, to: string): BlockSpec | null {
  const able = blocks.list.filter(
    (block) =>
      block.inputs.some((port) => kindFits(blocks, from, port.kind)) &&
      block.outputs.some((port) => kindFits(blocks, port.kind, to)),
  );
  const needs = (block: BlockSpec) => block.inputs.filter((port) => !port.optional).length;
  return able.sort((a, b) => needs(a) - needs(b))[0] ?? null;
}

/** Whether wires lead from one node to another. */
export function reaches(doc: Doc, from: string, to: string): boolean {
  const next = new Map<string, string[]>();
  for (const wire of doc.wires) next.set(wire.from[0], [...(next.get(wire.from[0]) ?? []), wire.to[0]]);
  const seen = new Set<string>();
  const open = [from];
  while (open.length) {
    const id = open.pop()!;
    if (id === to) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    open.push(...(next.get(id) ?? []));
  }
  return false;
}

/** The port of a fresh `block` that a wire held at `held` should end at, or null. */
export function portFor(blocks: Blocks, block: BlockSpec, kind: string, heldIs: "source" | "target"): string | null {
  const ports =
    heldIs === "source"
      ? block.inputs.filter((port) => kindFits(blocks, kind, port.kind))
      : block.outputs.filter((port) => kindFits(blocks, port.kind, kind));
  return ports.find((port) => port.kind === kind)?.name ?? ports[0]?.name ?? null;
}
