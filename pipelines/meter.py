"""The meter of a worker: what each step that ended well has cost on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from sqlite3 import Row
from typing import Any

from nodes import warm
from pipelines.costs import machine
from pipelines.likeness import sizes_of
from storage.measures import Measure
from storage.runs import column

QUICK_SECONDS = 0.05
MOST_SEEN = 1000


class Meter:
    """Makes one measure per step; of equal steps that take no time worth the name, only the first."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._machine = machine()
        self._seen: set[tuple[str, str]] = set()

    def measure(
        self, step: Row, outputs: Mapping[str, Any], seconds: float, curves: Mapping[str, Any],
        inputs: Callable[[Row], int],
    ) -> Measure | None:  # fmt: skip
        """The cost of a step that has just ended after a first, whole attempt. `inputs` says how much it read."""
        if seconds < QUICK_SECONDS:
            like = (step["block"], step["params"])
            if like in self._seen or step["attempt"]:
                return None
            if len(self._seen) >= MOST_SEEN:
                self._seen.clear()
            self._seen.add(like)
        memory = warm.peak_memory(self._device) if seconds >= QUICK_SECONDS else None
        if step["attempt"]:  # an earlier attempt did a part of it
            return None
        sizes = sizes_of(column(step, "params") or {})
        return Measure(
            step["block"], self._machine, self._device, sizes, inputs(step), seconds,
            sum(output["size"] for output in outputs.values()), _work(sizes, curves), memory,
        )  # fmt: skip


def _work(sizes: Mapping[str, float | str], curves: Mapping[str, Any]) -> float | None:
    """The training steps that were made: those of the budget, else the end of the longest curve."""
    if "budget.steps" in sizes:
        return float(sizes["budget.steps"])
    if not any(name.startswith("budget.") for name in sizes):
        return None
    return max((float(points[-1][0]) for points in curves.values() if points), default=None)
