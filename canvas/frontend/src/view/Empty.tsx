// What an empty canvas says: how to begin.
import { useActions } from "./actions";

export function Empty() {
  const actions = useActions();
  return (
    <div className="empty">
      <p className="empty-title">Start with a block</p>
      <p>Double-click here, press Tab, or drag one from the left.</p>
      <button type="button" className="button primary" onClick={() => actions.quickAdd()}>
        Add a block
      </button>
    </div>
  );
}
