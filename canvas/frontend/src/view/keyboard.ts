// What each key does on the canvas. Typing in fields is left alone.
import type { KeyboardEvent } from "react";
import { isActive } from "../store/live";
import type { Session } from "../store/session";
import type { Actions } from "./actions";

type Press = KeyboardEvent<HTMLElement>;

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};
const STEP = 8;
const FAR_STEP = 40;

/** Do what the key means; whether it meant anything. */
export function handleKey(press: Press, session: Session, actions: Actions): boolean {
  if (isTyping(press.target)) {
    if (press.key === "Escape") press.currentTarget.focus({ preventScroll: true });
    return false;
  }
  if (press.ctrlKey || press.metaKey) return withControl(press, session, actions);
  const arrow = ARROWS[press.key];
  return arrow ? moveSelection(press, arrow, session, actions) : plain(press, session, actions);
}

function withControl(press: Press, session: Session, actions: Actions): boolean {
  switch (press.key.toLowerCase()) {
    case "z":
      return done(press.shiftKey ? actions.redo() : actions.undo());
    case "y":
      return done(actions.redo());
    case "d":
      return done(actions.duplicate());
    case "a":
      return done(actions.selectAll());
    case "enter":
      return done(!isActive(session.live.head.run) && void runOrResume(session));
    default:
      return false;
  }
}

function plain(press: Press, session: Session, actions: Actions): boolean {
  switch (press.key.toLowerCase()) {
    case "delete":
    case "backspace":
      return done(actions.removeSelected());
    case "escape":
      return close(session, actions);
    case "tab":
      return isGraph(press.target) && !press.shiftKey && done(actions.quickAdd());
    case "/":
      return done(actions.quickAdd());
    case "?":
      return done(session.screen.set({ keysOpen: true }));
    case "enter":
    case " ":
      return openSelected(press.target as Element, session);
    case "f":
      return done(actions.fit());
    case "l":
      return done(actions.layout());
    case "+":
    case "=":
      return done(actions.zoom(1));
    case "-":
      return done(actions.zoom(-1));
    default:
      return false;
  }
}

function done(_result: unknown): true {
  return true;
}

function moveSelection(press: Press, [dx, dy]: [number, number], session: Session, actions: Actions): boolean {
  if (!session.editor.selected.size || isControl(press.target)) return false;
  const step = press.shiftKey ? FAR_STEP : STEP;
  return done(actions.nudge(dx * step, dy * step));
}

function close(session: Session, actions: Actions): boolean {
  const { keysOpen, quickAdd, problemsOpen } = session.screen.get();
  if (!keysOpen && !quickAdd && !problemsOpen) return done(actions.selectNone());
  return done(session.screen.set({ keysOpen: false, quickAdd: null, problemsOpen: false }));
}

/** Select the card that has the focus; the second time, open its large view. */
function openSelected(target: Element, session: Session): boolean {
  if (isControl(target)) return false;
  const { selected } = session.editor;
  const focused = target.closest?.(".react-flow__node")?.getAttribute("data-id");
  if (focused && !selected.has(focused)) return done(session.editor.select([focused]));
  const [only] = selected;
  return selected.size === 1 && only !== undefined && done(session.screen.set({ large: only }));
}

export function isTyping(target: EventTarget): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=range]), textarea, select");
}

function isControl(target: EventTarget): boolean {
  return target instanceof HTMLElement && target.matches("button, a, input, summary, [role=tab]");
}

/** Whether the focus is on the graph as a whole, where Tab is free to mean something. */
function isGraph(target: EventTarget): boolean {
  return target instanceof HTMLElement && target.classList.contains("graph");
}

/** What the list of keys shows. */
export const KEYS: [string, string][] = [
  ["Tab, / or double click", "Add a block"],
  ["Ctrl + Z", "Undo"],
  ["Ctrl + Shift + Z, Ctrl + Y", "Redo"],
  ["Ctrl + C, X, V", "Copy, cut, paste"],
  ["Ctrl + D", "Duplicate"],
  ["Ctrl + A", "Select all"],
  ["Shift + drag", "Select with a box"],
  ["Delete", "Delete the selection"],
  ["Arrows (with Shift: farther)", "Move the selection"],
  ["F", "Fit the graph into view"],
  ["+ and −", "Zoom"],
  ["L", "Tidy the layout"],
  ["Enter", "Open the picture of the selected block"],
  ["Ctrl + Enter", "Run"],
  ["Escape", "Close, leave a field, or select nothing"],
  ["?", "This list"],
];

function runOrResume(session: Session): Promise<void> {
  return session.live.head.run?.status === "paused" ? session.resumeRun() : session.run();
}
