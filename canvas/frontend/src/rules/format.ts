// Numbers and times as short text. Pure.

/** Seconds as "8 s", "2 min 05 s", "1 h 10 min". */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds < 1) return "<1 s";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

/** A measured value with about three digits, never in exponents for everyday sizes, with a true minus sign. */
export function figure(value: number): string {
  return digits(value).replace(/^-/, "−");
}

function digits(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.00005 || size >= 1e6)) return value.toExponential(1);
  if (size < 0.001) return trimZeros(value.toFixed(4));
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return size >= 1 ? value.toFixed(2) : trimZeros(value.toFixed(3));
}

/** Two ends of a range; a dash would be unclear beside a minus sign. */
export function interval(low: number, high: number): string {
  return low < 0 || high < 0 ? `${figure(low)} to ${figure(high)}` : `${figure(low)}–${figure(high)}`;
}

/** What stands before the explanation: "baseline" of "baseline: mixture of Gaussians". */
export function shortSubject(subject: string): string {
  return subject.split(":")[0]!.trim();
}

function trimZeros(text: string): string {
  return text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  return size < 1e6 ? `${Math.round(size / 1000)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** The name of a score as people write it: "fid" is "FID". */
export function scoreTitle(name: string): string {
  if (/^[a-z]{2,4}$/.test(name)) return name.toUpperCase();
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
