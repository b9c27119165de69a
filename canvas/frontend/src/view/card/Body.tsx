// The main area of a card: its newest picture, its scores, or in plain words why it failed.
import { memo } from "react";
import type { BlockSpec, NodeState } from "../../types";
import { useSession } from "../context";
import { Icon } from "../icons";
import { ScoreList } from "./ScoreList";

interface Props {
  id: string;
  kind: "preview" | "scores";
  state: NodeState | undefined;
  spec: BlockSpec | undefined;
  block: string;
  isStale: boolean;
}

export const Body = memo(function Body({ id, kind, state, spec, block, isStale }: Props) {
  const { client, screen } = useSession();
  const open = () => screen.set({ large: id });
  const tall = kind === "scores" ? " tall" : "";
  if (state?.error) {
    return (
      <div className={`body body-error nowheel${tall}`} role="alert">
        <p>{state.error}</p>
      </div>
    );
  }
  if (kind === "scores" && (state?.scores.length || !state?.preview)) {
    return state?.scores.length ? (
      <button type="button" className={`body body-scores nodrag${tall}${isStale ? " stale" : ""}`} onClick={open} aria-label="Open the scores">
        <ScoreList id={id} rows={state.scores} />
      </button>
    ) : (
      <Placeholder tall={tall} text="Scores stand here after a run" group={spec?.group} />
    );
  }
  const picture = state?.preview;
  if (!picture) return <Placeholder tall={tall} text={spec ? waitingText(spec, state) : `The block ${block} is not installed here`} group={spec?.group} />;
  return (
    <button
      type="button" className={`body body-preview nodrag${tall}${isStale ? " stale" : ""}`} data-testid={`preview-${id}`} onClick={open}
      aria-label={`Open the picture${picture.caption ? `: ${picture.caption}` : ""}`}
    >
      <img src={client.picture(picture.hash)} alt="" draggable={false} width={picture.width} height={picture.height} />
      {picture.caption && <span className="caption">{picture.caption}</span>}
      <span className="zoom-hint"><Icon name="large" size={12} /></span>
    </button>
  );
});

function waitingText(spec: BlockSpec, state: NodeState | undefined): string {
  if (state?.status === "running") return "First picture soon";
  if (Object.values(state?.outputs ?? {}).length) return Object.values(state!.outputs)[0]!.summary;
  return spec.outputs.length ? "No result yet" : "";
}

function Placeholder({ text, group, tall }: { text: string; group: string | undefined; tall: string }) {
  return (
    <div className={`body body-empty${tall}`}>
      <Icon name={group ?? "other"} size={22} />
      <span>{text}</span>
    </div>
  );
}
