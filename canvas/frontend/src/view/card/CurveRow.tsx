// The line of a training card: how the loss went, and the newest score.
import { memo } from "react";
import { curvePoints, mainCurves } from "../../rules/curves";
import { figure } from "../../rules/format";
import type { NodeState } from "../../types";
import { ScoreLine } from "./ScoreList";

const WIDTH = 76;
const HEIGHT = 28;

export const CurveRow = memo(function CurveRow({ id, state }: { id: string; state: NodeState | undefined }) {
  const curves = mainCurves(state?.curves ?? {}).slice(0, 2);
  const [first] = curves;
  return (
    <div className="curve-row">
      {first ? (
        <>
          <svg
            className="spark" data-testid={`curve-${id}`} width={WIDTH} height={HEIGHT} role="img"
            aria-label={`Curve of ${curves.map(([name]) => name).join(" and ")}`}
          >
            {curves.map(([name, points], index) => (
              <polyline key={name} className={`line-${index}`} points={curvePoints(points, WIDTH, HEIGHT)} />
            ))}
          </svg>
          <span className="curve-text">
            {state?.scores.length ? <ScoreLine id={id} rows={state.scores} isShort /> : null}
            {curves.slice(0, state?.scores.length ? 1 : 2).map(([name, points], index) => (
              <span key={name} className="quiet">
                <i className={`dot-${index}`} aria-hidden="true" /> {name.replaceAll("_", " ")} {figure(points.at(-1)?.[1] ?? NaN)}
              </span>
            ))}
          </span>
        </>
      ) : (
        <span className="curve-none" aria-hidden="true" />
      )}
    </div>
  );
});
