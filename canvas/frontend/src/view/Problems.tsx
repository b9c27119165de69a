// The list of what keeps the pipeline from running; a press goes to the block.
import { count } from "../rules/format";
import { titleOf } from "../rules/wires";
import type { Problem } from "../types";
import { useActions } from "./actions";
import { useScreen, useSession } from "./context";
import { Icon } from "./icons";
import { useProblems } from "./useProblems";

/** The list over the graph, opened by a run that could not start. */
export function Problems() {
  const { screen } = useSession();
  const open = useScreen((s) => s.problemsOpen);
  const problems = useProblems();
  if (!open || !problems.length) return null;
  return (
    <section className="problems" data-testid="problems" aria-label="What to put right before a run">
      <header>
        <Icon name="warn" />
        <h3>This cannot run yet: {count(problems.length, "thing")} to put right</h3>
        <button type="button" className="icon-button" aria-label="Close this list" onClick={() => screen.set({ problemsOpen: false })}>
          <Icon name="close" size={14} />
        </button>
      </header>
      <ProblemList problems={problems} />
    </section>
  );
}

export function ProblemList({ problems }: { problems: Problem[] }) {
  const session = useSession();
  const actions = useActions();
  const goTo = (id: string) => {
    session.screen.set({ panelOpen: true });
    actions.show(id);
  };
  return (
    <ul className="problem-list">
      {problems.map((problem) => {
        const node = problem.node ? session.editor.node(problem.node) : undefined;
        return (
          <li key={`${problem.node} ${problem.field} ${problem.message}`}>
            {node ? (
              <button type="button" onClick={() => goTo(node.id)}>
                <b>{titleOf(session.blocks, node)}</b> {problem.message}
              </button>
            ) : (
              <span>{problem.message}</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
