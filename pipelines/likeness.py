"""Which past steps are most like one to come: sizes of steps, and how far apart they are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from storage.measures import Measure

Sizes = dict[str, float | str]
BUDGET_UNITS = ("seconds", "steps", "epochs")
NEAR = 5  # so many past steps make an estimate
LONGEST_WORD = 80


def budget_of(sizes: Sizes) -> tuple[str | None, float]:
    """The unit and amount of a budget among sizes."""
    for unit in BUDGET_UNITS:
        if f"budget.{unit}" in sizes:
            return unit, float(sizes[f"budget.{unit}"])
    return None, 0.0


def sizes_of(params: Mapping[str, Any]) -> Sizes:
    """What the cost of a step may depend on: its parameters as numbers and words, without the seed."""
    sizes: Sizes = {}
    for name, value in params.items():
        if isinstance(value, dict) and set(value) == set(BUDGET_UNITS):
            sizes.update({f"budget.{unit}": float(n) for unit, n in value.items() if n is not None})
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            sizes[name] = float(value)
        elif name != "seed":
            sizes[name] = str(value)[:LONGEST_WORD]
    sizes.pop("seed", None)
    return sizes


def nearest(measures: list[Measure], sizes: Sizes, inputs: int | None) -> tuple[list[Measure], bool]:
    """The past steps most like the one asked for, and whether their sizes are equal to it (budgets aside)."""
    far = sorted((_distance(m, sizes, inputs), -i, m) for i, m in enumerate(reversed(measures)))
    if not far:
        return [], False
    same = [m for distance, _, m in far if distance < 1e-9]
    return (same[:NEAR], True) if same else ([m for d, _, m in far if d < far[0][0] + 1e-9][:NEAR], False)


def _distance(measure: Measure, sizes: Sizes, inputs: int | None) -> float:
    names = {n for n in {*measure.sizes, *sizes} if not n.startswith("budget.")}
    total = sum(_apart(measure.sizes.get(name), sizes.get(name)) for name in names)
    if inputs is not None:
        total += _apart(float(measure.inputs), float(inputs))
    return total


def _apart(one: float | str | None, other: float | str | None) -> float:
    if isinstance(one, float) and isinstance(other, float) and one * other > 0:
        return abs(math.log2(one / other))
    return 0.0 if one == other else 1.0
