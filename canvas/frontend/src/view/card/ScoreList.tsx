// Scores on a card: the first in large with its interval and floor, the others in a small table, baselines beside.
import { figure, interval, scoreTitle, shortSubject } from "../../rules/format";
import type { ScoreRow } from "../../types";

const ROOM = 5;

export function ScoreList({ id, rows }: { id: string; rows: ScoreRow[] }) {
  const subjects = [...new Set(rows.map((row) => row.subject))];
  return (
    <span className="scores" data-testid={`score-${id}`}>
      {subjects.length <= 2 ? <ByName rows={rows} subjects={subjects} /> : <BySubject rows={rows} subjects={subjects} />}
    </span>
  );
}

/** One model, perhaps with a baseline: a row per score. */
function ByName({ rows, subjects }: { rows: ScoreRow[]; subjects: string[] }) {
  const [main = "", beside] = subjects.includes("model") ? ["model", subjects.find((s) => s !== "model")] : subjects;
  const names = [...new Set(rows.map((row) => row.name))];
  const row = (name: string, subject: string | undefined) => rows.find((r) => r.name === name && r.subject === subject);
  const first = row(names[0] ?? "", main);
  const others = names.slice(1, 1 + ROOM);
  return (
    <>
      {first && (
        <span className="headline" title={scoreWords(first)}>
          <b className="headline-name">{scoreTitle(first.name)}</b>
          <b className="headline-value">{figure(first.value)}</b>
          <span className="quiet">[{interval(first.low, first.high)}]</span>
          <span className="quiet headline-floor">floor {figure(first.floor)}</span>
        </span>
      )}
      <span className="score-grid">
        <span className="quiet" />
        <span className="quiet" title={main}>{shortSubject(main)}</span>
        <span className="quiet" title={beside}>{shortSubject(beside ?? "")}</span>
        <span className="quiet">floor</span>
        {[...(beside && first ? [first.name] : []), ...others].slice(0, ROOM).map((name) => (
          <Cells key={name} row={row(name, main)} beside={row(name, beside)} />
        ))}
      </span>
    </>
  );
}

function Cells({ row, beside }: { row: ScoreRow | undefined; beside: ScoreRow | undefined }) {
  const any = row ?? beside;
  if (!any) return null;
  return (
    <>
      <span className="cell-name" title={scoreWords(any)}>{scoreTitle(any.name)}</span>
      <b>{row ? figure(row.value) : "–"}</b>
      <span>{beside ? figure(beside.value) : ""}</span>
      <span className="quiet">{figure(any.floor)}</span>
    </>
  );
}

/** Several models: a row per model, with the first score and its interval. */
function BySubject({ rows, subjects }: { rows: ScoreRow[]; subjects: string[] }) {
  const name = rows[0]?.name ?? "";
  const shown = subjects.slice(0, ROOM);
  return (
    <>
      <span className="headline">
        <b className="headline-name">{scoreTitle(name)}</b>
        <span className="quiet headline-floor">floor {figure(rows[0]?.floor ?? NaN)}</span>
      </span>
      <span className="score-grid by-subject">
        {shown.map((subject) => {
          const row = rows.find((r) => r.name === name && r.subject === subject);
          return row ? (
            <span className="subject-row" key={subject} title={scoreWords(row)}>
              <span className="cell-name">{shortSubject(subject)}</span>
              <b>{figure(row.value)}</b>
              <span className="quiet">[{interval(row.low, row.high)}]</span>
            </span>
          ) : null;
        })}
      </span>
      {subjects.length > shown.length && <span className="quiet">{subjects.length - shown.length} more – click to see all</span>}
    </>
  );
}

/** The headline score in one line, for cards that are not about scores. */
export function ScoreLine({ id, rows, isShort }: { id: string; rows: ScoreRow[]; isShort?: boolean }) {
  const row = rows.find((r) => r.subject === "model") ?? rows[0];
  if (!row) return null;
  return (
    <span className="score-line" data-testid={`score-${id}`} title={scoreWords(row)}>
      {scoreTitle(row.name)} <b>{figure(row.value)}</b>
      <span className="quiet">{isShort ? "" : ` [${interval(row.low, row.high)}]`} · floor {figure(row.floor)}</span>
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
