"""What a computation may say while it works, and the one way it learns that it should stop.

The mathematics in this package knows nothing of blocks, pages or databases. It is handed an `Observer`;
the executor hands in one that records, a notebook can hand in `Silent()`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True)
class Score:
    """One measured quality of generated data, with everything needed to trust it.

    `low` and `high` bound the 95 % bootstrap interval of `value`; `floor` is the same measure of real data
    against real data. `subject` says what was measured ("model" or "baseline: …").
    """

    name: str
    value: float
    low: float
    high: float
    floor: float
    n: int
    features: str
    better: str = "lower"
    subject: str = "model"
    meaning: str = ""


class Observer(Protocol):
    """The listener of one computation. Every method is cheap and never raises, except `check`."""

    def check(self) -> None:
        """Raise (a BaseException) when the work is to be given up. Call it at every training step."""

    def stopping(self) -> bool:
        """Whether to finish early and keep what was learned so far."""

    def progress(self, fraction: float, message: str = "", seconds_left: float | None = None) -> None:
        """How far the work is, from 0 to 1."""

    def metric(self, step: int, **values: float) -> None:
        """One point of one or more curves."""

    def preview(self, step: int, make: Callable[[], np.ndarray], caption: str = "") -> None:
        """Pictures to show now: `make` returns uint8 NHWC, and is called only when someone will see it."""

    def scores(self, rows: Sequence[Score], step: int | None = None) -> None:
        """Measured qualities, newest first."""

    def log(self, message: str) -> None:
        """One line for the log of the step."""

    def remember(self, name: str, value: Any) -> None:
        """Keep a small JSON value with the step, so that a second attempt repeats the first one."""

    def recall(self, name: str) -> Any:
        """What an earlier attempt of this step remembered under `name`, or None."""

    def checkpoint_due(self) -> bool:
        """Whether now is the time to save. Long work asks after every step, and saves where the answer is yes."""

    def save_checkpoint(self, state: Any) -> None:
        """Keep a state to go on from: tensors, arrays, plain values, and dicts, lists and tuples of them."""

    def load_checkpoint(self) -> Any:
        """The last state that an earlier attempt of this step saved, or None; its tensors are on the CPU."""


class Silent:
    """An observer that listens to nothing and never stops anything. For notebooks and tests."""

    def __init__(self) -> None:
        self._notes: dict[str, Any] = {}

    def check(self) -> None:
        return None

    def stopping(self) -> bool:
        return False

    def progress(self, fraction: float, message: str = "", seconds_left: float | None = None) -> None:
        return None

    def metric(self, step: int, **values: float) -> None:
        return None

    def preview(self, step: int, make: Callable[[], np.ndarray], caption: str = "") -> None:
        return None

    def scores(self, rows: Sequence[Score], step: int | None = None) -> None:
        return None

    def log(self, message: str) -> None:
        return None

    def remember(self, name: str, value: Any) -> None:
        self._notes[name] = value

    def recall(self, name: str) -> Any:
        return self._notes.get(name)

    def checkpoint_due(self) -> bool:
        return False

    def save_checkpoint(self, state: Any) -> None:
        return None

    def load_checkpoint(self) -> Any:
        return None
