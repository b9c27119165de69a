// The size of a card and of its parts. Fixed per block, so that cards never grow over their neighbours. Pure.
// The styles in card.css and graph.css use the same figures.
import type { BlockSpec } from "../types";

export const CARD_WIDTH = 240;
const HEADER = 42;
const REASON = 26;
const PORT = 24;
const PORTS_TOP = 4;
const PORTS_BOTTOM = 8;
const PREVIEW = 132;
const SCORES = 168;
const CURVE = 44;
const FOOT = 34;
const BORDER = 2;

const LEARNS = new Set(["train", "fine_tune"]);

export interface CardSize {
  width: number;
  height: number;
  body: "preview" | "scores";
  curve: boolean;
}

export function cardSize(spec: BlockSpec | undefined): CardSize {
  const outputs = spec?.outputs ?? [];
  const onlyScores = outputs.length > 0 && outputs.every((port) => port.kind === "Scores");
  const curve = LEARNS.has(spec?.group ?? "");
  const ports = Math.max(spec?.inputs.length ?? 0, outputs.length);
  const height =
    BORDER + HEADER + REASON + (ports ? PORTS_TOP + ports * PORT + PORTS_BOTTOM : 0) +
    (onlyScores ? SCORES : PREVIEW) + (curve ? CURVE : 0) + FOOT;
  return { width: CARD_WIDTH, height, body: onlyScores ? "scores" : "preview", curve };
}

/** How far below the card's top the port of that place in the list stands. */
export function portOffset(index: number): number {
  return BORDER / 2 + HEADER + REASON + PORTS_TOP + index * PORT + PORT / 2;
}
