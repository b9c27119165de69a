// Long wires that would run behind a card go around it, on a lane above or below. Pure.
import type { Blocks, Doc, DocNode, Wire } from "../types";
import { CARD_WIDTH, cardSize, portOffset } from "./sizes";

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const CLEAR = 20;
const BETWEEN_LANES = 10;
const TURN = 36;

/** The height of the lane of every wire that needs one, by its place in the document. */
export function lanes(doc: Doc, blocks: Blocks): Map<Wire, number> {
  const nodes = new Map(doc.nodes.map((node) => [node.id, node]));
  const boxes = new Map(doc.nodes.map((node) => [node.id, boxOf(node, blocks)]));
  const found = new Map<Wire, number>();
  const used: { y: number; left: number; right: number }[] = [];
  for (const wire of doc.wires) {
    const [source, target] = [nodes.get(wire.from[0]), nodes.get(wire.to[0])];
    if (!source || !target) continue;
    const from = { x: source.position[0] + CARD_WIDTH, y: portY(source, wire.from[1], "outputs", blocks) };
    const to = { x: target.position[0], y: portY(target, wire.to[1], "inputs", blocks) };
    if (to.x - from.x < CARD_WIDTH) continue;
    const between = [...boxes].filter(([id, box]) => {
      return id !== source.id && id !== target.id && box.right > from.x && box.left < to.x;
    });
    const others = between.map(([, box]) => box);
    if (!others.some((box) => crosses(box, from, to))) continue;
    const y = freeLane(others, from.y, to.y, (lane) => isUsed(used, lane, from.x, to.x));
    used.push({ y, left: from.x, right: to.x });
    found.set(wire, y);
  }
  return found;
}

function boxOf(node: DocNode, blocks: Blocks): Box {
  const [left, top] = node.position;
  const { width, height } = cardSize(blocks.byId.get(node.block));
  return { left, right: left + width, top: top - CLEAR, bottom: top + height + CLEAR };
}

function portY(node: DocNode, port: string, side: "inputs" | "outputs", blocks: Blocks): number {
  const ports = blocks.byId.get(node.block)?.[side] ?? [];
  return node.position[1] + portOffset(Math.max(0, ports.findIndex((p) => p.name === port)));
}

/** Whether the straight line passes through the box. */
function crosses(box: Box, from: { x: number; y: number }, to: { x: number; y: number }): boolean {
  const at = (x: number) => from.y + ((to.y - from.y) * (x - from.x)) / (to.x - from.x);
  const [first, last] = [at(Math.max(box.left, from.x)), at(Math.min(box.right, to.x))];
  return Math.max(first, last) > box.top && Math.min(first, last) < box.bottom;
}

/** The nearest height, above or below, that is clear of all boxes and of other lanes. */
function freeLane(boxes: Box[], fromY: number, toY: number, isTaken: (y: number) => boolean): number {
  const clear = (start: number, step: number) => {
    let y = start;
    for (let tries = 0; tries < 200; tries++) {
      const hit = boxes.find((box) => y > box.top && y < box.bottom);
      if (hit) y = step > 0 ? hit.bottom : hit.top;
      else if (isTaken(y)) y += step * BETWEEN_LANES;
      else break;
    }
    return y;
  };
  const below = clear(Math.max(fromY, toY), 1);
  const above = clear(Math.min(fromY, toY), -1);
  const cost = (y: number) => Math.abs(y - fromY) + Math.abs(y - toY);
  return cost(below) <= cost(above) ? below : above;
}

function isUsed(used: { y: number; left: number; right: number }[], y: number, left: number, right: number): boolean {
  return used.some((lane) => Math.abs(lane.y - y) < BETWEEN_LANES && lane.left < right && lane.right > left);
}

/** The path of a wire along a lane, and its middle. */
export function lanePath(sx: number, sy: number, tx: number, ty: number, y: number): [string, number, number] {
  const [a, b] = [sx + TURN * 1.4, tx - TURN * 1.4];
  const path =
    `M${sx} ${sy} C${sx + TURN} ${sy} ${sx + TURN * 0.3} ${y} ${a} ${y} ` +
    `L${b} ${y} C${tx - TURN * 0.3} ${y} ${tx - TURN} ${ty} ${tx} ${ty}`;
  return [path, (a + b) / 2, y];
}
