"""A pretended server side: documents in memory and runs that only look like work. For tests of the canvas alone."""

from __future__ import annotations

import asyncio
import copy
import math
import uuid
from typing import Any

from canvas.messages import Catalogue
from tests.canvas import documents
from tests.canvas.pictures import picture

SCORES = [
    ("fid", 1.31, 1.2, 1.5, 0.8, "lower", "Distance between the samples as a whole and held-out images."),
    ("kid", 0.004, 0.002, 0.006, 0.001, "lower", "Like FID, less biased for few samples."),
    ("precision", 0.93, 0.9, 0.95, 0.97, "higher", "Share of samples that look real."),
    ("recall", 0.88, 0.85, 0.91, 0.96, "higher", "Share of real images that the samples cover."),
    ("near_copies", 0.01, 0.0, 0.02, 0.01, "lower", "Share of samples that repeat a training image."),
]


class Pipelines:
    """Documents by id, the state of their newest run, and who listens."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.blocks = {block.id: block for block in catalogue.blocks}
        self.rows: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, dict[str, Any]] = {}  # by pipeline
        self.requests: dict[str, str] = {}
        self.listeners: dict[str, set[asyncio.Queue[dict[str, Any]]]] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.fail_saves = 0
        self.saves = 0
        self.rate = 15.0

    def open(self, id: str) -> dict[str, Any]:
        """The row of a pipeline. Ids say what is in new ones: blank-…, chain-…, template-…, grid200-…."""
        if id not in self.rows:
            kind = id.split("-")[0]
            made = documents.blank() if kind == "blank" else documents.chain()
            made = documents.grid(int(kind[4:])) if kind.startswith("grid") else made
            self.rows[id] = {
                "id": id, "epoch": uuid.uuid4().hex, "rev": 1, "readonly": kind == "template", "document": made,
            }  # fmt: skip
        return self.rows[id]

    def problems(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        """Inputs without a wire."""
        found = []
        for node in document["nodes"]:
            block = self.blocks.get(node["block"])
            for port in block.inputs if block else []:
                wired = any(wire["to"] == [node["id"], port.name] for wire in document["wires"])
                if not wired and not port.optional:
                    message = f"“{port.name}” has no wire. It needs {self.catalogue.kinds[port.kind].title}."
                    found.append({"node": node["id"], "field": port.name, "message": message})
        return found

    def forecast(self, id: str) -> dict[str, str]:
        """What a run would do: nodes differ from the run, or the template, that is shown, or come after such a node."""
        row = self.open(id)
        now, then = row["document"], row.get("ran", row.get("made_from", row["document"]))
        old = {node["id"]: node for node in then["nodes"]}
        words: dict[str, str] = {}
        for node in now["nodes"]:
            before = old.get(node["id"])
            if not before or before["params"] != node["params"]:
                words[node["id"]] = "runs: settings changed" if before else "first run"
        for _ in now["nodes"]:
            for wire in now["wires"]:
                if words.get(wire["from"][0]):
                    words.setdefault(wire["to"][0], "runs: an input changed")
        return {node["id"]: words.get(node["id"], "reused from run 1") for node in now["nodes"]}

    def copy(self, id: str, document: dict[str, Any] | None) -> dict[str, Any]:
        """A new pipeline."""
        made = dict(document or self.open(id)["document"])
        made["name"] = f"{made['name']} (copy)"
        row = {
            "id": f"copy-{uuid.uuid4().hex[:8]}",
            "epoch": uuid.uuid4().hex,
            "rev": 1,
            "readonly": False,
            "document": made,
            "made_from": self.open(id)["document"],
        }
        self.rows[row["id"]] = row
        return row

    def snapshot(self, id: str) -> dict[str, Any]:
        """What a canvas is told first."""
        run, forecast = self.runs.get(id), self.forecast(id)
        if run:
            return {**self.message("snapshot", run, run["nodes"]), "forecast": forecast}
        stored = self.stored(id) if self.open(id)["readonly"] else {}
        head = {"type": "snapshot", "run": None, "stored": bool(stored), "worker": "ready"}
        return {**head, "nodes": stored, "forecast": forecast}

    def stored(self, id: str) -> dict[str, Any]:
        """The results that a template comes with."""
        document = self.open(id)["document"]
        states = {node["id"]: self.finished(node) for node in document["nodes"]}
        return {
            n: {**s, "status": "stored", "reason": "stored result of the template"} for n, s in states.items()
        }

    def message(self, type: str, run: dict[str, Any], nodes: dict[str, Any]) -> dict[str, Any]:
        head = {name: run[name] for name in ("run", "number", "status", "message", "seconds", "fraction")}
        return {"type": type, "run": head, "stored": False, "nodes": nodes, "worker": "ready"}

    def tell(self, id: str, nodes: dict[str, Any]) -> None:
        run = self.runs[id]
        run["nodes"].update(nodes)
        for queue in self.listeners.get(id, set()):
            queue.put_nowait(self.message("delta", run, nodes))

    def start(self, id: str, request: str) -> dict[str, Any]:
        """Start a pretended run, once per request."""
        if request in self.requests:
            return next(run for run in self.runs.values() if run["run"] == self.requests[request])
        run = {
            "run": uuid.uuid4().hex, "number": len(self.requests) + 1, "status": "running", "message": "",
            "seconds": 0.0, "fraction": 0.0, "nodes": {},
        }  # fmt: skip
        self.requests[request] = run["run"]
        self.runs[id] = run
        task = asyncio.get_running_loop().create_task(self._run(id, run))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return run

    def cancel(self, run_id: str) -> None:
        for id, run in self.runs.items():
            if run["run"] == run_id and run["status"] == "running":
                run["status"] = "cancelled"
                open_states = {
                    n: {**s, "status": "cancelled"}
                    for n, s in run["nodes"].items()
                    if s["status"] in ("queued", "running")
                }
                self.tell(id, open_states)

    async def _run(self, id: str, run: dict[str, Any]) -> None:
        document = self.open(id)["document"]
        self.open(id)["ran"] = copy.deepcopy(document)
        self.tell(id, {n["id"]: self.state("queued") for n in document["nodes"]})
        for index, node in enumerate(document["nodes"]):
            steps = int(self.rate * (6 if node["block"].startswith("train") else 0.6))
            for step in range(steps):
                await asyncio.sleep(1 / self.rate)
                if run["status"] != "running":
                    return
                run["seconds"] = round(run["seconds"] + 1 / self.rate, 2)
                run["fraction"] = (index + step / steps) / len(document["nodes"])
                state = self.working(node, step, steps)
                self.tell(id, {node["id"]: state})
            self.tell(id, {node["id"]: self.finished(node)})
        run["status"], run["fraction"] = "done", 1.0
        self.tell(id, {})

    def state(self, status: str, **more: Any) -> dict[str, Any]:
        empty: dict[str, Any] = {
            "status": status, "reason": "", "message": "", "fraction": None, "seconds": None, "seconds_left": None,
            "attempt": 1, "error": None, "curves": {}, "preview": None, "scores": [], "outputs": {}, "key": "",
        }  # fmt: skip
        return {**empty, **more}

    def curves(self, part: float) -> dict[str, list[list[float]]]:
        loss = [
            [s * 10, 0.08 + 0.6 * math.exp(-s / 12) + 0.02 * math.sin(s * 1.7)]
            for s in range(int(60 * part) + 1)
        ]
        return {"loss": loss, "fid": [[s, 1.3 + 40 * math.exp(-s / 90)] for s, _ in loss[::6]]}

    def working(self, node: dict[str, Any], step: int, steps: int) -> dict[str, Any]:
        """One node at work."""
        part = step / steps
        more: dict[str, Any] = {"message": f"step {step * 10} of {steps * 10}", "reason": "runs: first run"}
        if node["block"].startswith("train"):
            more["curves"] = self.curves(part)
            more["preview"] = {**picture(int(part * 10)), "caption": f"samples after step {step * 10}"}
        left = round((steps - step) / self.rate, 1)
        return self.state("running", fraction=part, seconds=step / self.rate, seconds_left=left, **more)

    def finished(self, node: dict[str, Any]) -> dict[str, Any]:
        """One node with its result."""
        block = self.blocks.get(node["block"])
        summaries = {"Images": "1,297 images · 8×8 · grey", "ImageModel": "276,104 weights · 3,100 steps"}
        preview = {**picture(10), "caption": "fixed noise, drawn by the model"}
        outputs = {
            port.name: {
                "kind": port.kind, "hash": "ab" * 32, "summary": summaries.get(port.kind, port.kind),
                "picture": preview if port.kind != "Scores" else None,
            }
            for port in (block.outputs if block else [])
        }  # fmt: skip
        more: dict[str, Any] = {"outputs": outputs, "seconds": 1.2, "fraction": 1.0, "preview": preview}
        if node["block"].startswith("train"):
            more |= {
                "curves": self.curves(1),
                "scores": [self.score(*SCORES[0], subject="model")],
                "seconds": 30.4,
                "reason": "runs: latent size changed",
            }
        if node["block"].startswith("evaluate"):
            rows = [
                self.score(*row, subject=s, shift=0.4 * (s == "baseline"))
                for s in ("model", "baseline")
                for row in SCORES
            ]
            more |= {"scores": rows, "reason": "runs: samples changed"}
        if node["block"].startswith("dataset"):
            return self.state("reused", **{**more, "reason": "reused from run 41"})
        return self.state("done", **more)

    def score(
        self, name: str, value: float, low: float, high: float, floor: float, better: str, meaning: str,
        *, subject: str, shift: float = 0.0,
    ) -> dict[str, Any]:  # fmt: skip
        factor = 1 + shift
        return {
            "name": name, "value": value * factor, "low": low * factor, "high": high * factor, "floor": floor,
            "n": 500, "features": "classifier of the digits, 64 numbers", "better": better, "subject": subject,
            "meaning": meaning,
        }  # fmt: skip
