// The messages under names that do not clash with the browser's own Node and Document, and small shared types.
import type * as M from "./messages.gen";

export type * from "./messages.gen";
export type Doc = M.Document;
export type DocNode = M.Node;

/** What Streamlit hands over as `data`: the message, and the height the page asked for. */
export type MountData = M.CanvasData & { height: number | null };

/** One end of a wire. */
export interface PortRef {
  node: string;
  port: string;
}

/** The catalogue with look-ups. */
export interface Blocks {
  list: M.BlockSpec[];
  byId: Map<string, M.BlockSpec>;
  kinds: Record<string, M.Kind>;
}

export function indexCatalogue(catalogue: M.Catalogue): Blocks {
  return {
    list: catalogue.blocks,
    byId: new Map(catalogue.blocks.map((block) => [block.id, block])),
    kinds: catalogue.kinds,
  };
}
