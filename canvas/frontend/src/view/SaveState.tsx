// Whether the document is saved, and what to do when another window has saved it too.
import { useStore } from "../store/store";
import { useSession } from "./context";

export function SaveState() {
  const session = useSession();
  const state = useStore(session.saver, (head) => head.state);
  const { readonly, copying } = useStore(session.identity, (identity) => identity);
  if (state.is === "conflict" && !copying) return <Conflict why={state.why} />;
  return (
    <span className={`save-state ${state.is}`} data-testid="saved" role="status">
      {copying ? "making a copy…" : readonly ? "" : state.is === "saved" ? `saved · r${state.rev}` : state.is === "saving" ? "saving…" : `not saved: ${state.why} Trying again…`}
    </span>
  );
}

function Conflict({ why }: { why: string }) {
  const session = useSession();
  const copy = () =>
    session.makeCopy().catch((error: Error) => session.screen.say(`The copy was not made. ${error.message}`, "bad"));
  return (
    <span className="save-state conflict" data-testid="saved" role="alert">
      <span title={why}>not saved: {why} Your edits are kept here.</span>
      <button type="button" className="link" onClick={() => session.saver.overrule()}>Save mine over it</button>
      <button type="button" className="link" onClick={copy}>Save mine as a copy</button>
      <button type="button" className="link" onClick={() => location.reload()}>Load the other</button>
    </span>
  );
}
