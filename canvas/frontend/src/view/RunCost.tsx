// What a run would take, beside the button that starts it; while one runs, how long it still takes.
import { costTitle, costWords, timeLeft } from "../rules/cost";
import { isActive, useLiveHead } from "../store/live";
import { useSession } from "./context";

export function RunCost() {
  const { live } = useSession();
  const cost = useLiveHead(live, (head) => head.cost);
  const run = useLiveHead(live, (head) => head.run);
  const words = isActive(run) ? timeLeft(run?.seconds_left ?? null) : cost && costWords(cost);
  if (!words || run?.status === "paused") return null;
  return (
    <span className="run-cost quiet" data-testid="run-cost" title={cost ? costTitle(cost) : undefined}>
      {words}
    </span>
  );
}
