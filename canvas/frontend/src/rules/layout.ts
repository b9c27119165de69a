// Tidy positions for a graph, left to right; and a free place for a new card. Pure.
import { graphlib, layout as dagre } from "@dagrejs/dagre";
import type { Blocks, Doc } from "../types";
import { CARD_WIDTH, cardSize } from "./sizes";

export type Positions = Map<string, [number, number]>;

/** Positions for all nodes, or for those in `only`; the latter keep their common top left corner. */
export function tidy(doc: Doc, blocks: Blocks, only?: ReadonlySet<string>): Positions {
  const nodes = doc.nodes.filter((node) => !only?.size || only.has(node.id));
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 32, ranksep: 64, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  const ids = new Set(nodes.map((node) => node.id));
  for (const node of nodes) {
    const { width, height } = cardSize(blocks.byId.get(node.block));
    graph.setNode(node.id, { width, height });
  }
  for (const wire of doc.wires) {
    if (ids.has(wire.from[0]) && ids.has(wire.to[0])) {
      graph.setEdge(wire.from[0], wire.to[0], {}, `${wire.from[1]}>${wire.to[1]}`);
    }
  }
  dagre(graph);
  const [left, top] = only?.size ? corner(nodes.map((node) => node.position)) : [0, 0];
  const placed = nodes.map((node) => {
    const { x, y, width, height } = graph.node(node.id) as { x: number; y: number; width: number; height: number };
    return [node.id, [x - width / 2, y - height / 2] as [number, number]] as const;
  });
  const [minX, minY] = corner(placed.map(([, position]) => position));
  return new Map(placed.map(([id, [x, y]]) => [id, [grid(x - minX + left), grid(y - minY + top)]]));
}

function corner(points: readonly (readonly [number, number])[]): [number, number] {
  if (!points.length) return [0, 0];
  return [Math.min(...points.map((p) => p[0])), Math.min(...points.map((p) => p[1]))];
}

export function grid(value: number): number {
  return Math.round(value / 8) * 8;
}

/** A place near `wanted` (a card's top left corner) where a card of this block covers no other. */
export function freePlace(doc: Doc, blocks: Blocks, block: string, wanted: [number, number]): [number, number] {
  const { height } = cardSize(blocks.byId.get(block));
  const taken = doc.nodes.map((node) => ({
    x: node.position[0],
    y: node.position[1],
    height: cardSize(blocks.byId.get(node.block)).height,
  }));
  const covers = (x: number, y: number) =>
    taken.some((t) => Math.abs(t.x - x) < CARD_WIDTH + 16 && y < t.y + t.height + 16 && t.y < y + height + 16);
  const stepX = CARD_WIDTH + 48;
  const stepY = height + 32;
  for (let ring = 0; ring < 12; ring++) {
    for (const [dx, dy] of ringOf(ring)) {
      const x = grid(wanted[0] + dx * stepX);
      const y = grid(wanted[1] + dy * stepY);
      if (!covers(x, y)) return [x, y];
    }
  }
  return [grid(wanted[0]), grid(wanted[1])];
}

/** Steps at distance `ring`, to the right and below first. */
function ringOf(ring: number): [number, number][] {
  const steps: [number, number][] = [];
  for (let dx = -ring; dx <= ring; dx++) {
    for (let dy = -ring; dy <= ring; dy++) {
      if (Math.max(Math.abs(dx), Math.abs(dy)) === ring) steps.push([dx, dy]);
    }
  }
  return steps.sort((a, b) => Math.abs(a[1]) - Math.abs(b[1]) || b[0] - a[0] || b[1] - a[1]);
}
