// All scores of a block: a row per score, and beside each other what it is of, with interval, floor and samples.
import { figure, interval, scoreTitle, shortSubject } from "../rules/format";
import type { ScoreRow } from "../types";

const MOST_COLUMNS = 4;

export function ScoreTable({ rows }: { rows: ScoreRow[] }) {
  const subjects = [...new Set(rows.map((row) => row.subject))];
  const names = [...new Set(rows.map((row) => row.name))];
  const isWide = subjects.length > MOST_COLUMNS;
  const first = (name: string) => rows.find((row) => row.name === name)!;
  return (
    <section>
      <h3>Scores</h3>
      <table className="score-table" data-testid="score-table">
        {isWide ? <Long rows={rows} /> : <Pivot rows={rows} subjects={subjects} names={names} />}
      </table>
      <p className="quiet">
        ↓ lower is better, ↑ higher is better. In brackets: the interval. Floor: real data against real data. Features:{" "}
        {[...new Set(rows.map((row) => row.features))].join(", ")}.
      </p>
      <dl className="meanings">
        {names.filter((name) => first(name).meaning).map((name) => (
          <div key={name}>
            <dt>{scoreTitle(name)}</dt>
            <dd>{first(name).meaning}</dd>
          </div>
        ))}
        {subjects.filter((subject) => subject.includes(":")).map((subject) => (
          <div key={subject}>
            <dt>{capital(shortSubject(subject))}</dt>
            <dd>{capital(subject.split(":").slice(1).join(":").trim())}.</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Pivot({ rows, subjects, names }: { rows: ScoreRow[]; subjects: string[]; names: string[] }) {
  const find = (name: string, subject: string) => rows.find((row) => row.name === name && row.subject === subject);
  return (
    <>
      <thead>
        <tr>
          <th>Score</th>
          {subjects.map((subject) => <th key={subject} className="number" title={subject}>{capital(shortSubject(subject))}</th>)}
          <th className="number" title="Real data against real data">Floor</th>
          <th className="number">Samples</th>
        </tr>
      </thead>
      <tbody>
        {names.map((name) => {
          const any = rows.find((row) => row.name === name)!;
          return (
            <tr key={name}>
              <th scope="row">{scoreTitle(name)} <Better row={any} /></th>
              {subjects.map((subject) => <Value key={subject} row={find(name, subject)} />)}
              <td className="number">{figure(any.floor)}</td>
              <td className="number quiet">{any.n}</td>
            </tr>
          );
        })}
      </tbody>
    </>
  );
}

function Value({ row }: { row: ScoreRow | undefined }) {
  if (!row) return <td className="number quiet">–</td>;
  return (
    <td className="number" title={`${row.n} samples, floor ${figure(row.floor)}`}>
      <b>{figure(row.value)}</b>
      <span className="quiet range">[{interval(row.low, row.high)}]</span>
    </td>
  );
}

/** With many models: a row for each of them. */
function Long({ rows }: { rows: ScoreRow[] }) {
  return (
    <>
      <thead>
        <tr><th>Score</th><th>Of</th><th className="number">Value</th><th className="number">Floor</th></tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <tr key={`${row.name} ${row.subject}`}>
            <th scope="row">{rows[index - 1]?.name === row.name ? "" : <>{scoreTitle(row.name)} <Better row={row} /></>}</th>
            <td title={row.subject}>{shortSubject(row.subject)}</td>
            <Value row={row} />
            <td className="number">{figure(row.floor)}</td>
          </tr>
        ))}
      </tbody>
    </>
  );
}

function Better({ row }: { row: ScoreRow }) {
  const isLower = row.better === "lower";
  return <span className="quiet" title={isLower ? "Lower is better" : "Higher is better"}>{isLower ? "↓" : "↑"}</span>;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
