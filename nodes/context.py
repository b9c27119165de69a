"""`Context`: the only door from a block to the outside, and how seeds are mixed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

T = TypeVar("T")


class Context(Protocol):
    """What a running block may ask for and say. It also serves as the observer of `generative`.

    Attributes:
        device: where to compute: "cpu", "cuda:0", "mps".
        seed: the seed of this step: the run's base seed mixed with the block's own `seed` parameter.
        scratch: an empty folder for this attempt, removed when the step ends.
    """

    device: str
    seed: int
    scratch: Path

    def check(self) -> None:
        """Raise `Cancelled` when the run was cancelled. Long work calls it at every step."""

    def stopping(self) -> bool:
        """Whether the user asked to finish early and keep what there is."""

    def steps(self, items: Iterable[T], message: str = "") -> Iterator[T]:
        """Walk `items`, reporting progress and checking for cancellation before each."""

    def progress(self, fraction: float, message: str = "", seconds_left: float | None = None) -> None:
        """How far the step is, from 0 to 1."""

    def metric(self, step: int, **values: float) -> None:
        """One point of one or more curves."""

    def preview(self, step: int, make: Callable[[], np.ndarray], caption: str = "") -> None:
        """Pictures to show now: `make` returns uint8 NHWC, and is called only when it will be shown."""

    def scores(self, rows: Sequence[Any], step: int | None = None) -> None:
        """Measured qualities so far."""

    def log(self, message: str) -> None:
        """One line for the log of the step."""

    def remember(self, name: str, value: Any) -> None:
        """Keep a small JSON value with the step, so that a second attempt can repeat the first."""

    def recall(self, name: str) -> Any:
        """What an earlier attempt remembered under `name`, or None."""

    def checkpoint_due(self) -> bool:
        """Whether now is the time to save a checkpoint. Long work asks after every step, and saves where it is."""

    def save_checkpoint(self, state: Any) -> None:
        """Keep a state to go on from: tensors, arrays, plain values, and dicts, lists and tuples of them.

        A whole number under "step" in the state says how far the work is.
        """

    def load_checkpoint(self) -> Any:
        """The last state that an earlier attempt saved, or None. Its tensors are on the CPU."""

    def upload(self, digest: str) -> Path:
        """The stored file of an upload. Raises `BlockError` where it is missing."""


def mix_seed(base: int, own: int) -> int:
    """The seed of a step from the run's base seed and the block's own; with base 0 it is the block's own."""
    return (base * 1_000_003 + own) % (2**31)
