// What happens when a wire is let go: refused with its reason, joined to the card below, or a search on empty canvas.
import type { FinalConnectionState } from "@xyflow/react";
import { useCallback } from "react";
import { connect } from "../rules/edits";
import { judgeWire } from "../rules/wires";
import type { Screen } from "../store/screen";
import type { Session } from "../store/session";
import type { PortRef } from "../types";
import type { Actions } from "./actions";
import { useSession } from "./context";

type Wiring = NonNullable<Screen["wiring"]>;

export function useWireDrop(actions: Actions): (event: MouseEvent | TouchEvent, state: FinalConnectionState) => void {
  const session = useSession();
  return useCallback(
    (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
      const { wiring } = session.screen.get();
      session.screen.set({ wiring: null });
      if (!wiring || state.isValid) return;
      const { toHandle } = state;
      if (toHandle?.id) {
        sayWhyNot(session, wiring, { node: toHandle.nodeId, port: toHandle.id }, toHandle.type);
        return;
      }
      const point = "changedTouches" in event ? event.changedTouches[0] : event;
      const below = elementBelow(event);
      const card = below?.closest(".react-flow__node")?.getAttribute("data-id");
      if (card) joinCard(session, wiring, card);
      else if (point && below?.closest(".react-flow__pane, .react-flow__renderer")) {
        actions.quickAdd({ x: point.clientX, y: point.clientY }, wiring);
      }
    },
    [session, actions],
  );
}

/** The innermost element under the pointer, inside the shadow root. */
function elementBelow(event: MouseEvent | TouchEvent): Element | null {
  const first = event.composedPath()[0];
  if (!("changedTouches" in event)) return first instanceof Element ? first : null;
  const touch = event.changedTouches[0];
  const root = first instanceof Node ? (first.getRootNode() as ShadowRoot | Document) : document;
  return touch ? root.elementFromPoint(touch.clientX, touch.clientY) : null;
}

function sayWhyNot(session: Session, wiring: Wiring, other: PortRef, type: "source" | "target"): void {
  const held = { node: wiring.node, port: wiring.port };
  if (held.node === other.node && held.port === other.port && wiring.is === type) return;
  if (wiring.is === type) {
    session.screen.say(`A wire joins an output with an input, not two ${type === "source" ? "outputs" : "inputs"}.`, "bad");
    return;
  }
  const [from, to] = wiring.is === "source" ? [held, other] : [other, held];
  const verdict = judgeWire(session.editor.doc, session.blocks, from, to);
  if (!verdict.fits) session.screen.say(verdict.why, "bad");
}

/** Join the wire to the first free port of the card that takes it. */
function joinCard(session: Session, wiring: Wiring, card: string): void {
  const { editor, blocks } = session;
  if (card === wiring.node) return;
  const spec = blocks.byId.get(editor.node(card)?.block ?? "");
  const held = { node: wiring.node, port: wiring.port };
  const ports = (wiring.is === "source" ? spec?.inputs : spec?.outputs) ?? [];
  const judged = ports.map((port) => {
    const other = { node: card, port: port.name };
    const [from, to] = wiring.is === "source" ? [held, other] : [other, held];
    return { from, to, verdict: judgeWire(editor.doc, blocks, from, to) };
  });
  const best =
    judged.find(({ verdict }) => verdict.fits && !verdict.replaces) ?? judged.find(({ verdict }) => verdict.fits);
  if (best) editor.edit((doc) => connect(doc, blocks, best.from, best.to));
  else {
    const first = judged[0]?.verdict;
    session.screen.say(first && !first.fits ? first.why : "This block has no port for that wire.", "bad");
  }
}
