"""Cache keys: what a step's result depends on, and the words for what changed since it last ran."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from sqlite3 import Row
from typing import Any

from nodes.spec import BlockSpec
from storage.database import dump
from storage.runs import column

Inputs = dict[str, list[list[str]]]


def step_key(
    spec: BlockSpec, params: Mapping[str, Any], seed: int | None, inputs: Inputs, keys: Mapping[str, str]
) -> str:
    """The key of a step: block, block version, parameters, seed, and the keys of what it consumes.

    Args:
        params: all parameters, checked, as plain JSON, without the seed.
        seed: the mixed seed, or None for a block that draws nothing at random.
        inputs: for each port the (node, port) that feed it; `keys` gives the key of each such node.
    """
    consumed = {port: [[keys[node], output] for node, output in wires] for port, wires in inputs.items()}
    content = dump(
        [spec.id, spec.version, dict(sorted(params.items())), seed, dict(sorted(consumed.items()))]
    )
    return hashlib.sha256(content.encode()).hexdigest()


def why_it_runs(
    spec: BlockSpec, step: dict[str, Any], previous: Row | None, before: Mapping[str, Row],
    keys: Mapping[str, str], titles: Mapping[str, str], pipeline_ran: bool,
) -> str:  # fmt: skip
    """The reason a step runs, in words.

    Args:
        step: its key, params, seed and inputs now.
        previous: the step of the same node in the latest earlier run of the pipeline.
        before: all steps of that earlier run, by node.
        keys, titles: the key and title of every node now.
    """
    if previous is None:
        return "runs: new block" if pipeline_ran else "first run"
    if previous["block"] != spec.id:
        return "runs: the block was replaced"
    if previous["key"] == step["key"]:
        return _why_again(previous)
    changed = _changed_titles(spec, step["params"], column(previous, "params") or {})
    if changed:
        return f"runs: {_listed(changed)} changed"
    if previous["seed"] != step["seed"]:
        return "runs: seed changed"
    return _changed_inputs(step["inputs"], column(previous, "inputs") or {}, before, keys, titles)


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


def _changed_inputs(
    now: Inputs, then: Inputs, before: Mapping[str, Row], keys: Mapping[str, str], titles: Mapping[str, str]
) -> str:
    for port in now:
        if now[port] != then.get(port):
            return f"runs: another wire feeds “{port}”" if port in then else f"runs: “{port}” is wired now"
    for port in then:
        if port not in now:
            return f"runs: “{port}” is no longer wired"
    for wires in now.values():
        for node, _ in wires:
            if node not in before or before[node]["key"] != keys[node]:
                return f"runs: {titles[node]} before it changed"
    return "runs: the block was updated"
