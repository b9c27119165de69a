// Whether the document is saved, and what to do when another window has saved it too.
import { useStore } from "../store/store";
import { useSession } from "./context";
import { Icon } from "./icons";

export function SaveState() {
  const session = useSession();
  const state = useStore(session.saver, (head) => head.state);
  const { readonly, copying } = useStore(session.identity, (identity) => identity);
  const text = copying ? "making a copy…" : readonly ? "" : words(state);
  return (
    <span className={`save-state ${copying ? "saving" : state.is}`} data-testid="saved" role="status" title={text}>
      {text}
    </span>
  );
}

function words(state: { is: string; rev?: number; why?: string }): string {
  switch (state.is) {
    case "saved":
      return `saved · r${state.rev}`;
    case "saving":
      return "saving…";
    default:
      return `not saved: ${state.why}`;
  }
}

/** A choice that only the user can make; editing goes on meanwhile. */
export function Conflict() {
  const session = useSession();
  const state = useStore(session.saver, (head) => head.state);
  const copying = useStore(session.identity, (identity) => identity.copying);
  if (state.is !== "conflict" || copying) return null;
  const copy = () =>
    session.makeCopy().catch((error: Error) => session.screen.say(`The copy was not made. ${error.message}`, "bad"));
  return (
    <div className="conflict" data-testid="conflict" role="alert">
      <Icon name="warn" />
      <span className="conflict-text">{state.why} Your edits are kept here.</span>
      <button type="button" className="button" onClick={copy}>Save mine as a copy</button>
      <button type="button" className="button" onClick={() => session.saver.overrule()}>Save mine over it</button>
      <button type="button" className="button" onClick={() => location.reload()}>Load the other</button>
    </div>
  );
}
