// The pure rules: what fits, what is wrong, what is found, where things go.
import { describe, expect, it } from "vitest";
import { checkField, isShown, short } from "./checks";
import { freshId, pasteClip, readClip, toClip } from "./clipboard";
import { curvePoints, mainCurves, ticks } from "./curves";
import { addNode, connect, remove, setParam } from "./edits";
import { duration, figure, scoreTitle } from "./format";
import { freePlace, tidy } from "./layout";
import { fromSlider, parseNumber, sliderOf, stepOf, toSlider } from "./numbers";
import { merge, ownProblems, stillHolding } from "./problems";
import { lanes } from "./routes";
import { blocks, chain, checkCases } from "./samples.test.help";
import { groupBlocks, searchBlocks } from "./search";
import { cardSize } from "./sizes";
import { judgeWire, portFor } from "./wires";

const field = (block: string, name: string) => blocks.byId.get(block)!.fields.find((f) => f.name === name)!;

describe("wires", () => {
  const judge = (from: string, to: string, doc = chain()) => {
    const [source, target] = [from, to].map((end) => ({ node: end.split(".")[0]!, port: end.split(".")[1]! }));
    return judgeWire(doc, blocks, source!, target!);
  };
  const why = (from: string, to: string) => {
    const verdict = judge(from, to);
    return verdict.fits ? "" : verdict.why;
  };

  it.each([
    ["vae.model", "score.samples", "Image model cannot feed Images. Put a “Generate images” block between."],
    ["score.scores", "vae.images", "Scores cannot feed Images. Images come from “Handwritten digits”, “Prepare images” or “Generate images”."],
    ["digits.train", "digits.train", "This block has no such port any more."],
    ["generate.images", "vae.extra", "This wire would close a loop: “Train VAE” already feeds “Generate images”."],
    ["digits.train", "vae.images", "These two ports are wired already."],
  ])("%s to %s is refused in words", (from, to, words) => expect(why(from, to)).toBe(words));

  it("replaces the wire of an input that takes one", () => {
    const verdict = judge("digits.heldout", "vae.images");
    expect(verdict.fits && verdict.replaces?.from).toEqual(["digits", "train"]);
  });

  it("offers a kind where a broader one is taken, never the other way", () => {
    expect(portFor(blocks, blocks.byId.get("preprocess.images")!, "ImageFiles", "source")).toBe("files");
    expect(portFor(blocks, blocks.byId.get("preprocess.images")!, "Images", "source")).toBeNull();
    expect(portFor(blocks, blocks.byId.get("generate.images")!, "Images", "target")).toBe("images");
  });
});

describe("checks", () => {
  it.each(checkCases)("$block.$field = $value says what the server says", ({ block, field: name, value, says }) => {
    expect(checkField(field(block, name), value)).toBe(says);
  });

  it("wants what is required", () => {
    expect(checkField(field("dataset.images", "archive"), undefined)).toMatch(/^Images is needed\./);
  });

  it("writes numbers short, as Python does", () => {
    expect([0.002, 1e6, 864000, 1e-7, 0.1].map(short)).toEqual(["0.002", "1e+06", "864000", "1e-07", "0.1"]);
  });

  it("shows a field only when another asks for it", () => {
    expect(isShown(field("train.vae", "depth"), () => "auto")).toBe(false);
    expect(isShown(field("train.vae", "depth"), () => "transformer")).toBe(true);
  });
});

describe("clipboard", () => {
  it("pastes copies with fresh ids and the wires among them", () => {
    const text = toClip(chain(), new Set(["digits", "vae"]));
    const { doc, added } = pasteClip(chain(), blocks, readClip(text)!, [32, 32]);
    expect(added).toEqual(["digits_2", "vae_2"]);
    expect(doc.wires.at(-1)).toEqual({ from: ["digits_2", "train"], to: ["vae_2", "images"] });
    expect(doc.nodes.at(-1)!.params).toEqual(chain().nodes[1]!.params);
  });

  it.each(["", "hello", "{}", '{"mark":"genloom/nodes@1"}', '{"mark":"genloom/nodes@1","nodes":[{}],"wires":[]}'])(
    "takes no other text: %s", (text) => expect(readClip(text)).toBeNull(),
  );

  it("names blocks that are not installed", () => {
    const clip = readClip(toClip(chain(), new Set(["vae"])))!;
    clip.nodes[0]!.block = "train.other";
    expect(pasteClip(chain(), blocks, clip, [0, 0]).unknown).toEqual(["train.other"]);
  });

  it("counts ids up", () => expect(freshId(new Set(["vae", "vae_2"]), "train.vae")).toBe("vae_3"));
});

describe("edits", () => {
  it("give the same document when nothing changes", () => {
    const doc = chain();
    expect(remove(doc, new Set(["nobody"]))).toBe(doc);
    expect(connect(doc, blocks, { node: "vae", port: "model" }, { node: "score", port: "train" })).toBe(doc);
  });

  it("take wires along with a removed node", () => {
    expect(remove(chain(), new Set(["vae"])).wires.map((w) => w.to[0])).toEqual(["score", "score", "score"]);
  });

  it("set a parameter and take it back", () => {
    const set = setParam(chain(), "generate", "count", 5);
    expect(set.nodes[2]!.params).toEqual({ count: 5 });
    expect(setParam(set, "generate", "count", undefined)).toEqual(chain());
  });

  it("add a node with a short id", () => {
    const [doc, id] = addNode(chain(), blocks, "train.vae", [0, 0]);
    expect(id).toBe("vae_2");
    expect(doc.nodes).toHaveLength(5);
  });
});

describe("layout", () => {
  it("goes left to right and lets no card cover another", () => {
    const places = tidy(chain(), blocks);
    const boxes = chain().nodes.map((node) => ({ at: places.get(node.id)!, ...cardSize(blocks.byId.get(node.block)) }));
    expect(boxes.map((box) => box.at[0])).toEqual([...boxes.map((box) => box.at[0])].sort((a, b) => a - b));
    for (const a of boxes) {
      for (const b of boxes) {
        const apart = Math.abs(a.at[0] - b.at[0]) >= a.width || a.at[1] >= b.at[1] + b.height || b.at[1] >= a.at[1] + a.height;
        expect(a === b || apart).toBe(true);
      }
    }
  });

  it("finds a free place beside a taken one", () => {
    const [x, y] = freePlace(chain(), blocks, "train.vae", [0, 0]);
    expect(chain().nodes.every((node) => Math.abs(node.position[0] - x) >= 240 || Math.abs(node.position[1] - y) >= 300)).toBe(true);
  });

  it("leads long wires around cards, each on its own lane", () => {
    const found = [...lanes(chain(), blocks)].map(([wire, y]) => [wire.to.join("."), y] as const);
    expect(found.map(([name]) => name)).toEqual(["score.train", "score.heldout"]);
    expect(found[0]![1]).not.toBe(found[1]![1]);
  });
});

describe("search", () => {
  const titles = (query: string) => searchBlocks(blocks.list, query).map((block) => block.title);
  it.each([
    ["mnist", ["Handwritten digits"]],
    ["trn vae", ["Train VAE"]],
    ["fid", ["Evaluate images"]],
    ["zzz", []],
  ])("%s", (query, wanted) => expect(titles(query)).toEqual(wanted));
  it("puts titles before summaries", () => expect(titles("generate")[0]).toBe("Generate images"));
  it("keeps the order of work", () => {
    expect(groupBlocks(blocks.list).map(([group]) => group)).toEqual(["dataset", "preprocess", "train", "generate", "evaluate"]);
  });
});

describe("numbers", () => {
  it.each([["12", 12], ["1e-3", 0.001], ["1,5", 1.5], ["1 000", 1000], ["", null], ["abc", "abc"], ["−3", -3], ["1e999", "1e999"]])(
    "%s is read", (text, value) => expect(parseNumber(text)).toBe(value),
  );
  it("steps in the second digit where no step is declared", () => {
    expect(stepOf(field("train.vae", "learning_rate"), 0.002)).toBeCloseTo(0.0001);
    expect(stepOf(field("train.vae", "latent_size"), 16)).toBe(1);
  });
  it("has a slider only for sensible ranges, and meets its ends", () => {
    const slider = sliderOf(field("train.vae", "latent_size"))!;
    expect([fromSlider(slider, 0), fromSlider(slider, slider.stops)]).toEqual([2, 512]);
    expect(fromSlider(slider, toSlider(slider, 64))).toBeCloseTo(64, -1);
    expect(sliderOf(field("train.vae", "learning_rate"))).toBeNull();
    expect(sliderOf(field("dataset.digits", "seed"))).toBeNull();
  });
});

describe("problems", () => {
  const said = { node: "vae", field: "images", message: "“images” has no wire." };
  it("hold until what they are about changes", () => {
    const checked = remove(chain(), new Set(), [chain().wires[0]!]);
    expect(stillHolding([said], checked, setParam(checked, "vae", "beta", 1))).toEqual([said]);
    expect(stillHolding([said], checked, chain())).toEqual([]);
    expect(stillHolding([said], checked, remove(checked, new Set(["vae"])))).toEqual([]);
  });
  it("are said once, and at once where no server is needed", () => {
    const wrong = setParam(chain(), "vae", "latent_size", 1000);
    const own = ownProblems(wrong, blocks);
    expect(own).toEqual([{ node: "vae", field: "latent_size", message: "Latent size must be at most 512, but is 1000." }]);
    expect(merge(own, [own[0]!, said])).toEqual([own[0], said]);
  });
});

describe("words and drawings", () => {
  it.each([[0.2, "<1 s"], [8.4, "8 s"], [125, "2 min 05 s"], [4200, "1 h 10 min"]])("%d seconds", (s, text) => expect(duration(s)).toBe(text));
  it.each([[1.31, "1.31"], [0.8, "0.8"], [0.0004, "0.0004"], [0.00001, "1.0e-5"], [-0.00014, "−0.0001"], [146.2, "146"], [0, "0"]])("%d", (n, text) => expect(figure(n)).toBe(text));
  it("names scores", () => expect(["fid", "near_copies"].map(scoreTitle)).toEqual(["FID", "Near copies"]));
  it("puts losses first and draws within the box", () => {
    expect(mainCurves({ fid: [[0, 1]], loss: [[0, 1]], empty: [] }).map(([name]) => name)).toEqual(["loss", "fid"]);
    expect(curvePoints([[0, 0], [10, 5]], 100, 20)).toBe("2.0,18.0 98.0,2.0");
    expect(ticks(0, 600)).toEqual([0, 200, 400, 600]);
  });
});
