"""In how many parts a batch goes through the networks, and the one halving that a lack of memory may bring.

Like the plan, it is written down with the step at which it changed, so that a second attempt, or a repetition of the
training on a machine with more memory, does the same arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from generative.memory import OutOfMemory, Shortage
from generative.observer import Observer

PARTS = "training.parts"


class Parts:
    """`marks` holds (step, parts): from `step` on, a batch goes through in so many parts."""

    def __init__(self, batch: int, first: int, observer: Observer) -> None:
        self.batch, self.observer = batch, observer
        self.marks: list[tuple[int, int]] = [(0, first)]
        self.lack = Shortage(None, None)
        self.restore(observer.recall(PARTS) or [])

    def restore(self, marks: Sequence[Any]) -> None:
        """Follow what an earlier attempt did, where it did more than is known here."""
        if len(marks) > len(self.marks):
            self.marks = [(int(step), int(parts)) for step, parts in marks]

    def at(self, step: int) -> int:
        """The number of parts at a step."""
        return next(parts for since, parts in reversed(self.marks) if since <= step)

    def halve(self, step: int) -> None:
        """Memory ran out at `step`: from now on take twice as many parts. Only once in all attempts of a step.

        Raises:
            OutOfMemory: that was done before, or a batch cannot be halved.
        """
        parts = self.at(step)
        if (
            len(self.marks) > 1 and parts < self.marks[-1][1]
        ):  # an earlier attempt came further before it halved
            self.marks[-1] = (step, self.marks[-1][1])
        elif len(self.marks) > 1 or 2 * parts > self.batch:
            raise self.too_little()
        else:
            self.marks.append((step, 2 * parts))
        self.observer.remember(PARTS, [list(mark) for mark in self.marks])
        self.observer.log(f"{self.remark(step)}. {self.lack}".strip())

    def remark(self, step: int) -> str:
        """What the card says about it, or nothing."""
        if len(self.marks) == 1 or step < self.marks[-1][0]:
            return ""
        whole, parts = self.marks[-2][1], self.marks[-1][1]
        return f"Ran out of memory with {self._words(whole)}; goes on with {self._sizes(parts)}"

    def too_little(self) -> OutOfMemory:
        """What to say when nothing helps."""
        return OutOfMemory(
            f"The memory does not suffice for {self._words(self.marks[-1][1])}. {self.lack}".strip()
        )

    def _words(self, parts: int) -> str:
        return f"batches of {self.batch}" + (f", not even as {self._sizes(parts)}" if parts > 1 else "")

    def _sizes(self, parts: int) -> str:
        largest = math.ceil(self.batch / parts)
        return (
            f"{parts} × {largest}" if largest * parts == self.batch else f"{parts} parts of up to {largest}"
        )
