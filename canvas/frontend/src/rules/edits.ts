// Every way in which a document changes: each takes a document and gives the next. Pure.
import type { Blocks, Doc, DocNode, PortRef, Wire } from "../types";
import { freshId } from "./clipboard";
import type { Positions } from "./layout";
import { judgeWire, sameWire } from "./wires";

/** A document with one more node, and the id of it. Required choices without a default stay empty. */
export function addNode(doc: Doc, blocks: Blocks, block: string, position: [number, number]): [Doc, string] {
  const id = freshId(new Set(doc.nodes.map((node) => node.id)), block);
  const version = blocks.byId.get(block)?.version ?? 1;
  const node: DocNode = { id, block, version, title: null, params: {}, position };
  return [{ ...doc, nodes: [...doc.nodes, node] }, id];
}

/** A document with the wire, in place of the one it replaces; the same document when the wire does not fit. */
export function connect(doc: Doc, blocks: Blocks, from: PortRef, to: PortRef): Doc {
  const verdict = judgeWire(doc, blocks, from, to);
  if (!verdict.fits) return doc;
  const kept = doc.wires.filter((wire) => wire !== verdict.replaces);
  return { ...doc, wires: [...kept, { from: [from.node, from.port], to: [to.node, to.port] }] };
}

export function remove(doc: Doc, nodes: ReadonlySet<string>, wires: readonly Wire[] = []): Doc {
  const kept = doc.wires.filter(
    (wire) => !nodes.has(wire.from[0]) && !nodes.has(wire.to[0]) && !wires.some((gone) => sameWire(gone, wire)),
  );
  const keptNodes = doc.nodes.filter((node) => !nodes.has(node.id));
  if (kept.length === doc.wires.length && keptNodes.length === doc.nodes.length) return doc;
  return { ...doc, nodes: keptNodes, wires: kept };
}

export function place(doc: Doc, positions: Positions): Doc {
  const moved = (node: DocNode) => {
    const position = positions.get(node.id);
    return position && (position[0] !== node.position[0] || position[1] !== node.position[1]);
  };
  if (!doc.nodes.some(moved)) return doc;
  return {
    ...doc,
    nodes: doc.nodes.map((node) => (moved(node) ? { ...node, position: positions.get(node.id)! } : node)),
  };
}

export function nudge(doc: Doc, ids: ReadonlySet<string>, dx: number, dy: number): Doc {
  const positions: Positions = new Map();
  for (const { id, position } of doc.nodes) if (ids.has(id)) positions.set(id, [position[0] + dx, position[1] + dy]);
  return place(doc, positions);
}

/** Set one parameter; `undefined` takes it back to its default. */
export function setParam(doc: Doc, id: string, name: string, value: unknown): Doc {
  return changeNode(doc, id, (node) => {
    const { [name]: _old, ...rest } = node.params;
    return { ...node, params: value === undefined ? rest : { ...rest, [name]: value } };
  });
}

export function rename(doc: Doc, id: string, title: string): Doc {
  return changeNode(doc, id, (node) => ({ ...node, title: title.trim() ? title : null }));
}

export function changeNode(doc: Doc, id: string, change: (node: DocNode) => DocNode): Doc {
  return { ...doc, nodes: doc.nodes.map((node) => (node.id === id ? change(node) : node)) };
}
