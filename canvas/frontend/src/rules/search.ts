// Finding blocks by typing: fuzzy over title, tags and summary; and the order of the palette. Pure.
import type { BlockSpec } from "../types";

const GROUP_ORDER = ["dataset", "preprocess", "train", "fine_tune", "generate", "evaluate"];

const GROUP_TITLES: Record<string, string> = {
  dataset: "Datasets",
  preprocess: "Prepare",
  train: "Train",
  fine_tune: "Fine-tune",
  generate: "Generate",
  evaluate: "Evaluate",
};

export function groupTitle(group: string): string {
  const words = group.replaceAll("_", " ");
  return GROUP_TITLES[group] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

/** Blocks by group, groups in the order of work, blocks by title. */
export function groupBlocks(blocks: BlockSpec[]): [string, BlockSpec[]][] {
  const groups = new Map<string, BlockSpec[]>();
  for (const block of blocks) groups.set(block.group, [...(groups.get(block.group) ?? []), block]);
  const order = (group: string) => (GROUP_ORDER.includes(group) ? GROUP_ORDER.indexOf(group) : GROUP_ORDER.length);
  return [...groups.entries()]
    .sort(([a], [b]) => order(a) - order(b) || a.localeCompare(b))
    .map(([group, members]) => [group, members.sort((a, b) => a.title.localeCompare(b.title))]);
}

/** The blocks that match, best first. Every word must match somewhere. An empty query matches all. */
export function searchBlocks(blocks: BlockSpec[], query: string): BlockSpec[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return blocks;
  const scored = blocks
    .map((block) => ({ block, score: scoreBlock(block, words) }))
    .filter((entry) => entry.score > 0);
  return scored.sort((a, b) => b.score - a.score || a.block.title.localeCompare(b.block.title)).map((e) => e.block);
}

function scoreBlock(block: BlockSpec, words: string[]): number {
  let total = 0;
  for (const word of words) {
    const score = Math.max(
      10 * scoreText(block.title, word),
      6 * Math.max(0, ...block.tags.map((tag) => scoreText(tag, word))),
      4 * scoreText(groupTitle(block.group), word),
      5 * scoreText(block.id, word),
      2 * (block.summary.toLowerCase().includes(word) ? 1 : 0),
    );
    if (!score) return 0;
    total += score;
  }
  return total;
}

/** 1 for a word's beginning, less for a place inside, little for scattered letters in order, 0 for none. */
export function scoreText(text: string, word: string): number {
  const low = text.toLowerCase();
  const at = low.indexOf(word);
  if (at === 0) return 1;
  if (at > 0) return /[^a-z0-9]/.test(low.charAt(at - 1)) ? 0.9 : 0.6;
  if (word.length < 2) return 0;
  let from = 0;
  let first = -1;
  for (const letter of word) {
    const found = low.indexOf(letter, from);
    if (found < 0) return 0;
    if (first < 0) first = found;
    from = found + 1;
  }
  const spread = (from - first) / word.length;
  return spread <= 3 ? 0.3 / spread : 0;
}
