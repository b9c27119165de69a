// The size of a card and of its parts. Fixed per block, so that cards never grow over their neighbours. Pure.
import type { BlockSpec } from "../types";

export const CARD_WIDTH = 232;
export const HEADER = 44;
export const REASON = 22;
export const PORT = 24;
export const PREVIEW = 124;
export const SCORES = 124;
export const CURVE = 44;
export const FOOT = 34;
const PORTS_PADDING = 12;

const LEARNS = new Set(["train", "fine_tune"]);

export interface CardSize {
  width: number;
  height: number;
  body: "preview" | "scores" | "none";
  curve: boolean;
  ports: number;
}

export function cardSize(spec: BlockSpec | undefined): CardSize {
  const outputs = spec?.outputs ?? [];
  const onlyScores = outputs.length > 0 && outputs.every((port) => port.kind === "Scores");
  const body = onlyScores ? "scores" : "preview";
  const curve = LEARNS.has(spec?.group ?? "");
  const ports = Math.max(spec?.inputs.length ?? 0, outputs.length);
  const height =
    HEADER + REASON + (ports ? ports * PORT + PORTS_PADDING : 0) + (body === "scores" ? SCORES : PREVIEW) +
    (curve ? CURVE : 0) + FOOT;
  return { width: CARD_WIDTH, height, body, curve, ports };
}
