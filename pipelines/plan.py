"""The plan of a run: which steps run and why, and which reuse a stored result."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from sqlite3 import Row

from nodes.catalogue import Catalogue
from nodes.context import mix_seed
from pipelines import graph
from pipelines.document import Document, DocumentError, Problem
from pipelines.keys import Keyed, step_key, why_it_runs
from pipelines.part import WHOLE, Part
from pipelines.validation import checked
from storage.artifacts import ArtifactStore
from storage.runs import NewStep, RunRows

AS_ASKED = "runs: its stored result is not used, as asked"


class Planner:
    """Makes plans from valid documents, with the stored results of one home."""

    def __init__(self, catalogue: Catalogue, runs: RunRows, artifacts: ArtifactStore) -> None:
        self._catalogue = catalogue
        self._runs = runs
        self._artifacts = artifacts

    def plan(self, document: Document, pipeline: str, part: Part = WHOLE) -> list[NewStep]:
        """The steps of a run of `document`, in an order that respects the wires.

        The document must be valid (see `pipelines.validation.problems`), and cut to the part (see `Part.cut`).

        Raises:
            DocumentError: one block alone was asked for, and its inputs are not stored.
        """
        shape = graph.build(document)
        keyed = self._keyed(document, shape)
        found = self.all_stored(k.key for k in keyed.values() if k.spec.pure)
        again = set(part.fresh).union(*(shape.descendants(id) for id in part.fresh))
        reused = {id: found[k.key] for id, k in keyed.items() if k.key in found and id not in again}
        wanted = keyed
        if part.only:
            wanted = _alone(part.only, keyed, reused)
        reasons = self._reasons({id: k for id, k in wanted.items() if id not in reused}, keyed, pipeline)
        reasons.update(
            (id, why) for id, why in _why_again(part.fresh, again, keyed).items() if keyed[id].key in found
        )
        return [
            NewStep(
                node=id, block=k.spec.id, title=k.title, device=k.spec.device,
                depends=tuple(sorted(k.sources & wanted.keys())),
                inputs=k.inputs, params=k.settings.plain, seed=k.seed or 0, key=k.key,
                reason=reuse_words(reused[id]) if id in reused else reasons[id],
                pure=k.spec.pure, reused=reused.get(id), fresh=id in again,
            )
            for id, k in wanted.items()
        ]  # fmt: skip

    def _keyed(self, document: Document, shape: graph.Graph) -> dict[str, Keyed]:
        nodes = {node.id: node for node in document.nodes}
        keys: dict[str, str] = {}
        found = {}
        for id in shape.order():
            node = nodes[id]
            spec = self._catalogue.get(node.block)
            if spec is None:
                raise ValueError(f"the document was not validated: unknown block {node.block}")
            settings = checked(node, spec)
            inputs = {port: [[*wire] for wire in wires] for port, wires in shape.inputs_of(id).items()}
            seed = mix_seed(document.seed, settings.plain["seed"]) if spec.seeded else None
            key = step_key(spec, settings.text, seed, inputs, keys)
            keys[id] = key if spec.pure else f"{key}-{secrets.token_hex(8)}"
            found[id] = Keyed(node, spec, node.title or spec.title, settings, inputs, seed, keys[id])
        return found

    def _reasons(
        self, running: Mapping[str, Keyed], keyed: Mapping[str, Keyed], pipeline: str
    ) -> dict[str, str]:
        """Why each of the steps that run does so: what changed since it last ran."""
        if not running:
            return {}
        earlier = self._runs.newest(pipeline) is not None
        previous = {row["node"]: row for row in self._runs.newest_steps(pipeline, running)} if earlier else {}
        before = {run: self._runs.keys_of(run) for run in {row["run"] for row in previous.values()}}
        reasons = {}
        for id, k in running.items():
            then = previous.get(id)
            keys_then = before[then["run"]] if then is not None else {}
            reasons[id] = why_it_runs(k, then, keys_then, keyed, pipeline_ran=earlier)
        return reasons

    def stored(self, key: str) -> Row | None:
        """The stored result of a key, where all its artifacts are still there."""
        return self.all_stored([key]).get(key)

    def all_stored(self, keys: Iterable[str]) -> dict[str, Row]:
        """The stored results of those keys that have one. A result whose artifact is gone is forgotten."""
        found, gone = {}, []
        for row in self._runs.results(list(keys)):
            outputs = json.loads(row["outputs"] or "{}")
            if all(self._artifacts.has(output["hash"]) for output in outputs.values()):
                found[row["key"]] = row
            else:
                gone.append(row["key"])
        if gone:
            self._runs.forget_results(gone)
        return found


def _alone(only: str, keyed: Mapping[str, Keyed], reused: Mapping[str, Row]) -> dict[str, Keyed]:
    """One node and the stored results that feed it. Raises DocumentError where one of them is not stored."""
    sources = keyed[only].sources
    missing = [k.title for id, k in keyed.items() if id in sources and id not in reused]
    if missing:
        names = ", ".join(f"“{title}”" for title in missing)
        result, verb = ("results", "are") if missing[1:] else ("result", "is")
        says = (
            f"“{keyed[only].title}” cannot run alone: the {result} of {names} before it {verb} not stored for these"
            " settings. Run to here instead."
        )
        raise DocumentError([Problem(says, only)])
    return {id: k for id, k in keyed.items() if id in sources or id == only}


def _why_again(fresh: Iterable[str], again: set[str], keyed: Mapping[str, Keyed]) -> dict[str, str]:
    """The reasons of blocks that run although they are stored, and of those after them."""
    reasons = dict.fromkeys(fresh, AS_ASKED)
    for id, k in keyed.items():  # in order, so that what is before a node already has its reason
        if id in again and id not in reasons:
            first = next(source for source in keyed if source in k.sources and source in again)
            reasons[id] = f"runs: {keyed[first].title} before it runs again"
    return reasons


def reuse_words(result: Row) -> str:
    """The reason of a step that does not run."""
    words = (
        f"reused from run {result['number']}" if result["number"] else "reused from a run that was deleted"
    )
    return f"{words}, stopped early" if result["early"] else words
