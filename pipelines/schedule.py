"""How long steps take together when several workers share them, and how much memory they need at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """A step to come: what it waits for, how long it takes, and the memory it needs."""

    node: str
    depends: tuple[str, ...]
    seconds: float
    memory: int = 0


@dataclass(frozen=True)
class Schedule:
    """When all is over, and the most memory in use at any time."""

    seconds: float
    memory: int


def schedule(tasks: Sequence[Task], workers: int) -> Schedule:
    """Give each task, in their order, to the worker that is free first. A task follows those it depends on."""
    free = [0.0] * max(1, workers)
    ends: dict[str, float] = {}
    spans: list[tuple[float, float, int]] = []
    for task in tasks:
        ready = max((ends[node] for node in task.depends if node in ends), default=0.0)
        if task.seconds <= 0.0 and not task.memory:
            ends[task.node] = ready
            continue
        worker = min(range(len(free)), key=lambda index: max(free[index], ready))
        begin = max(free[worker], ready)
        free[worker] = ends[task.node] = begin + task.seconds
        spans.append((begin, ends[task.node], task.memory))
    together = (
        sum(memory for begin, end, memory in spans if begin <= moment and (moment < end or begin == end))
        for moment, _, _ in spans
    )
    last = max(ends.values(), default=0.0)
    return Schedule(last, max((*together, *(memory for _, _, memory in spans)), default=0))
