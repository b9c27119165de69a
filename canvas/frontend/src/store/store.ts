// A value that parts of the page can watch, and the hook that watches it.
import { useSyncExternalStore } from "react";

type Listener = () => void;

/** Something that tells when it has changed. */
export class Emitter {
  private listeners = new Set<Listener>();

  subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  protected emit(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

/** A record whose parts are set together. */
export class Store<T extends object> extends Emitter {
  constructor(private state: T) {
    super();
  }

  get = (): T => this.state;

  set(change: Partial<T>): void {
    const names = Object.keys(change) as (keyof T)[];
    if (names.every((name) => Object.is(this.state[name], change[name]))) return;
    this.state = { ...this.state, ...change };
    this.emit();
  }
}

/** Watch a part of a store. `select` must give the same object while nothing in it has changed. */
export function useStore<T extends object, S>(store: Store<T>, select: (state: T) => S): S {
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}
