// The right side: settings of the selected block, or of the pipeline when none is selected.
import { useDoc } from "../context";
import { ManyPanel } from "./ManyPanel";
import { NodePanel } from "./NodePanel";
import { PipelinePanel } from "./PipelinePanel";

export function Panel() {
  const selected = useDoc((editor) => editor.selected);
  const [first] = selected;
  return (
    <aside className="panel" aria-label="Settings">
      {selected.size > 1 ? <ManyPanel /> : first ? <NodePanel key={first} id={first} /> : <PipelinePanel />}
    </aside>
  );
}
