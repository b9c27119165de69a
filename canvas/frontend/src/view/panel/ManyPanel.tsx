// What can be done with several selected blocks.
import { useActions } from "../actions";
import { useDoc, useSession } from "../context";

export function ManyPanel() {
  const session = useSession();
  const actions = useActions();
  const count = useDoc((editor) => editor.selected.size);
  const copy = () => {
    void navigator.clipboard?.writeText(actions.copied()).catch(() => undefined);
    session.screen.say(`${count} blocks copied.`);
  };
  return (
    <div className="panel-body">
      <h2>{count} blocks selected</h2>
      <div className="stack">
        <button type="button" className="button" onClick={actions.duplicate}>Duplicate</button>
        <button type="button" className="button" onClick={copy}>Copy</button>
        <button type="button" className="button" onClick={actions.layout}>Tidy their layout</button>
        <button type="button" className="button danger" onClick={actions.removeSelected}>Delete</button>
      </div>
    </div>
  );
}
