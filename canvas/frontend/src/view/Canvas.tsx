// The whole canvas: toolbar above, palette, graph and panel beside each other, and what lies over them.
import { ReactFlowProvider } from "@xyflow/react";
import { type ClipboardEvent, useRef } from "react";
import { useActions } from "./actions";
import { useScreen, useSession } from "./context";
import { Graph } from "./Graph";
import { Keys } from "./Keys";
import { Large } from "./Large";
import { Palette } from "./Palette";
import { Panel } from "./panel/Panel";
import { Conflict } from "./SaveState";
import { Toast } from "./Toast";
import { Toolbar } from "./Toolbar";
import { useKeptFocus } from "./useKeptFocus";
import { isTyping, useKeys } from "./useKeys";

export function Canvas() {
  return (
    <ReactFlowProvider>
      <Frame />
    </ReactFlowProvider>
  );
}

function Frame() {
  const session = useSession();
  const actions = useActions();
  const onKeyDown = useKeys(actions);
  const paletteOpen = useScreen((screen) => screen.paletteOpen);
  const panelOpen = useScreen((screen) => screen.panelOpen);
  const large = useScreen((screen) => screen.large);
  const keysOpen = useScreen((screen) => screen.keysOpen);
  const frame = useRef<HTMLDivElement>(null);

  useKeptFocus(frame);

  const onCopy = (event: ClipboardEvent, cuts: boolean) => {
    if (isTyping(event.target) || hasMarkedText(event.target)) return;
    const text = actions.copied();
    if (!text) return;
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
    if (cuts) actions.removeSelected();
  };
  const onPaste = (event: ClipboardEvent) => {
    if (isTyping(event.target)) return;
    if (actions.paste(event.clipboardData.getData("text/plain"))) event.preventDefault();
    else session.screen.say("The clipboard holds no blocks.");
  };

  return (
    <div
      ref={frame} className="graph frame" tabIndex={-1} onKeyDown={onKeyDown} onCopy={(e) => onCopy(e, false)}
      onCut={(e) => onCopy(e, true)} onPaste={onPaste} role="application" aria-label="Pipeline canvas"
    >
      <Toolbar />
      <Conflict />
      <div className="columns">
        {paletteOpen && <Palette />}
        <Graph />
        {panelOpen && <Panel />}
      </div>
      {large && <Large id={large} />}
      {keysOpen && <Keys />}
      <Toast />
    </div>
  );
}

/** Whether the user has marked ordinary text, which copying then means. */
function hasMarkedText(target: EventTarget): boolean {
  const root = target instanceof Node ? target.getRootNode() : document;
  const own = (root as { getSelection?: () => Selection | null }).getSelection;
  const selection = own ? own.call(root) : window.getSelection();
  return Boolean(selection && !selection.isCollapsed && selection.toString().trim());
}
