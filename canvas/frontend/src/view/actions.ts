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
import { useSession } from "./context";

const FIT = { padding: 0.06, maxZoom: 1, duration: 180 };
const PASTE_SHIFT = 32;

let clipText = ""; // for browsers and pages where the system's clipboard is closed to us
let pastes = 0;

export type Actions = ReturnType<typeof makeActions>;

export function useActions(): Actions {
  const session = useSession();
  const flow = useReactFlow<FlowNode, FlowEdge>();
  return useMemo(() => makeActions(session, flow), [session, flow]);
}

function makeActions(session: Session, flow: ReactFlowInstance<FlowNode, FlowEdge>) {
  const { editor, screen } = session;

  /** The middle of the visible graph, in graph units. */
  const middle = (): [number, number] => {
    const box = graphBox(session);
    const { x, y } = flow.screenToFlowPosition({ x: box.left + box.width / 2, y: box.top + box.height / 2 });
    return [x, y];
  };

  const add = (block: string, at?: [number, number]) => {
    const size = cardSize(session.blocks.byId.get(block));
    const [x, y] = at ?? middle();
    const wanted: [number, number] = at ? [x, y] : [x - CARD_WIDTH / 2, y - size.height / 2];
    const free = freePlace(editor.doc, session.blocks, block, wanted);
    let id = "";
    editor.edit(
      (doc) => {
        const [next, fresh] = addNode(doc, session.blocks, block, free);
        id = fresh;
        return next;
      },
      {},
    );
    editor.select([id]);
    return id;
  };

  const addFrom = (quick: QuickAdd, block: string) => {
    const spec = session.blocks.byId.get(block);
    const { wire } = quick;
    if (!wire || !spec) return add(block, quick.place);
    const port = portFor(session.blocks, spec, wire.kind, wire.is);
    const [x, y] = quick.place;
    const corner: [number, number] = wire.is === "source" ? [x, y - 80] : [x - CARD_WIDTH, y - 80];
    const free = freePlace(editor.doc, session.blocks, block, corner);
    let id = "";
    editor.edit((doc) => {
      const [next, fresh] = addNode(doc, session.blocks, block, free);
      id = fresh;
      if (!port) return next;
      const held = { node: wire.node, port: wire.port };
      const own = { node: fresh, port };
      return wire.is === "source"
        ? connect(next, session.blocks, held, own)
        : connect(next, session.blocks, own, held);
    });
    editor.select([id]);
    return id;
  };

  const removeSelected = () => {
    const { selected } = editor;
    const titles = editor.doc.nodes.filter((n) => selected.has(n.id)).map((n) => `“${titleOf(session.blocks, n)}”`);
    const wires = editor.selectedWires();
    if (!editor.edit((doc) => remove(doc, selected, wires), { select: [] })) return;
    const what = titles.length === 1 ? titles[0]! : titles.length ? count(titles.length, "block") : count(wires.length, "wire");
    screen.say(`${what} deleted. Ctrl+Z brings ${titles.length > 1 || wires.length > 1 ? "them" : "it"} back.`);
  };

  const copied = (): string => {
    if (!editor.selected.size) return "";
    clipText = toClip(editor.doc, editor.selected);
    pastes = 0;
    return clipText;
  };

  const paste = (text: string, shift?: number): boolean => {
    const clip = readClip(text) ?? (text ? null : readClip(clipText));
    if (!clip) return false;
    const by = shift ?? PASTE_SHIFT * ++pastes;
    const result = pasteClip(editor.doc, session.blocks, clip, [by, by]);
    editor.edit(() => result.doc, { select: result.added });
    if (result.unknown.length) {
      screen.say(`This installation has no block ${joinWords(result.unknown.map((u) => `“${u}”`), "and")}.`, "bad");
    }
    return true;
  };

  return {
    add,
    addFrom,
    /** A block let go over the graph: its card hangs at the pointer by its header. */
    dropBlock: (block: string, clientX: number, clientY: number) => {
      const { x, y } = flow.screenToFlowPosition({ x: clientX, y: clientY });
      return add(block, [x - CARD_WIDTH / 2, y - 22]);
    },
    removeSelected,
    copied,
    paste,
    duplicate: () => editor.selected.size && paste(toClip(editor.doc, editor.selected), PASTE_SHIFT),
    selectAll: () => editor.select(editor.doc.nodes.map((node) => node.id)),
    selectNone: () => editor.select([]),
    nudge: (dx: number, dy: number) =>
      editor.edit((doc) => nudge(doc, editor.selected, dx, dy), { merge: `nudge ${[...editor.selected].join()}` }),
    undo: () => editor.undo() || screen.say("There is nothing to undo."),
    redo: () => editor.redo() || screen.say("There is nothing to redo."),
    layout: () => {
      const some = editor.selected.size > 1 ? editor.selected : undefined;
      editor.edit((doc) => place(doc, tidy(doc, session.blocks, some)));
      if (!some) requestAnimationFrame(() => void flow.fitView(FIT));
    },
    fit: () => void flow.fitView(FIT),
    zoom: (by: number) => void (by > 0 ? flow.zoomIn({ duration: 120 }) : flow.zoomOut({ duration: 120 })),
    show: (id: string) => {
      editor.select([id]);
      void flow.fitView({ ...FIT, nodes: [{ id }], padding: 0.6 });
    },
    /** Open the search for a block at a point of the window, or in the middle. */
    quickAdd: (at?: { x: number; y: number }, wire: QuickAdd["wire"] = null) => {
      const box = graphBox(session);
      const point = at ?? { x: box.left + box.width / 2, y: box.top + box.height / 3 };
      const spot = flow.screenToFlowPosition(point);
      const shift: [number, number] = at ? [spot.x, spot.y] : [middle()[0] - CARD_WIDTH / 2, middle()[1] - 140];
      screen.set({ quickAdd: { at: { x: point.x - box.left, y: point.y - box.top }, place: shift, wire } });
    },
  };
}

/** The visible part of the graph, in pixels of the window. */
function graphBox(session: Session): DOMRect {
  return session.graphElement?.getBoundingClientRect() ?? new DOMRect(0, 0, innerWidth, innerHeight);
}
