// Copy, cut and paste of blocks through the system's clipboard, which needs no permission in these events.
import type { ClipboardEvent } from "react";
import type { Actions } from "./actions";
import { useSession } from "./context";
import { isTyping } from "./keyboard";

export function useClipboard(actions: Actions) {
  const { screen } = useSession();
  const take = (event: ClipboardEvent, cuts: boolean) => {
    if (isTyping(event.target) || hasMarkedText(event.target)) return;
    const text = actions.copied();
    if (!text) return;
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
    if (cuts) actions.removeSelected();
  };
  return {
    onCopy: (event: ClipboardEvent) => take(event, false),
    onCut: (event: ClipboardEvent) => take(event, true),
    onPaste: (event: ClipboardEvent) => {
      if (isTyping(event.target)) return;
      if (actions.paste(event.clipboardData.getData("text/plain"))) event.preventDefault();
      else screen.say("The clipboard holds no blocks.");
    },
  };
}

/** Whether the user has marked ordinary text, which copying then means. */
function hasMarkedText(target: EventTarget): boolean {
  const root = target instanceof Node ? target.getRootNode() : document;
  const own = (root as { getSelection?: () => Selection | null }).getSelection;
  const selection = own ? own.call(root) : window.getSelection();
  return Boolean(selection && !selection.isCollapsed && selection.toString().trim());
}
