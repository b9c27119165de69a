"""What a run would cost before it runs: time, memory and disk, from what the same blocks have cost on this machine.

A figure is a measurement or a budget, never a guess: a block that has not run here yet is called unknown.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from sqlite3 import Row
from statistics import median
from typing import Any

from pipelines.likeness import Sizes, budget_of, nearest, sizes_of
from pipelines.schedule import Task, schedule
from storage.measures import Measure, Measures
from storage.runs import NewStep, column


@dataclass(frozen=True)
class StepCost:
    """The estimate of one step. None: unknown. `basis`: reused, measured, similar, budget or unknown."""

    title: str
    basis: str
    seconds: float | None = None
    low: float | None = None
    high: float | None = None
    memory: int | None = None
    disk: int | None = None


@dataclass(frozen=True)
class Cost:
    """The estimate of a run: sums over the steps whose cost is known. None where nothing is known."""

    seconds: float | None
    low: float | None
    high: float | None
    memory: int | None
    disk: int | None
    steps: dict[str, StepCost] = field(default_factory=dict)

    @property
    def unknown(self) -> list[str]:
        """The nodes whose time is unknown."""
        return [node for node, step in self.steps.items() if step.seconds is None]

    def to_json(self) -> dict[str, Any]:
        """As `canvas.messages.Cost`."""
        return {
            "seconds": self.seconds, "low": self.low, "high": self.high, "memory": self.memory, "disk": self.disk,
            "steps": {node: step.seconds for node, step in self.steps.items()}, "unknown": self.unknown,
            "basis": basis_words(list(self.steps.values())),
        }  # fmt: skip


class Costs:
    """Estimates for the steps of plans and runs, from the measures of one home."""

    def __init__(self, measures: Measures) -> None:
        self._measures = measures
        self._machine = machine()

    def of_plan(self, steps: Sequence[NewStep], workers: int = 1) -> Cost:
        """What a run of planned steps would cost with so many workers."""
        asked = [
            _Asked(s.node, s.block, s.title, s.params, s.inputs, column(s.reused, "outputs") if s.reused else None)
            for s in steps
        ]  # fmt: skip
        return self._of(asked, workers)

    def left(self, steps: Sequence[Row], workers: int = 1) -> float | None:
        """Seconds until a run with these rows of steps is over. None where it cannot be known."""
        asked = [_asked(step) for step in steps]
        costs = self._of(asked, workers).steps
        tasks = []
        for step, wanted in zip(steps, asked, strict=True):
            left = _left(step, costs[step["node"]])
            if left is None:
                return None
            tasks.append(Task(step["node"], wanted.depends, left))
        return round(schedule(tasks, workers).seconds, 1)

    def disk_beyond(self, steps: Sequence[NewStep], room: int) -> int | None:
        """The bytes that planned steps are expected to write, where that is more than `room`; else None."""
        if sum(step.reused is None for step in steps) * self._measures.largest_disk() <= room:
            return None  # without a closer look: no step has ever written so much
        need = self.of_plan(steps).disk or 0
        return need if need > room else None

    def memory_of(self, step: Row) -> int | None:
        """The most memory that a step is known to need."""
        wanted = _asked(step)
        return self._estimate(wanted, None, self._measures.of_block(wanted.block, self._machine)).memory

    def _of(self, asked: Sequence[_Asked], workers: int) -> Cost:
        known: dict[str, list[Measure]] = {}
        bytes_of: dict[str, int | None] = {}
        steps: dict[str, StepCost] = {}
        for step in asked:
            if step.outputs is not None:
                bytes_of[step.node] = sum(output["size"] for output in step.outputs.values())
                steps[step.node] = StepCost(step.title, "reused", 0.0, 0.0, 0.0, None, 0)
                continue
            if step.block not in known:
                known[step.block] = self._measures.of_block(step.block, self._machine)
            sources = [bytes_of.get(node) for node in step.depends]
            inputs = None if None in sources else sum(size or 0 for size in sources)
            cost = self._estimate(step, inputs, known[step.block])
            steps[step.node], bytes_of[step.node] = cost, cost.disk
        return _sum(asked, steps, workers)

    @staticmethod
    def _estimate(step: _Asked, inputs: int | None, measures: list[Measure]) -> StepCost:
        measures = [m for m in measures if m.device == measures[0].device]
        sizes = sizes_of(step.params)
        time_ = _time(sizes, inputs, measures)
        near, exact = nearest(measures, sizes, inputs)
        memory = [m.memory for m in near if m.memory is not None]
        return StepCost(
            step.title, time_.basis(exact), time_.seconds, time_.low, time_.high,
            max(memory) if memory else None, max(m.disk for m in near) if near else None,
        )  # fmt: skip


@dataclass(frozen=True)
class _Asked:
    """A step whose cost is asked for; `outputs` where it need not run."""

    node: str
    block: str
    title: str
    params: Mapping[str, Any]
    inputs: Mapping[str, Sequence[Sequence[str]]]
    outputs: Mapping[str, Any] | None

    @property
    def depends(self) -> tuple[str, ...]:
        return tuple(sorted({node for wires in self.inputs.values() for node, _ in wires}))


def _asked(step: Row) -> _Asked:
    ended = step["status"] in ("done", "reused")
    return _Asked(
        step["node"], step["block"], step["title"], column(step, "params") or {}, column(step, "inputs") or {},
        (column(step, "outputs") or {}) if ended else None,
    )  # fmt: skip


@dataclass(frozen=True)
class _Time:
    seconds: float | None = None
    low: float | None = None
    high: float | None = None
    from_budget: bool = False

    def basis(self, exact: bool) -> str:
        if self.seconds is None:
            return "unknown"
        return "budget" if self.from_budget else "measured" if exact else "similar"


def _time(sizes: Sizes, inputs: int | None, measures: list[Measure]) -> _Time:
    unit, amount = budget_of(sizes)
    if unit == "seconds":
        like = [m for m in measures if "budget.seconds" in m.sizes]
        extra = [m.seconds - float(m.sizes["budget.seconds"]) for m in nearest(like, sizes, inputs)[0]]
        return _range([max(0.0, amount + e) for e in extra]) if extra else _Time(amount, amount, amount, True)
    if unit == "steps":
        return _range(_by_work([m for m in measures if m.work], sizes, inputs, amount))
    if unit == "epochs":
        near, _ = nearest([m for m in measures if "budget.epochs" in m.sizes], sizes, inputs)
        return _range([m.seconds * amount / float(m.sizes["budget.epochs"]) for m in near])
    return _range([m.seconds for m in nearest(measures, sizes, inputs)[0]])


def _range(values: list[float]) -> _Time:
    if not values:
        return _Time()
    return _Time(round(median(values), 3), round(min(values), 3), round(max(values), 3))


def _by_work(measures: list[Measure], sizes: Sizes, inputs: int | None, work: float) -> list[float]:
    """Seconds for so much work. Two amounts measured tell what a step costs beside its work; one does not."""
    near, _ = nearest(measures, sizes, inputs)
    points = sorted((m.work, m.seconds) for m in near if m.work)
    if not points:
        return []
    (least, quick), (most, slow) = points[0], points[-1]
    if most > 1.5 * least and slow > quick:
        pace = (slow - quick) / (most - least)
        return [max(0.0, seconds + pace * (work - done)) for done, seconds in points]
    return [seconds * work / done for done, seconds in points]


def _left(step: Row, cost: StepCost) -> float | None:
    if step["status"] == "queued":
        return cost.seconds
    if step["status"] != "running":
        return 0.0
    said: float | None = (column(step, "live") or {}).get("seconds_left")
    if said is not None or cost.seconds is None:
        return said
    return max(0.0, cost.seconds - (time.time() - step["started"]))


def _sum(asked: Sequence[_Asked], steps: dict[str, StepCost], workers: int) -> Cost:
    def times(what: str) -> list[Task]:
        return [
            Task(s.node, s.depends, getattr(steps[s.node], what) or 0.0, steps[s.node].memory or 0)
            for s in asked
        ]

    disk = [cost.disk for cost in steps.values() if cost.disk is not None]
    if all(cost.seconds is None for cost in steps.values()):
        return Cost(None, None, None, None, sum(disk) if disk else None, steps)
    likely = schedule(times("seconds"), workers)
    low, high = schedule(times("low"), workers).seconds, schedule(times("high"), workers).seconds
    return Cost(
        round(likely.seconds, 2), round(low, 2), round(high, 2), likely.memory or None,
        sum(disk) if disk else None, steps,
    )  # fmt: skip


def basis_words(steps: Sequence[StepCost]) -> str:
    """What an estimate is based on, in words."""
    words = {
        "measured": "measured here before",
        "similar": "from similar steps measured here",
        "budget": "as much as its budget",
        "unknown": "unknown until it has run once",
        "reused": "reused",
    }
    parts = []
    for basis, said in words.items():
        titles = list(dict.fromkeys(step.title for step in steps if step.basis == basis))
        if titles:
            shown = ", ".join(titles[:4]) + (f" and {len(titles) - 4} more" if len(titles) > 4 else "")
            parts.append(f"{shown}: {said}")
    return "; ".join(parts)


def machine() -> str:
    """The name of this machine: figures of another one say nothing here."""
    return platform.node() or "this machine"
