// A short message at the bottom: what was refused and why, or what has just been done.
import { useScreen, useSession } from "./context";
import { Icon } from "./icons";

export function Toast() {
  const { screen } = useSession();
  const toast = useScreen((s) => s.toast);
  return (
    <div className="toast-place" role="status" aria-live="polite">
      {toast && (
        <div className={`toast ${toast.tone}`} data-testid="toast" key={toast.id}>
          {toast.tone === "bad" && <Icon name="warn" />}
          <span>{toast.text}</span>
          <button type="button" className="icon-button" aria-label="Close this message" onClick={() => screen.hush()}>
            <Icon name="close" size={12} />
          </button>
        </div>
      )}
    </div>
  );
}
