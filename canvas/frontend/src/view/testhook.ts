// What browser tests may look at. The product itself never reads it.
import type { Session, Viewport } from "../store/session";
import type { Doc, NodeState } from "../types";

export interface TestHook {
  graph(): Doc;
  rev(): number;
  live(): { run: string | null; status: string | null; nodes: Record<string, NodeState> };
  viewport(): Viewport | null;
  selected(): string[];
  id(): string;
}

export function exposeForTests(session: Session): void {
  const hook: TestHook = {
    graph: () => session.editor.doc,
    rev: () => session.saver.rev,
    live: () => {
      const { run } = session.live.head;
      return { run: run?.run ?? null, status: run?.status ?? null, nodes: session.live.all() };
    },
    viewport: () => session.viewport,
    selected: () => [...session.editor.selected],
    id: () => session.identity.get().id,
  };
  Object.assign(window, { __genloomCanvas: hook });
}
