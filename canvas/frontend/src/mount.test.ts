// The contract with Streamlit: mounted once, updated later, never taken down by a false cleanup.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { component, type MountArgs } from "./mount";
import { setParam } from "./rules/edits";
import { catalogue, chain } from "./rules/samples.test.help";
import type { Session } from "./store/session";
import type { OpenDocument } from "./types";

class QuietSocket {
  close() {}
}

const shown: Session[] = [];
const removed = vi.fn();
const canvas = component(() => ({ show: (session) => void shown.push(session), remove: removed }));
const later = () => new Promise((resolve) => setTimeout(resolve, 5));
let parent: HTMLElement;

function args(doc: Partial<OpenDocument> = {}): MountArgs {
  const open = { id: "p", epoch: "e", rev: 1, readonly: false, document: chain(), ...doc };
  return { parentElement: parent, setTriggerValue: vi.fn(), data: { doc: open, catalogue, api: "api", height: null } };
}

beforeEach(() => {
  vi.stubGlobal("WebSocket", QuietSocket);
  vi.stubGlobal("fetch", vi.fn(() => Promise.resolve(new Response('{"rev": 99, "problems": []}'))));
  parent = document.createElement("div");
  document.body.append(parent);
  shown.length = 0;
  removed.mockClear();
});
afterEach(() => parent.remove());

describe("mount", () => {
  it("mounts once and keeps the session while the pipeline is the same", () => {
    canvas(args());
    canvas(args({ rev: 7 }));
    expect(parent.querySelectorAll(".genloom-host")).toHaveLength(1);
    expect(shown[0]).toBe(shown[1]);
  });

  it("stays when cleanup is called although the element stays", async () => {
    const cleanup = canvas(args());
    canvas(args());
    cleanup();
    await later();
    expect(removed).not.toHaveBeenCalled();
    expect(parent.querySelector(".genloom-host")).not.toBeNull();
  });

  it("goes when the element goes, and comes back with edits and undo", async () => {
    const cleanup = canvas(args({ id: "kept" }));
    shown[0]!.editor.edit((doc) => setParam(doc, "vae", "beta", 3));
    parent.remove();
    cleanup();
    await later();
    expect(removed).toHaveBeenCalledOnce();
    parent = document.createElement("div");
    document.body.append(parent);
    canvas(args({ id: "kept" }));
    expect(shown.at(-1)).toBe(shown[0]);
    expect(shown.at(-1)!.editor.doc.nodes[1]!.params.beta).toBe(3);
    expect(shown.at(-1)!.editor.canUndo).toBe(true);
  });

  it("loads another pipeline, and the same one under a new epoch", () => {
    canvas(args());
    canvas(args({ id: "q" }));
    canvas(args({ id: "q", epoch: "f" }));
    expect(new Set(shown).size).toBe(3);
  });

  it("does not go back to the template that the page still offers after a copy", async () => {
    const copied = { id: "copy", epoch: "c", rev: 1, document: { ...chain(), name: "A copy" } };
    vi.stubGlobal("fetch", vi.fn(() => Promise.resolve(new Response(JSON.stringify(copied)))));
    const first = args({ id: "template", readonly: true });
    canvas(first);
    shown[0]!.editor.edit((doc) => setParam(doc, "vae", "beta", 3));
    await later();
    expect(first.setTriggerValue).toHaveBeenCalledWith("opened", "copy");
    canvas(args({ id: "template", readonly: true }));
    canvas(args({ id: "copy", epoch: "c", rev: 1 }));
    expect(new Set(shown).size).toBe(1);
    expect(shown[0]!.identity.get()).toMatchObject({ id: "copy", readonly: false });
    expect(shown[0]!.editor.doc).toMatchObject({ name: "A copy" });
  });
});
