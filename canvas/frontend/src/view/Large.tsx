// The large view of one block: its picture to look at closely, all scores, outputs and curves.
import { useState } from "react";
import { titleOf } from "../rules/wires";
import { useNodeState } from "../store/live";
import type { NodeState, OutputState, Picture } from "../types";
import { BigCurves } from "./BigCurves";
import { useDoc, useSession } from "./context";
import { Modal } from "./Modal";
import { ScoreTable } from "./ScoreTable";
import { Tool } from "./Toolbar";

export function Large({ id }: { id: string }) {
  const session = useSession();
  const node = useDoc((editor) => editor.node(id));
  const state = useNodeState(session.live, id);
  const close = () => session.screen.set({ large: null });
  const title = node ? titleOf(session.blocks, node) : id;
  const hasAny = state && (state.preview || state.scores.length || Object.keys(state.outputs).length || Object.keys(state.curves).length);
  return (
    <Modal title={title} onClose={close}>
      <div className="large" data-testid="large">
        {hasAny ? <Contents state={state} /> : <p className="quiet">This block has no result yet. Run the pipeline to get one.</p>}
      </div>
    </Modal>
  );
}

function Contents({ state }: { state: NodeState }) {
  const pictures = picturesOf(state);
  const outputs = Object.entries(state.outputs);
  return (
    <>
      {pictures.length > 0 && <Pictures pictures={pictures} />}
      <div className="large-side">
        {state.scores.length > 0 && <ScoreTable rows={state.scores} />}
        {Object.keys(state.curves).length > 0 && <BigCurves curves={state.curves} />}
        {outputs.length > 0 && <Outputs outputs={outputs} />}
      </div>
    </>
  );
}

function picturesOf(state: NodeState): Picture[] {
  const outputs = Object.values(state.outputs).flatMap((output) => (output.picture ? [output.picture] : []));
  const all = state.preview ? [state.preview, ...outputs] : outputs;
  return all.filter((picture, index) => all.findIndex((other) => other.hash === picture.hash) === index);
}

function Pictures({ pictures }: { pictures: Picture[] }) {
  const { client } = useSession();
  const [at, setAt] = useState(0);
  const [zoom, setZoom] = useState<number | null>(null);
  const picture = pictures[Math.min(at, pictures.length - 1)]!;
  const now = zoom ?? Math.min(1, 640 / picture.width);
  return (
    <figure className="large-picture">
      <div className="picture-area" style={{ aspectRatio: `${Math.max(1, picture.width / picture.height)}` }} tabIndex={0} role="group" aria-label="Picture">
        <img
          src={client.picture(picture.hash)} alt={picture.caption || "Result"} className={zoom === null ? "fitted" : ""}
          style={zoom === null ? {} : { width: picture.width * zoom, height: picture.height * zoom }}
        />
      </div>
      <figcaption>
        <span>{picture.caption || `${picture.width} × ${picture.height}`}</span>
        <span className="toolbar-gap" />
        {pictures.length > 1 && (
          <button type="button" className="button" onClick={() => setAt((at + 1) % pictures.length)}>Picture {at + 1} of {pictures.length}</button>
        )}
        <Tool name="minus" label="Smaller" onClick={() => setZoom(Math.max(0.25, now / 1.5))} />
        <Tool name="plus" label="Larger" onClick={() => setZoom(Math.min(16, now * 1.5))} />
        <Tool name="fit" label="Fit" onClick={() => setZoom(null)} />
      </figcaption>
    </figure>
  );
}

function Outputs({ outputs }: { outputs: [string, OutputState][] }) {
  const { blocks } = useSession();
  return (
    <section>
      <h3>Outputs</h3>
      <dl className="outputs">
        {outputs.map(([name, output]) => (
          <div key={name}>
            <dt>{name.replaceAll("_", " ")} <span className="quiet">{blocks.kinds[output.kind]?.title ?? output.kind}</span></dt>
            <dd>{output.summary} <code title={output.hash}>{output.hash.slice(0, 10)}</code></dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
