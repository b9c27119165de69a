// The keys of the canvas. Typing in fields is left alone.
import { type KeyboardEvent, useCallback } from "react";
import { isActive } from "../store/live";
import type { Actions } from "./actions";
import { useSession } from "./context";

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
  ["Escape", "Close, or select nothing"],
  ["?", "This list"],
];

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};

type Press = KeyboardEvent<HTMLElement>;

export function useKeys(actions: Actions): (press: Press) => void {
  const session = useSession();
  return useCallback(
    (press: Press) => {
      if (press.defaultPrevented) return;
      if (isTyping(press.target)) {
        if (press.key === "Escape") press.currentTarget.focus({ preventScroll: true });
        return;
      }
      const isDone = press.ctrlKey || press.metaKey ? withControl(press) : plain(press);
      if (isDone) press.preventDefault();
    },
    [session, actions],
  );

  function withControl(press: Press): boolean {
    const key = press.key.toLowerCase();
    if (key === "z") press.shiftKey ? actions.redo() : actions.undo();
    else if (key === "y") actions.redo();
    else if (key === "d") actions.duplicate();
    else if (key === "a") actions.selectAll();
    else if (key === "enter") !isActive(session.live.head.run) && void session.run();
    else return false;
    return true;
  }

  function plain(press: Press): boolean {
    const arrow = ARROWS[press.key];
    if (arrow) return moveSelection(press, arrow);
    switch (press.key) {
      case "Delete":
      case "Backspace":
        actions.removeSelected();
        return true;
      case "Escape":
        return close();
      case "Tab":
        return isGraph(press.target) && !press.shiftKey && open();
      case "/":
        return open();
      case "?":
        session.screen.set({ keysOpen: true });
        return true;
      case "Enter":
      case " ":
        return openSelected(press.target as Element);
    }
    return single(press.key.toLowerCase());
  }

  function single(key: string): boolean {
    if (key === "f") actions.fit();
    else if (key === "l") actions.layout();
    else if (key === "+" || key === "=") actions.zoom(1);
    else if (key === "-") actions.zoom(-1);
    else return false;
    return true;
  }

  function moveSelection(press: Press, [dx, dy]: [number, number]): boolean {
    const far = press.shiftKey ? 40 : 8;
    if (!session.editor.selected.size || isControl(press.target)) return false;
    actions.nudge(dx * far, dy * far);
    return true;
  }

  function open(): boolean {
    actions.quickAdd();
    return true;
  }

  function close(): boolean {
    const { keysOpen, quickAdd, problemsOpen } = session.screen.get();
    if (keysOpen || quickAdd || problemsOpen) {
      session.screen.set({ keysOpen: false, quickAdd: null, problemsOpen: false });
    } else actions.selectNone();
    return true;
  }

  function openSelected(target: Element): boolean {
    if (isControl(target)) return false;
    const focused = target.closest?.(".react-flow__node")?.getAttribute("data-id");
    if (focused && !session.editor.selected.has(focused)) {
      session.editor.select([focused]);
      return true;
    }
    const [only] = session.editor.selected;
    if (session.editor.selected.size !== 1 || !only) return false;
    session.screen.set({ large: only });
    return true;
  }
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
