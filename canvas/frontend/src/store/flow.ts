// React Flow's nodes and edges, made from the document; unchanged ones keep their identity. Pure.
import type { Edge, Node } from "@xyflow/react";
import { cardSize } from "../rules/sizes";
import { kindTitle } from "../rules/wires";
import type { Blocks, Doc, DocNode, Wire } from "../types";

export type FlowNode = Node<Record<string, never>, "block">;
export type FlowEdge = Edge<{ wire: Wire; colour: string }, "wire">;

const NO_DATA: Record<string, never> = {};

export function wireId(wire: Wire): string {
  return `${wire.from.join(".")}>${wire.to.join(".")}`;
}

export function flowNodes(doc: Doc, blocks: Blocks, before: FlowNode[], selected?: ReadonlySet<string>): FlowNode[] {
  const known = new Map(before.map((node) => [node.id, node]));
  return doc.nodes.map((node) => {
    const old = known.get(node.id);
    const isSelected = selected ? selected.has(node.id) : (old?.selected ?? false);
    if (!old) return freshNode(node, blocks, isSelected);
    const stays = old.position.x === node.position[0] && old.position.y === node.position[1];
    if (stays && (old.selected ?? false) === isSelected) return old;
    return { ...old, selected: isSelected, position: { x: node.position[0], y: node.position[1] } };
  });
}

function freshNode(node: DocNode, blocks: Blocks, selected: boolean): FlowNode {
  const { width, height } = cardSize(blocks.byId.get(node.block));
  const position = { x: node.position[0], y: node.position[1] };
  return { id: node.id, type: "block", position, data: NO_DATA, width, height, selected };
}

export function flowEdges(doc: Doc, blocks: Blocks, before: FlowEdge[]): FlowEdge[] {
  const known = new Map(before.map((edge) => [edge.id, edge]));
  const nodes = new Map(doc.nodes.map((node) => [node.id, node]));
  return doc.wires.map((wire) => {
    const id = wireId(wire);
    const old = known.get(id);
    if (old?.data?.wire === wire) return old;
    const source = nodes.get(wire.from[0]);
    const port = source && blocks.byId.get(source.block)?.outputs.find((output) => output.name === wire.from[1]);
    const colour = (port && blocks.kinds[port.kind]?.colour) ?? "#8a8f98";
    return {
      id,
      type: "wire",
      source: wire.from[0],
      sourceHandle: wire.from[1],
      target: wire.to[0],
      targetHandle: wire.to[1],
      data: { wire, colour },
      selected: old?.selected ?? false,
      ariaLabel: `${port ? kindTitle(blocks, port.kind) : "Wire"} from ${wire.from[0]} to ${wire.to[0]}`,
    };
  });
}
