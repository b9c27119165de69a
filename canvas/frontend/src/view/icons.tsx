// The canvas's own small drawings. All are decoration: the control that holds one has a name of its own.
import type { ReactNode } from "react";

const PATHS: Record<string, ReactNode> = {
  dataset: <><ellipse cx="8" cy="4" rx="5" ry="2" /><path d="M3 4v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2" /></>,
  preprocess: <><path d="M2 3h12l-4.6 5.4V13L6.6 11.6V8.4z" /></>,
  train: <><path d="M2 13c3 0 3.5-9 12-9.5" /><path d="M2 2v12h12" /></>,
  fine_tune: <><path d="M3 4h4M11 4h2M3 8h1M8 8h5M3 12h6M13 12h0" /><circle cx="9" cy="4" r="1.6" /><circle cx="6" cy="8" r="1.6" /><circle cx="11" cy="12" r="1.6" /></>,
  generate: <><path d="M8 2l1.4 4.6L14 8l-4.6 1.4L8 14l-1.4-4.6L2 8l4.6-1.4z" /></>,
  evaluate: <><path d="M2.5 12a6 6 0 1 1 11 0" /><path d="M8 10.5l2.8-4" /><circle cx="8" cy="10.8" r="1" /></>,
  other: <><rect x="3" y="3" width="10" height="10" rx="2" /><path d="M6 8h4M8 6v4" /></>,
  search: <><circle cx="7" cy="7" r="4" /><path d="M10 10l3.5 3.5" /></>,
  undo: <><path d="M6 3L3 6l3 3" /><path d="M3.5 6H10a3.5 3.5 0 0 1 0 7H7" /></>,
  redo: <><path d="M10 3l3 3-3 3" /><path d="M12.5 6H6a3.5 3.5 0 0 0 0 7h3" /></>,
  layout: <><rect x="2" y="2.5" width="4.5" height="4" rx="1" /><rect x="2" y="9.5" width="4.5" height="4" rx="1" /><rect x="10" y="6" width="4" height="4" rx="1" /><path d="M6.5 4.5h2v7h-2M8.5 8H10" /></>,
  fit: <><path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10" /></>,
  plus: <path d="M8 3v10M3 8h10" />,
  minus: <path d="M3 8h10" />,
  close: <path d="M4 4l8 8M12 4l-8 8" />,
  play: <path d="M5 3l8 5-8 5z" fill="currentColor" />,
  stop: <rect x="4" y="4" width="8" height="8" rx="1.5" fill="currentColor" />,
  pause: <><rect x="4" y="3.5" width="2.8" height="9" rx="1" fill="currentColor" /><rect x="9.2" y="3.5" width="2.8" height="9" rx="1" fill="currentColor" /></>,
  copy: <><rect x="5.5" y="5.5" width="8" height="8" rx="1.5" /><path d="M3.5 10.5h-1v-8h8v1" /></>,
  keys: <><rect x="1.5" y="4" width="13" height="8.5" rx="1.5" /><path d="M4 7h0M7 7h0M10 7h0M12.5 7h0M5 10h6" /></>,
  left: <><rect x="2" y="2.5" width="12" height="11" rx="1.5" /><path d="M6 2.5v11" /></>,
  right: <><rect x="2" y="2.5" width="12" height="11" rx="1.5" /><path d="M10 2.5v11" /></>,
  check: <path d="M3.5 8.5l3 3 6-7" />,
  warn: <><path d="M8 2.5l6 11H2z" /><path d="M8 6.5v3M8 11.5h0" /></>,
  reset: <><path d="M3 3v3.5h3.5" /><path d="M3.4 6.3A5 5 0 1 1 3 9" /></>,
  upload: <><path d="M8 10V2.5M5 5l3-3 3 3" /><path d="M2.5 10v3h11v-3" /></>,
  large: <path d="M9.5 2.5h4v4M13.5 2.5L9 7M6.5 13.5h-4v-4M2.5 13.5L7 9" />,
  folder: <path d="M2 4.5h4l1.5 1.5H14v7H2z" />,
  chevron: <path d="M5 6.5l3 3 3-3" />,
};

export function Icon({ name, size = 16 }: { name: string; size?: number }) {
  return (
    <svg
      className="icon" width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor"
      strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"
    >
      {PATHS[name] ?? PATHS.other}
    </svg>
  );
}

const COLOURS: Record<string, string> = {
  dataset: "#3b82f6",
  preprocess: "#0d9488",
  train: "#8b5cf6",
  fine_tune: "#c026d3",
  generate: "#ea580c",
  evaluate: "#ca8a04",
};

export function groupColour(group: string): string {
  return COLOURS[group] ?? "#64748b";
}
