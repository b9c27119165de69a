// Curves as points of a drawing. Pure.

export type Curve = [number, number][];

/** Curves worth showing first: losses, then the rest, none without points. */
export function mainCurves(curves: Record<string, Curve>): [string, Curve][] {
  const entries = Object.entries(curves).filter(([, points]) => points.length > 0);
  const rank = (name: string) => (name === "loss" ? 0 : name.includes("loss") ? 1 : 2);
  return entries.sort(([a], [b]) => rank(a) - rank(b));
}

export interface Range {
  minX: number;
  maxX: number;
  minY: number;
  maxY: number;
}

export function rangeOf(curves: Curve[]): Range {
  const all = curves.flat().filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  if (!all.length) return { minX: 0, maxX: 1, minY: 0, maxY: 1 };
  let [minX, maxX, minY, maxY] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of all) {
    minX = Math.min(minX, x);
    maxX = Math.max(maxX, x);
    minY = Math.min(minY, y);
    maxY = Math.max(maxY, y);
  }
  return { minX, maxX: maxX > minX ? maxX : minX + 1, minY, maxY: maxY > minY ? maxY : minY + 1 };
}

/** The curve as "x,y x,y …" within the box, with at most two points per pixel. */
export function curvePoints(points: Curve, width: number, height: number, range = rangeOf([points]), pad = 2): string {
  const every = Math.max(1, Math.ceil(points.length / (2 * width)));
  const kept = points.filter((_, index) => index % every === 0 || index === points.length - 1);
  const x = (value: number) => pad + ((value - range.minX) / (range.maxX - range.minX)) * (width - 2 * pad);
  const y = (value: number) => height - pad - ((value - range.minY) / (range.maxY - range.minY)) * (height - 2 * pad);
  return kept.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(" ");
}

/** Round values for an axis: about `wanted` of them. */
export function ticks(low: number, high: number, wanted = 4): number[] {
  const raw = (high - low) / wanted;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * size).find((s) => s >= raw) ?? size;
  const found: number[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) found.push(value);
  return found;
}
