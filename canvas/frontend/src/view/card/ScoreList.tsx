// Scores on a card: each with its interval and its floor, the baseline beside the model.
import { figure, scoreTitle } from "../../rules/format";
import type { ScoreRow } from "../../types";

const ROOM = 4;

export function ScoreList({ id, rows }: { id: string; rows: ScoreRow[] }) {
  const shown = rows.slice(0, rows.length > ROOM ? ROOM - 1 : ROOM);
  return (
    <span className="scores" data-testid={`score-${id}`}>
      {shown.map((row, index) => (
        <span className="score" key={`${row.name} ${row.subject}`} title={scoreWords(row)}>
          <span className="score-name">
            {rows[index - 1]?.name === row.name ? "" : scoreTitle(row.name)}
            <span className="quiet"> {row.subject === "model" && rows.every((r) => r.subject === "model") ? "" : row.subject}</span>
          </span>
          <span className="score-value">{figure(row.value)}</span>
          <span className="quiet score-range">[{figure(row.low)}–{figure(row.high)}]</span>
          <span className="quiet score-floor">floor {figure(row.floor)}</span>
        </span>
      ))}
      {rows.length > shown.length && <span className="quiet">{rows.length - shown.length} more – click to see all</span>}
    </span>
  );
}

/** The headline score in one line, for cards that are not about scores. */
export function ScoreLine({ id, rows }: { id: string; rows: ScoreRow[] }) {
  const row = rows.find((r) => r.subject === "model") ?? rows[0];
  if (!row) return null;
  return (
    <span className="score-line" data-testid={`score-${id}`} title={scoreWords(row)}>
      {scoreTitle(row.name)} <b>{figure(row.value)}</b>
      <span className="quiet"> [{figure(row.low)}–{figure(row.high)}] · floor {figure(row.floor)}</span>
    </span>
  );
}

export function scoreWords(row: ScoreRow): string {
  const better = row.better === "lower" ? "Lower is better." : "Higher is better.";
  const meaning = row.meaning ? ` ${row.meaning}` : "";
  return (
    `${scoreTitle(row.name)} of ${row.subject}: ${figure(row.value)}, between ${figure(row.low)} and ${figure(row.high)}. ` +
    `Real data against real data: ${figure(row.floor)}. ${better} ${row.n} samples, features: ${row.features}.${meaning}`
  );
}
