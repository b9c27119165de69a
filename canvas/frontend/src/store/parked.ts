// Sessions that are off the screen, kept so that a remount finds edits, undo and view as they were.
import type { MountData } from "../types";
import type { Session } from "./session";

const MOST = 12;
const sessions = new Map<string, Session>();

/** The session for what the page offers, where one is kept and not overtaken by the server. */
export function unpark(doc: MountData["doc"]): Session | null {
  const session = sessions.get(doc.id) ?? null;
  sessions.delete(doc.id);
  return session?.holds(doc) ? session : null;
}

export function park(session: Session): void {
  session.suspend();
  sessions.set(session.identity.get().id, session);
  const oldest = [...sessions.entries()].find(([, kept]) => !kept.saver.isDirty);
  if (sessions.size > MOST && oldest) sessions.delete(oldest[0]);
}

/** Every parked session that still has something to save. */
export function unsaved(): Session[] {
  return [...sessions.values()].filter((session) => session.saver.isDirty);
}
