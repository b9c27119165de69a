// The bar above the graph: name and saved state, editing, and running.
import { useState } from "react";
import { useStore } from "../store/store";
import { useActions } from "./actions";
import { useDoc, useScreen, useSession } from "./context";
import { Icon } from "./icons";
import { RunControls } from "./RunControls";
import { SaveState } from "./SaveState";

export function Toolbar() {
  const session = useSession();
  const actions = useActions();
  const canUndo = useDoc((editor) => editor.canUndo);
  const canRedo = useDoc((editor) => editor.canRedo);
  const paletteOpen = useScreen((screen) => screen.paletteOpen);
  const panelOpen = useScreen((screen) => screen.panelOpen);
  return (
    <div className="toolbar" role="toolbar" aria-label="Pipeline">
      <div className="toolbar-part">
      <Tool name="left" label={paletteOpen ? "Hide the blocks" : "Show the blocks"} pressed={paletteOpen}
        onClick={() => session.screen.set({ paletteOpen: !paletteOpen })} />
      <Name />
      <SaveState />
      </div>
      <div className="toolbar-part">
      <Tool name="undo" label="Undo (Ctrl+Z)" testId="undo" disabled={!canUndo} onClick={actions.undo} />
      <Tool name="redo" label="Redo (Ctrl+Shift+Z)" testId="redo" disabled={!canRedo} onClick={actions.redo} />
      <span className="divider" />
      <Tool name="layout" label="Tidy the layout (L)" testId="layout" onClick={actions.layout} />
      <Tool name="fit" label="Fit into view (F)" testId="fit" onClick={actions.fit} />
      <Tool name="keys" label="Keys (?)" testId="keys" onClick={() => session.screen.set({ keysOpen: true })} />
      </div>
      <div className="toolbar-part">
      <RunControls />
      <Tool name="right" label={panelOpen ? "Hide the settings" : "Show the settings"} pressed={panelOpen}
        onClick={() => session.screen.set({ panelOpen: !panelOpen })} />
      </div>
    </div>
  );
}

interface ToolProps {
  name: string;
  label: string;
  testId?: string;
  disabled?: boolean;
  pressed?: boolean;
  onClick: () => void;
}

export function Tool({ name, label, testId, disabled, pressed, onClick }: ToolProps) {
  return (
    <button
      type="button" className="icon-button" title={label} aria-label={label} data-testid={testId} disabled={disabled}
      aria-pressed={pressed} onClick={onClick}
    >
      <Icon name={name} />
    </button>
  );
}

/** The pipeline's name, edited where it stands. */
function Name() {
  const session = useSession();
  const name = useDoc((editor) => editor.doc.name);
  const readonly = useStore(session.identity, (identity) => identity.readonly);
  const [draft, setDraft] = useState<string | null>(null);
  const commit = () => {
    const text = draft?.trim();
    if (text && text !== name) session.editor.edit((doc) => ({ ...doc, name: text }));
    setDraft(null);
  };
  return (
    <>
      <input
        className="pipeline-name" aria-label="Name of the pipeline" data-testid="pipeline-name" value={draft ?? name} maxLength={120}
        title={draft ?? name} onChange={(event) => setDraft(event.target.value)} onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
          if (event.key === "Escape") setDraft(null);
        }}
        size={Math.min(34, Math.max(8, (draft ?? name).length))}
      />
      {readonly && <span className="tag" title="The first edit makes a copy of your own">template</span>}
    </>
  );
}
