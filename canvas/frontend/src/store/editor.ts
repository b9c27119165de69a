// The document being edited, its selection and its history. The browser owns it; every change goes through `edit`.
import { applyEdgeChanges, applyNodeChanges, type EdgeChange, type NodeChange } from "@xyflow/react";
import { useSyncExternalStore } from "react";
import { lanes } from "../rules/routes";
import type { Blocks, Doc, DocNode, Wire } from "../types";
import { type FlowEdge, type FlowNode, flowEdges, flowNodes } from "./flow";
import { History } from "./history";
import { Emitter } from "./store";

interface Past {
  doc: Doc;
  selected: ReadonlySet<string>;
}

export class Editor extends Emitter {
  nodes: FlowNode[];
  edges: FlowEdge[];
  selected: ReadonlySet<string> = new Set();
  private byId: Map<string, DocNode>;
  private lanes: Map<Wire, number> | null = null;
  private history = new History<Past>();

  constructor(
    public doc: Doc,
    private blocks: Blocks,
    private onEdit: () => void,
  ) {
    super();
    this.byId = new Map(doc.nodes.map((node) => [node.id, node]));
    this.nodes = flowNodes(doc, blocks, []);
    this.edges = flowEdges(doc, blocks, []);
  }

  node(id: string): DocNode | undefined {
    return this.byId.get(id);
  }

  /** The height of the lane on which the wire goes around cards, or null. */
  lane(wire: Wire): number | null {
    this.lanes ??= lanes(this.doc, this.blocks);
    return this.lanes.get(wire) ?? null;
  }

  get canUndo(): boolean {
    return this.history.canUndo;
  }

  get canRedo(): boolean {
    return this.history.canRedo;
  }

  /** Change the document as one undoable step; `select` is what is selected afterwards. */
  edit(change: (doc: Doc) => Doc, options: { merge?: string; select?: Iterable<string> } = {}): boolean {
    const next = change(this.doc);
    if (next === this.doc) return false;
    this.history.record({ doc: this.doc, selected: this.selected }, options.merge ?? null);
    this.show(next, options.select ? new Set(options.select) : undefined);
    this.onEdit();
    return true;
  }

  undo(): boolean {
    return this.travel(this.history.undo({ doc: this.doc, selected: this.selected }));
  }

  redo(): boolean {
    return this.travel(this.history.redo({ doc: this.doc, selected: this.selected }));
  }

  settle(): void {
    this.history.settle();
  }

  /** Change the document and all remembered ones without a step of undo and without saving. */
  amend(change: (doc: Doc) => Doc): void {
    this.history.map((past) => ({ ...past, doc: change(past.doc) }));
    this.show(change(this.doc));
  }

  /** Use another catalogue for what is shown from now on. */
  useBlocks(blocks: Blocks): void {
    this.blocks = blocks;
    this.nodes = flowNodes(this.doc, blocks, [], this.selected);
    this.edges = flowEdges(this.doc, blocks, []);
    this.lanes = null;
    this.emit();
  }

  select(ids: Iterable<string>): void {
    this.nodes = flowNodes(this.doc, this.blocks, this.nodes, new Set(ids));
    this.edges = this.edges.map((edge) => (edge.selected ? { ...edge, selected: false } : edge));
    this.afterSelection();
  }

  selectedWires(): Wire[] {
    return this.edges.filter((edge) => edge.selected).map((edge) => edge.data!.wire);
  }

  nodesChanged = (changes: NodeChange<FlowNode>[]): void => {
    const own = changes.filter((change) => change.type !== "remove");
    if (!own.length) return;
    this.nodes = applyNodeChanges(own, this.nodes);
    this.afterSelection();
  };

  edgesChanged = (changes: EdgeChange<FlowEdge>[]): void => {
    const own = changes.filter((change) => change.type === "select");
    if (!own.length) return;
    this.edges = applyEdgeChanges(own, this.edges);
    this.emit();
  };

  private travel(past: Past | null): boolean {
    if (!past) return false;
    this.show(past.doc, past.selected);
    this.onEdit();
    return true;
  }

  private show(doc: Doc, selected?: ReadonlySet<string>): void {
    this.doc = doc;
    this.byId = new Map(doc.nodes.map((node) => [node.id, node]));
    this.lanes = null;
    this.nodes = flowNodes(doc, this.blocks, this.nodes, selected);
    this.edges = flowEdges(doc, this.blocks, this.edges);
    this.afterSelection();
  }

  private afterSelection(): void {
    const now = this.nodes.filter((node) => node.selected).map((node) => node.id);
    if (now.length !== this.selected.size || now.some((id) => !this.selected.has(id))) this.selected = new Set(now);
    this.emit();
  }
}

/** Watch a part of the editor. `select` must give the same object while nothing in it has changed. */
export function useEditor<S>(editor: Editor, select: (editor: Editor) => S): S {
  return useSyncExternalStore(editor.subscribe, () => select(editor));
}
