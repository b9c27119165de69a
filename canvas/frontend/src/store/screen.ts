// What is open on the screen beside the graph: quick add, the large view, lists, a message. Never saved.
import type { FlowNode } from "./flow";
import { Store } from "./store";

/** The search for a block, and where and how the chosen one is added. */
export interface QuickAdd {
  /** Where the search opens, in pixels of the canvas. */
  at: { x: number; y: number };
  /** Where the block goes, in the graph. */
  place: [number, number];
  /** The wire that was dropped on empty canvas. */
  wire: { node: string; port: string; kind: string; is: "source" | "target" } | null;
}

export interface Toast {
  text: string;
  tone: "plain" | "bad";
  id: number;
}

export interface Screen {
  quickAdd: QuickAdd | null;
  large: string | null;
  keysOpen: boolean;
  problemsOpen: boolean;
  paletteOpen: boolean;
  panelOpen: boolean;
  toast: Toast | null;
  /** The output or input that a wire is being drawn from. */
  wiring: { node: string; port: string; kind: string; is: "source" | "target" } | null;
  dark: boolean;
  renaming: FlowNode["id"] | null;
}

export class ScreenStore extends Store<Screen> {
  private count = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super({
      quickAdd: null, large: null, keysOpen: false, problemsOpen: false, paletteOpen: true, panelOpen: true,
      toast: null, wiring: null, dark: false, renaming: null,
    });
  }

  /** Say something for a while: long enough to read it. */
  say(text: string, tone: Toast["tone"] = "plain"): void {
    clearTimeout(this.timer);
    this.set({ toast: { text, tone, id: ++this.count } });
    this.timer = setTimeout(() => this.set({ toast: null }), Math.max(3500, text.length * 80));
  }

  hush(): void {
    clearTimeout(this.timer);
    this.set({ toast: null });
  }
}
