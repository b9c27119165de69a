"""Cache keys: what a step's result depends on, and the words for what changed since it last ran."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from sqlite3 import Row
from typing import Any, NamedTuple

from nodes.spec import BlockSpec
from pipelines.document import Node
from pipelines.validation import Checked
from storage.database import dump
from storage.runs import column

Inputs = dict[str, list[list[str]]]


def step_key(
    spec: BlockSpec, settings: str, seed: int | None, inputs: Inputs, keys: Mapping[str, str]
) -> str:
    """The key of a step: block, block version, parameters, seed, and the keys of what it consumes.

    Args:
        settings: all parameters, checked, as JSON text in order of name, without the seed.
        seed: the mixed seed, or None for a block that draws nothing at random.
        inputs: for each port the (node, port) that feed it; `keys` gives the key of each such node.
    """
    consumed = {port: [[keys[node], output] for node, output in inputs[port]] for port in sorted(inputs)}
    drawn = "null" if seed is None else seed
    content = (
        f'["{spec.id}",{spec.version},{settings},{drawn},{dump(consumed)}]'  # an id has no letter to escape
    )
    return hashlib.sha256(content.encode()).hexdigest()


class Keyed(NamedTuple):
    """A node with everything that its step depends on."""

    node: Node
    spec: BlockSpec
    title: str
    settings: Checked
    inputs: Inputs
    seed: int | None
    key: str

    @property
    def sources(self) -> set[str]:
        """The nodes that feed it."""
        return {source for wires in self.inputs.values() for source, _ in wires}


def why_it_runs(
    step: Keyed,
    previous: Row | None,
    before: Mapping[str, str],
    now: Mapping[str, Keyed],
    *,
    pipeline_ran: bool,
) -> str:
    """The reason a step runs, in words.

    Args:
        previous: the step of the same node in the latest earlier run of the pipeline.
        before: the keys of all steps of that earlier run, by node.
        now: every step of the plan, by node.
    """
    if previous is None:
        return "runs: new block" if pipeline_ran else "first run"
    if previous["block"] != step.spec.id:
        return "runs: the block was replaced"
    if previous["key"] == step.key:
        return _why_again(previous)
    changed = _changed_titles(step.spec, step.settings.plain, column(previous, "params") or {})
    if changed:
        return f"runs: {_listed(changed)} changed"
    if previous["seed"] != (step.seed or 0):
        return "runs: seed changed"
    return _changed_inputs(step.inputs, column(previous, "inputs") or {}, before, now)


def _why_again(previous: Row) -> str:
    words = {
        "failed": "runs: it failed last time",
        "cancelled": "runs: it was cancelled last time",
        "skipped": "runs: it was skipped last time",
        "queued": "runs: not done yet in the run before",
        "running": "runs: not done yet in the run before",
    }
    return words.get(previous["status"], "runs: its stored result was removed")


def _changed_titles(spec: BlockSpec, now: Mapping[str, Any], then: Mapping[str, Any]) -> list[str]:
    fields = spec.params.model_fields
    return [
        (fields[name].title or name).lower()
        for name in fields
        if name in now and (name not in then or now[name] != then[name])
    ]


def _listed(words: list[str]) -> str:
    if len(words) > 3:
        return f"{', '.join(words[:2])} and {len(words) - 2} more settings"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _changed_inputs(now: Inputs, then: Inputs, before: Mapping[str, str], steps: Mapping[str, Keyed]) -> str:
    for port in now:
        if now[port] != then.get(port):
            return f"runs: another wire feeds “{port}”" if port in then else f"runs: “{port}” is wired now"
    for port in then:
        if port not in now:
            return f"runs: “{port}” is no longer wired"
    for wires in now.values():
        for node, _ in wires:
            if before.get(node) != steps[node].key:
                return f"runs: {steps[node].title} before it changed"
    return "runs: the block was updated"
