"""The plan of a run: which steps run and why, and which reuse a stored result."""

from __future__ import annotations

import secrets
from dataclasses import replace
from sqlite3 import Row
from typing import Any

from nodes.catalogue import Catalogue
from nodes.context import mix_seed
from nodes.spec import BlockSpec
from pipelines import graph
from pipelines.document import Document, Node
from pipelines.keys import Inputs, step_key, why_it_runs
from pipelines.validation import checked_params
from storage.artifacts import ArtifactStore
from storage.runs import NewStep, RunRows, column


class Planner:
    """Makes plans from valid documents, with the stored results of one home."""

    def __init__(self, catalogue: Catalogue, runs: RunRows, artifacts: ArtifactStore) -> None:
        self._catalogue = catalogue
        self._runs = runs
        self._artifacts = artifacts

    def plan(self, document: Document, pipeline: str) -> list[NewStep]:
        """The steps of a run of `document`, in an order that respects the wires.

        The document must be valid (see `pipelines.validation.problems`).
        """
        shape = graph.build(document)
        by_id = {node.id: node for node in document.nodes}
        specs = {id: self._spec(node) for id, node in by_id.items()}
        titles = {id: node.title or specs[id].title for id, node in by_id.items()}
        history = History(self._runs, pipeline)
        keys: dict[str, str] = {}
        steps = []
        for id in shape.order():
            inputs = {p: [list(w) for w in wires] for p, wires in shape.inputs_of(id).items()}
            step = self._step(by_id[id], specs[id], titles[id], document.seed, inputs, keys)
            keys[id] = step.key
            steps.append(self._decide(step, specs[id], keys, titles, history))
        return steps

    def _spec(self, node: Node) -> BlockSpec:
        spec = self._catalogue.get(node.block)
        if spec is None:
            raise ValueError(f"the document was not validated: unknown block {node.block}")
        return spec

    @staticmethod
    def _step(
        node: Node, spec: BlockSpec, title: str, base_seed: int, inputs: Inputs, keys: dict[str, str]
    ) -> NewStep:
        params = checked_params(node, spec).model_dump(mode="json")
        unseeded = {name: value for name, value in params.items() if name != "seed"}
        seed = mix_seed(base_seed, params["seed"]) if spec.seeded else None
        key = step_key(spec, unseeded, seed, inputs, keys)
        return NewStep(
            node=node.id, block=spec.id, title=title, device=spec.device, inputs=inputs, params=params,
            depends=tuple(sorted({source for wires in inputs.values() for source, _ in wires})),
            seed=seed or 0, key=key if spec.pure else f"{key}-{secrets.token_hex(8)}", reason="", pure=spec.pure,
        )  # fmt: skip

    def _decide(
        self, step: NewStep, spec: BlockSpec, keys: dict[str, str], titles: dict[str, str], history: History
    ) -> NewStep:
        found = self.stored(step.key) if step.pure else None
        if found is not None:
            return replace(step, reused=found, reason=reuse_words(found))
        now: dict[str, Any] = {
            "key": step.key,
            "params": step.params,
            "seed": step.seed,
            "inputs": step.inputs,
        }
        previous = history.of(step.node)
        before = history.run_of(previous)
        reason = why_it_runs(spec, now, previous, before, keys, titles, history.any)
        return replace(step, reason=reason)

    def stored(self, key: str) -> Row | None:
        """The stored result of a key, where all its artifacts are still there."""
        found = self._runs.result(key)
        if found is None:
            return None
        outputs = column(found, "outputs") or {}
        if all(self._artifacts.has(output["hash"]) for output in outputs.values()):
            return found
        self._runs.forget_result(key)
        return None


class History:
    """Earlier runs of a pipeline, read once each."""

    def __init__(self, runs: RunRows, pipeline: str) -> None:
        self._runs = runs
        self._pipeline = pipeline
        self._steps: dict[str, dict[str, Row]] = {}
        self.any = runs.newest(pipeline) is not None

    def of(self, node: str) -> Row | None:
        """The newest step of a node."""
        return self._runs.previous_step(self._pipeline, node) if self.any else None

    def run_of(self, step: Row | None) -> dict[str, Row]:
        """All steps of the run that a step belongs to, by node."""
        if step is None:
            return {}
        if step["run"] not in self._steps:
            self._steps[step["run"]] = {row["node"]: row for row in self._runs.steps(step["run"])}
        return self._steps[step["run"]]


def reuse_words(result: Row) -> str:
    """The reason of a step that does not run."""
    return f"reused from run {result['number']}" if result["number"] else "reused from a run that was deleted"
