// Curves with axes: what a training measured over its steps.
import { type Curve, curvePoints, mainCurves, rangeOf, ticks } from "../rules/curves";
import { figure } from "../rules/format";

const WIDTH = 420;
const HEIGHT = 150;
const LEFT = 44;
const BOTTOM = 20;

export function BigCurves({ curves }: { curves: Record<string, Curve> }) {
  return (
    <section>
      <h3>Curves</h3>
      {mainCurves(curves).map(([name, points], index) => <Chart key={name} name={name} points={points} index={index} />)}
    </section>
  );
}

function Chart({ name, points, index }: { name: string; points: Curve; index: number }) {
  const range = rangeOf([points]);
  const [width, height] = [WIDTH - LEFT, HEIGHT - BOTTOM];
  const x = (value: number) => 2 + ((value - range.minX) / (range.maxX - range.minX)) * (width - 4);
  const y = (value: number) => height - 2 - ((value - range.minY) / (range.maxY - range.minY)) * (height - 4);
  const last = points.at(-1);
  return (
    <figure className="chart">
      <figcaption>{name.replaceAll("_", " ")} <span className="quiet">now {last ? figure(last[1]) : "–"}</span></figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${name} from ${figure(points[0]?.[1] ?? NaN)} to ${figure(last?.[1] ?? NaN)}`}>
        {ticks(range.minY, range.maxY, 3).map((value) => (
          <g key={value}>
            <line className="grid-line" x1={LEFT} x2={WIDTH} y1={y(value)} y2={y(value)} />
            <text x={LEFT - 6} y={y(value) + 3} textAnchor="end">{figure(value)}</text>
          </g>
        ))}
        {ticks(range.minX, range.maxX, 4).map((value) => (
          <text key={value} x={LEFT + x(value)} y={HEIGHT - 5} textAnchor="middle">{tickText(value)}</text>
        ))}
        <g transform={`translate(${LEFT} 0)`}>
          <polyline className={`line-${index % 2}`} points={curvePoints(points, width, height, range)} />
        </g>
      </svg>
    </figure>
  );
}

function tickText(value: number): string {
  return Math.abs(value) >= 10_000 ? `${Number((value / 1000).toPrecision(3))}k` : String(Number(value.toPrecision(4)));
}
