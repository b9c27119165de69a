// The session that a view shows, for every component below it.
import { createContext, useContext } from "react";
import { type Editor, useEditor } from "../store/editor";
import type { Session } from "../store/session";
import { type Screen, type ScreenStore } from "../store/screen";
import { useStore } from "../store/store";

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("No session above this component.");
  return session;
}

/** Watch a part of the document or the selection. */
export function useDoc<S>(select: (editor: Editor) => S): S {
  return useEditor(useSession().editor, select);
}

export function useScreen<S>(select: (screen: Screen) => S): S {
  return useStore<Screen, S>(useSession().screen as ScreenStore, select);
}
