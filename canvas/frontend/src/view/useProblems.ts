// Everything that keeps the pipeline from running, kept in step with the document, for cards, forms and the list.
import { useSyncExternalStore } from "react";
import { merge, ownProblems, stillHolding } from "../rules/problems";
import type { Session } from "../store/session";
import type { Blocks, Doc, Problem } from "../types";
import { useSession } from "./context";

interface Known {
  doc: Doc;
  blocks: Blocks;
  saved: object;
  refused: object;
  all: Problem[];
  byNode: Map<string, Problem[]>;
}

const NONE: Problem[] = [];
const known = new WeakMap<Session, Known>();

/** Computed once per document, whoever asks. */
function problemsOf(session: Session): Known {
  const doc = session.editor.doc;
  const [saved, refused] = [session.saver.get(), session.refused.get()];
  const old = known.get(session);
  if (old?.doc === doc && old.saved === saved && old.refused === refused && old.blocks === session.blocks) return old;
  const isRefusedLater = refused.about !== null && saved.checked === refused.about;
  const server = isRefusedLater || !saved.checked
    ? stillHolding(refused.problems, refused.about, doc)
    : stillHolding(saved.problems, saved.checked, doc);
  const all = merge(ownProblems(doc, session.blocks), server);
  const byNode = new Map<string, Problem[]>();
  for (const problem of all) if (problem.node) byNode.set(problem.node, [...(byNode.get(problem.node) ?? []), problem]);
  const same = old && JSON.stringify(old.all) === JSON.stringify(all);
  const now = { doc, blocks: session.blocks, saved, refused, all: same ? old.all : all, byNode: same ? old.byNode : byNode };
  known.set(session, now);
  return now;
}

function useKnown<S>(select: (known: Known) => S): S {
  const session = useSession();
  return useSyncExternalStore(
    (listener) => {
      const stops = [session.editor, session.saver, session.refused].map((store) => store.subscribe(listener));
      return () => stops.forEach((stop) => stop());
    },
    () => select(problemsOf(session)),
  );
}

export function useProblems(): Problem[] {
  return useKnown((k) => k.all);
}

export function useProblemsOf(node: string): Problem[] {
  return useKnown((k) => k.byNode.get(node) ?? NONE);
}
