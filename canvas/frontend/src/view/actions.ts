// What the analyst can do to the graph, for buttons, menus and keys alike.
import { type ReactFlowInstance, useReactFlow } from "@xyflow/react";
import { useMemo } from "react";
import { pasteClip, readClip, toClip } from "../rules/clipboard";
import { addNode, connect, nudge, place, remove } from "../rules/edits";
import { count } from "../rules/format";
import { freePlace, tidy } from "../rules/layout";
import { CARD_WIDTH, cardSize } from "../rules/sizes";
import { joinWords, portFor, titleOf } from "../rules/wires";
import type { FlowEdge, FlowNode } from "../store/flow";
import type { QuickAdd } from "../store/screen";
import type { Session } from "../store/session";
import type { Doc } from "../types";
import { useSession } from "./context";

const FIT = { padding: 0.06, maxZoom: 1, duration: 180 };
const PASTE_SHIFT = 32;
const HEADER_MIDDLE = 22;
const PORT_BELOW_TOP = 80;

let clipText = ""; // for browsers and pages where the system's clipboard is closed to us
let pastes = 0;

export function useActions(): Actions {
  const session = useSession();
  const flow = useReactFlow<FlowNode, FlowEdge>();
  return useMemo(() => new Actions(session, flow), [session, flow]);
}

export class Actions {
  constructor(
    private session: Session,
    private flow: ReactFlowInstance<FlowNode, FlowEdge>,
  ) {}

  /** Add a block near a corner, or in the middle of what is seen. */
  add = (block: string, corner?: [number, number]): string => {
    const [x, y] = this.middle();
    const { height } = cardSize(this.session.blocks.byId.get(block));
    return this.addAndThen(block, corner ?? [x - CARD_WIDTH / 2, y - height / 2]);
  };

  /** Add the block that was chosen in the search, and join it to the wire that was dropped. */
  addFrom = ({ place: [x, y], wire }: QuickAdd, block: string): string => {
    const { blocks } = this.session;
    const spec = blocks.byId.get(block);
    if (!wire || !spec) return this.add(block, [x, y]);
    const port = portFor(blocks, spec, wire.kind, wire.is);
    const held = { node: wire.node, port: wire.port };
    const left = wire.is === "source" ? x : x - CARD_WIDTH;
    return this.addAndThen(block, [left, y - PORT_BELOW_TOP], (doc, node) => {
      if (!port) return doc;
      const own = { node, port };
      return wire.is === "source" ? connect(doc, blocks, held, own) : connect(doc, blocks, own, held);
    });
  };

  /** A block let go over the graph: its card hangs at the pointer by its header. */
  dropBlock = (block: string, clientX: number, clientY: number): string => {
    const { x, y } = this.flow.screenToFlowPosition({ x: clientX, y: clientY });
    return this.add(block, [x - CARD_WIDTH / 2, y - HEADER_MIDDLE]);
  };

  removeSelected = (): void => {
    const { editor, blocks, screen } = this.session;
    const { selected } = editor;
    const titles = editor.doc.nodes.filter((node) => selected.has(node.id)).map((node) => `“${titleOf(blocks, node)}”`);
    const wires = editor.selectedWires();
    if (!editor.edit((doc) => remove(doc, selected, wires), { select: [] })) return;
    const many = titles.length ? count(titles.length, "block") : count(wires.length, "wire");
    const what = titles.length === 1 ? titles[0] : many;
    screen.say(`${what} deleted. Ctrl+Z brings ${titles.length > 1 || wires.length > 1 ? "them" : "it"} back.`);
  };

  /** The selection as text for the clipboard; "" when nothing is selected. */
  copied = (): string => {
    const { editor } = this.session;
    if (!editor.selected.size) return "";
    clipText = toClip(editor.doc, editor.selected);
    pastes = 0;
    return clipText;
  };

  /** Put what the text holds on the canvas; false when it holds no blocks. */
  paste = (text: string, shift?: number): boolean => {
    const { editor, blocks, screen } = this.session;
    const clip = readClip(text) ?? (text ? null : readClip(clipText));
    if (!clip) return false;
    const by = shift ?? PASTE_SHIFT * ++pastes;
    const result = pasteClip(editor.doc, blocks, clip, [by, by]);
    editor.edit(() => result.doc, { select: result.added });
    if (result.unknown.length) {
      screen.say(`This installation has no block ${joinWords(result.unknown.map((id) => `“${id}”`), "and")}.`, "bad");
    }
    return true;
  };

  duplicate = (): void => {
    const { editor } = this.session;
    if (editor.selected.size) this.paste(toClip(editor.doc, editor.selected), PASTE_SHIFT);
  };

  selectAll = (): void => this.session.editor.select(this.session.editor.doc.nodes.map((node) => node.id));

  selectNone = (): void => this.session.editor.select([]);

  nudge = (dx: number, dy: number): void => {
    const { editor } = this.session;
    const merge = `nudge ${[...editor.selected].join()}`;
    editor.edit((doc) => nudge(doc, editor.selected, dx, dy), { merge });
  };

  undo = (): void => {
    if (!this.session.editor.undo()) this.session.screen.say("There is nothing to undo.");
  };

  redo = (): void => {
    if (!this.session.editor.redo()) this.session.screen.say("There is nothing to redo.");
  };

  /** Tidy the selected blocks, or all. */
  layout = (): void => {
    const { editor, blocks } = this.session;
    const some = editor.selected.size > 1 ? editor.selected : undefined;
    editor.edit((doc) => place(doc, tidy(doc, blocks, some)));
    if (!some) requestAnimationFrame(this.fit);
  };

  fit = (): void => void this.flow.fitView(FIT);

  zoom = (by: number): void => void (by > 0 ? this.flow.zoomIn({ duration: 120 }) : this.flow.zoomOut({ duration: 120 }));

  /** Select a block and bring it into view. */
  show = (id: string): void => {
    this.session.editor.select([id]);
    void this.flow.fitView({ ...FIT, nodes: [{ id }], padding: 0.6 });
  };

  /** Open the search for a block at a point of the window, or in the middle. */
  quickAdd = (at?: { x: number; y: number }, wire: QuickAdd["wire"] = null): void => {
    const box = this.graphBox();
    const point = at ?? { x: box.left + box.width / 2, y: box.top + box.height / 3 };
    const { x, y } = this.flow.screenToFlowPosition(point);
    const corner: [number, number] = at ? [x, y] : [x - CARD_WIDTH / 2, y];
    this.session.screen.set({ quickAdd: { at: { x: point.x - box.left, y: point.y - box.top }, place: corner, wire } });
  };

  private addAndThen(block: string, corner: [number, number], then?: (doc: Doc, id: string) => Doc): string {
    const { editor, blocks } = this.session;
    const free = freePlace(editor.doc, blocks, block, corner);
    const [added, id] = addNode(editor.doc, blocks, block, free);
    editor.edit(() => (then ? then(added, id) : added), { select: [id] });
    return id;
  }

  /** The middle of the visible graph, in graph units. */
  private middle(): [number, number] {
    const box = this.graphBox();
    const { x, y } = this.flow.screenToFlowPosition({ x: box.left + box.width / 2, y: box.top + box.height / 2 });
    return [x, y];
  }

  /** The visible part of the graph, in pixels of the window. */
  private graphBox(): DOMRect {
    return this.session.graphElement?.getBoundingClientRect() ?? new DOMRect(0, 0, innerWidth, innerHeight);
  }
}
