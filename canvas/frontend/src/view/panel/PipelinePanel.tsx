// Settings of the pipeline as a whole, what it holds, and what keeps it from running.
import { useState } from "react";
import { count } from "../../rules/format";
import { useDoc, useSession } from "../context";
import { ProblemList } from "../Problems";
import { useProblems } from "../useProblems";

export function PipelinePanel() {
  const { editor } = useSession();
  const doc = useDoc((e) => e.doc);
  const problems = useProblems();
  return (
    <div className="panel-body">
      <h2>Pipeline</h2>
      <div className="fields">
        <div className="field">
          <label htmlFor="description">Description</label>
          <textarea
            id="description" rows={4} value={doc.description} data-testid="description" onBlur={() => editor.settle()}
            placeholder="What is this pipeline for?"
            onChange={(event) => editor.edit((d) => ({ ...d, description: event.target.value }), { merge: "description" })}
          />
        </div>
        <Seed />
      </div>
      <section aria-label="Contents">
        <h3>Contents</h3>
        <p>{count(doc.nodes.length, "block")}, {count(doc.wires.length, "wire")}</p>
      </section>
      {problems.length > 0 && (
        <section className="panel-problems" data-testid="panel-problems">
          <h3>{count(problems.length, "thing")} to put right before a run</h3>
          <ProblemList problems={problems} />
        </section>
      )}
      <p className="quiet">Select a block to see its settings.</p>
    </div>
  );
}

const LARGEST_SEED = 2 ** 31 - 1;

function Seed() {
  const { editor } = useSession();
  const seed = useDoc((e) => e.doc.seed);
  const [draft, setDraft] = useState<string | null>(null);
  const error = draft !== null && !isSeed(draft) ? `Base seed must be a whole number from 0 to ${LARGEST_SEED}, but is “${draft}”.` : null;
  const change = (text: string) => {
    setDraft(text);
    if (isSeed(text)) editor.edit((doc) => (doc.seed === Number(text) ? doc : { ...doc, seed: Number(text) }), { merge: "seed" });
  };
  return (
    <div className={`field${error ? " has-error" : ""}`}>
      <label htmlFor="seed">Base seed</label>
      <span className="number-row">
        <input
          id="seed" inputMode="numeric" data-testid="seed" value={draft ?? String(seed)} aria-invalid={error !== null}
          onChange={(event) => change(event.target.value)} onBlur={() => (setDraft(null), editor.settle())}
        />
        <button type="button" className="button" onClick={() => change(String(Math.floor(Math.random() * 100_000)))}>New</button>
      </span>
      {error ? <p className="field-error">{error}</p> : <p className="field-help">Equal seeds give equal results.</p>}
    </div>
  );
}

function isSeed(text: string): boolean {
  return /^\d{1,10}$/.test(text.trim()) && Number(text) <= LARGEST_SEED;
}
