// History, the document's store, and the order of live messages.
import { describe, expect, it, vi } from "vitest";
import { setParam } from "../rules/edits";
import { blocks, chain } from "../rules/samples.test.help";
import type { Live, NodeState } from "../types";
import { Editor } from "./editor";
import { History } from "./history";
import { LiveStore } from "./live";

function nodeState(change: Partial<NodeState>): NodeState {
  return {
    status: "running", reason: "", message: "", fraction: null, seconds: null, seconds_left: null, attempt: 1,
    error: null, curves: {}, preview: null, scores: [], outputs: {}, key: "", ...change,
  };
}

describe("history", () => {
  it("goes back and forth without end", () => {
    const history = new History<number>();
    for (let n = 0; n < 500; n++) history.record(n, null);
    let at = 500;
    while (history.canUndo) at = history.undo(at)!;
    expect(at).toBe(0);
    while (history.canRedo) at = history.redo(at)!;
    expect(at).toBe(500);
  });

  it("merges keystrokes of one field, until a pause, another field or a settled one", () => {
    let time = 0;
    const history = new History<string>(() => time);
    const steps = (names: string[]) => names.forEach((name) => history.record("", name));
    steps(["a", "a", "a"]);
    time = 5000;
    steps(["a", "b"]);
    history.settle();
    steps(["b"]);
    let count = 0;
    while (history.undo("") !== null) count++;
    expect(count).toBe(4);
  });

  it("forgets what was undone after a new edit", () => {
    const history = new History<number>();
    history.record(1, null);
    history.undo(2);
    history.record(1, null);
    expect(history.canRedo).toBe(false);
  });
});

describe("editor", () => {
  it("keeps the identity of what does not change", () => {
    const editor = new Editor(chain(), blocks, () => undefined);
    const before = editor.nodes;
    editor.edit((doc) => setParam(doc, "vae", "beta", 1));
    expect(editor.nodes.map((node, index) => node === before[index])).toEqual([true, true, true, true]);
    editor.undo();
    expect(editor.doc).toEqual(chain());
  });

  it("tells of edits, not of selection or dragging", () => {
    const edited = vi.fn();
    const editor = new Editor(chain(), blocks, edited);
    editor.select(["vae"]);
    editor.nodesChanged([{ id: "vae", type: "position", position: { x: 9, y: 9 }, dragging: true }]);
    expect(edited).not.toHaveBeenCalled();
    expect(editor.doc.nodes[1]!.position).toEqual([304, 0]);
    editor.edit((doc) => setParam(doc, "vae", "beta", 1));
    expect(edited).toHaveBeenCalledOnce();
  });

  it("changes the name everywhere in the past without a step", () => {
    const editor = new Editor(chain(), blocks, () => undefined);
    editor.edit((doc) => setParam(doc, "vae", "beta", 1));
    editor.amend((doc) => ({ ...doc, name: "Copy" }));
    editor.undo();
    expect([editor.doc.name, editor.canUndo]).toEqual(["Copy", false]);
  });
});

describe("live", () => {
  const run = (id: string) => ({ run: id, number: 1, status: "running" as const, message: "", seconds: 1, seconds_left: null, fraction: 0 });
  const message = (change: Partial<Live>): Live => ({ type: "delta", run: run("a"), stored: false, nodes: {}, worker: "ready", forecast: null, cost: null, ...change });

  it("replaces per node by deltas and everything by a snapshot", () => {
    const live = new LiveStore();
    live.receive(message({ type: "snapshot", nodes: { x: nodeState({}), y: nodeState({}) } }));
    live.receive(message({ nodes: { x: nodeState({ status: "done" }) } }));
    expect([live.node("x")?.status, live.node("y")?.status]).toEqual(["done", "running"]);
    live.receive(message({ type: "snapshot", nodes: { y: nodeState({ status: "done" }) } }));
    expect([live.node("x"), live.node("y")?.status]).toEqual([undefined, "done"]);
  });

  it("starts afresh with another run, and keeps the run when a delta names none", () => {
    const live = new LiveStore();
    live.receive(message({ nodes: { x: nodeState({}) } }));
    live.receive(message({ run: null, nodes: {} }));
    expect(live.head.run?.run).toBe("a");
    live.receive(message({ run: run("b"), nodes: {} }));
    expect(live.node("x")).toBeUndefined();
  });

  it("keeps what a run would do until the server plans anew", () => {
    const live = new LiveStore();
    const x = vi.fn();
    live.subscribe("x", x);
    live.foresee({ x: "reused from run 3", y: "first run" });
    live.receive(message({}));
    live.foresee({ x: "runs: beta changed", y: "first run" });
    expect([live.forecast("x"), live.forecast("z"), x.mock.calls.length]).toEqual(["runs: beta changed", "", 2]);
  });

  it("tells only the nodes that changed", () => {
    const live = new LiveStore();
    const [x, y] = [vi.fn(), vi.fn()];
    live.subscribe("x", x);
    live.subscribe("y", y);
    live.receive(message({ nodes: { x: nodeState({}) } }));
    expect([x.mock.calls.length, y.mock.calls.length]).toEqual([1, 0]);
  });

  it("goes on showing a template's results in its fresh copy", () => {
    const live = new LiveStore();
    live.receive(message({ type: "snapshot", run: null, stored: true, nodes: { x: nodeState({ status: "stored" }) } }));
    live.hold();
    live.receive(message({ type: "snapshot", run: null, nodes: {} }));
    expect([live.node("x")?.status, live.head.stored]).toEqual(["stored", true]);
    live.receive(message({ type: "snapshot", run: run("a"), nodes: {} }));
    expect(live.node("x")).toBeUndefined();
  });
});
