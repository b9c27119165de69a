// Unlimited undo and redo over whole states. Edits with one merge name in quick succession become one step. Pure.

const MERGE_WITHIN_MS = 2000;

export class History<T> {
  private past: T[] = [];
  private future: T[] = [];
  private last: { merge: string; at: number } | null = null;

  constructor(private now: () => number = Date.now) {}

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /** Remember the state before an edit. */
  record(before: T, merge: string | null): void {
    const at = this.now();
    const merges = merge !== null && this.last?.merge === merge && at - this.last.at < MERGE_WITHIN_MS;
    if (!merges) this.past.push(before);
    this.future = [];
    this.last = merge === null ? null : { merge, at };
  }

  /** The state before the last edit, or null; `current` can be had back by redo. */
  undo(current: T): T | null {
    return this.move(this.past, this.future, current);
  }

  redo(current: T): T | null {
    return this.move(this.future, this.past, current);
  }

  /** Close the merging of keystrokes, such as when a field loses the focus. */
  settle(): void {
    this.last = null;
  }

  /** Change every remembered state, such as when the pipeline gets the name of its copy. */
  map(change: (state: T) => T): void {
    this.past = this.past.map(change);
    this.future = this.future.map(change);
  }

  private move(from: T[], to: T[], current: T): T | null {
    const state = from.pop();
    if (state === undefined) return null;
    to.push(current);
    this.last = null;
    return state;
  }
}
