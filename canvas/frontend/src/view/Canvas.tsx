// The whole canvas: toolbar above, palette, graph and panel beside each other, and what lies over them.
import { ReactFlowProvider } from "@xyflow/react";
import { type KeyboardEvent, useRef } from "react";
import { useActions } from "./actions";
import { useScreen, useSession } from "./context";
import { Graph } from "./Graph";
import { Keys } from "./Keys";
import { handleKey } from "./keyboard";
import { Large } from "./Large";
import { Palette } from "./Palette";
import { Panel } from "./panel/Panel";
import { Conflict } from "./SaveState";
import { Toast } from "./Toast";
import { Toolbar } from "./Toolbar";
import { useClipboard } from "./useClipboard";
import { useKeptFocus } from "./useKeptFocus";

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
  const clipboard = useClipboard(actions);
  const { paletteOpen, panelOpen, large, keysOpen } = useScreen((screen) => screen);
  const frame = useRef<HTMLDivElement>(null);
  useKeptFocus(frame);
  const onKeyDown = (press: KeyboardEvent<HTMLElement>) => {
    if (!press.defaultPrevented && handleKey(press, session, actions)) press.preventDefault();
  };
  return (
    <div
      ref={frame} className="graph frame" tabIndex={-1} role="application" aria-label="Pipeline canvas"
      onKeyDown={onKeyDown} {...clipboard}
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
