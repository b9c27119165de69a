"""What pages and the canvas see of runs: rows turned into plain JSON, as `canvas.messages` describes it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from sqlite3 import Row
from typing import Any

from pipelines.templates import Template
from storage.runs import column


@dataclass(frozen=True)
class PipelineRow:
    """One pipeline in a list."""

    id: str
    name: str
    template: str | None
    readonly: bool
    updated: float
    runs: int
    last_status: str | None
    last_number: int | None
    picture: str | None


@dataclass(frozen=True)
class RunRow:
    """One run in a list. Times are unix seconds; `seconds` is how long it took, or has taken so far."""

    id: str
    number: int
    pipeline: str
    pipeline_name: str
    template: str | None
    status: str
    message: str
    seed: int
    version: int
    created: float
    started: float | None
    finished: float | None
    seconds: float | None
    steps_done: int
    steps_total: int
    picture: str | None
    scores: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class StepRow:
    """One step of a run with everything a page may show of it."""

    node: str
    title: str
    block: str
    status: str
    reason: str
    message: str
    seconds: float | None
    attempt: int
    error: str | None
    outputs: dict[str, Any]
    scores: list[dict[str, Any]]
    curves: dict[str, list[list[float]]]
    pictures: list[dict[str, Any]]
    log: list[dict[str, Any]]
    params: dict[str, Any]
    reused_from: int | None


def taken(row: Row) -> float | None:
    """How long a run or step took, or has taken so far."""
    if row["started"] is None:
        return None
    return round((row["finished"] or time.time()) - row["started"], 2)


def worked(run: Row) -> float | None:
    """How long a run took, or has taken so far, without the time in which it was paused or had ended."""
    if run["started"] is None:
        return None
    until = run["finished"] or run["halted"] or time.time()
    return round(max(0.0, until - run["started"] - run["idle"]), 2)


def asked(run: Row) -> str:
    """What the user wants of a run and does not see yet: "cancelling", "pausing" or nothing."""
    if run["status"] not in ("queued", "running", "paused"):
        return ""
    return "cancelling" if run["cancel"] else "pausing" if run["pause"] and run["status"] != "paused" else ""


def node_state(step: Row) -> dict[str, Any]:
    """The card of a node: `NodeState`."""
    live = column(step, "live") or {}
    ended = step["status"] in ("done", "reused", "failed", "cancelled", "skipped")
    return {
        "status": step["status"],
        "reason": step["reason"] or "",
        "message": "" if ended else live.get("message", ""),
        "fraction": 1.0 if step["status"] in ("done", "reused") else live.get("fraction"),
        "seconds": step["seconds"] if ended else taken(step),
        "seconds_left": None if ended else live.get("seconds_left"),
        "attempt": max(1, step["attempt"]),
        "error": step["error"],
        "curves": live.get("curves", {}),
        "preview": live.get("preview"),
        "scores": live.get("scores", []),
        "outputs": {
            name: {key: output[key] for key in ("kind", "hash", "summary", "picture")}
            for name, output in (column(step, "outputs") or {}).items()
        },
        "key": step["key"],
    }


def earlier_state(step: Row) -> dict[str, Any]:
    """The card of a node that the newest run leaves out: its step of an earlier run, with the number of that run."""
    state = node_state(step)
    ended = step["status"] not in ("queued", "running")
    return {**state, "reason": f"from run {step['number']}"} if ended else state


def run_state(run: Row, steps: list[Row]) -> dict[str, Any]:
    """The run that the canvas shows: `RunState`."""
    shares = [
        1.0 if s["status"] not in ("queued", "running") else (column(s, "live") or {}).get("fraction") or 0.0
        for s in steps
    ]
    return {
        "run": run["id"],
        "number": run["number"],
        "status": run["status"],
        "message": asked(run) or run["message"] or "",
        "seconds": worked(run),
        "fraction": sum(shares) / len(shares) if shares else 0.0,
    }


def stored_live(template: Template) -> dict[str, Any]:
    """The stored results of a template, as the first thing its canvas shows."""
    results = template.results or {}
    states = {
        node: {
            **state,
            "status": "stored",
            "reason": f"made {results.get('made', 'earlier')}",
        }
        for node, state in results.get("nodes", {}).items()
    }
    return {"type": "snapshot", "run": None, "stored": bool(states), "nodes": states}


def last_picture(steps: list[Row]) -> str | None:
    """The picture that stands for a run: that of the last step which has one, pictures of a model's work first."""
    best = None
    for step in steps:
        preview = (column(step, "live") or {}).get("preview")
        if preview and (step["block"].startswith("generate.") or best is None or not best[0]):
            best = (step["block"].startswith("generate."), preview["hash"])
    return best[1] if best else None


def all_scores(steps: list[Row]) -> list[dict[str, Any]]:
    """Every score that a run's evaluation gave, with the node it came from."""
    return [
        {"node": step["node"], **row}
        for step in steps
        for output in (column(step, "outputs") or {}).values()
        for row in output["facts"].get("scores", [])
    ]
