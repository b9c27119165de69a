"""What a training tells while it runs: losses, progress, previews, assessments, and the time they cost.

Owns the clock. The seconds of a budget are seconds of training; what is spent on showing is not counted, and
is kept small by waiting longer after everything that took long.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from generative.loop import Training

# Losses stay on the device and are read this often: reading them makes a GPU wait.
READ_EVERY = 0.25
PREVIEW_GROWTH = 1.3
# A preview waits at least this many times what the last one took, so all of them stay near 2 % of the time.
PREVIEW_REST = 50
ASSESSMENTS = (0.2, 0.4, 0.6, 0.8)
# The losses that are reported are means over the last so many steps: the same in two equal trainings.
LAST = 50


class Narrator:
    """Keeps the clock of one run of a training, and tells its observer how it goes."""

    def __init__(self, training: Training, trained_before: float) -> None:
        self.training = training
        self.began = time.perf_counter() - trained_before
        self.aside = 0.0  # seconds spent on showing rather than training
        self.next_read = time.perf_counter() + READ_EVERY
        self.next_preview = 0.0
        self.preview_gap = 0.5
        self.assessed = -1
        self.assessing = 0.0
        self.kept: dict[str, list[Tensor]] = {}
        self.latest: dict[str, float] = {}
        self.several = len(training.moving) > 1
        if training.resumed_at:  # what was assessed before is not assessed again
            self.assessed = _marks_passed(self._how_far(trained_before)[0])

    def trained(self, now: float) -> float:
        """Seconds of training up to `now`."""
        return now - self.began - self.aside

    def keep(self, player: str, losses: Mapping[str, Tensor]) -> None:
        """Note the losses of a step without reading them."""
        for name, value in losses.items():
            name, value = f"{player}_{name}" if self.several else name, value.detach()
            self.kept.setdefault(name, []).append(value)
            self.training.recent.setdefault(name, deque(maxlen=LAST)).append(value)

    def save(self) -> None:
        """Have a checkpoint of this moment kept. Reading first makes sure that it is one worth going on from."""
        self.read(time.perf_counter())
        began = time.perf_counter()
        self.training.trained_before = self.trained(began)
        self.training.observer.save_checkpoint(self.training.snapshot())
        self.aside += time.perf_counter() - began

    def read(self, now: float, last: bool = False) -> None:
        """Read the losses, tell how far it is, measure the speed, and show a preview when one is due."""
        training = self.training
        fresh = self._read_losses()
        now = time.perf_counter()  # reading waits for the device, so only now the steps are really done
        trained = self.trained(now)
        if training.plan.measure(training.step, trained):
            training.observer.remember("training.plan", training.plan.as_json())
        fraction, left = self._how_far(trained)
        if fresh:
            rate = training.plan.rate(training.step)
            training.observer.metric(
                training.step, **self.latest, learning_rate=rate * training.recipe.players[0].learning_rate
            )
        training.observer.progress(fraction, self._words(), left)
        if last or trained >= self.next_preview:
            self._preview(trained)
        if not last:
            self._assess(fraction)
        self.aside += time.perf_counter() - now
        # A long training needs no more points than a short one.
        self.next_read = time.perf_counter() + max(READ_EVERY, trained / 400)

    def _words(self) -> str:
        """Where the training is, and what else the user should know of it."""
        training = self.training
        resumed = f"resumed at step {training.resumed_at:,}" if training.resumed_at else ""
        return " · ".join(
            part
            for part in (f"Step {training.step:,}", resumed, training.parts.remark(training.step))
            if part
        )

    def _read_losses(self) -> bool:
        """Whether there were any that had not been read."""
        if not self.kept:
            return False
        means = torch.stack([torch.stack(values).float().mean() for values in self.kept.values()]).tolist()
        self.latest = dict(zip(self.kept, means, strict=True))
        self.kept = {}
        bad = [name for name, value in self.latest.items() if not math.isfinite(value)]
        if bad:
            raise ValueError(
                f"The training broke at step {self.training.step}: {', '.join(bad)} is no longer a number. "
                f"Lower the learning rate (it is {self.training.recipe.players[0].learning_rate:g}), "
                "or check the data for values that stand out."
            )
        return True

    def _how_far(self, trained: float) -> tuple[float, float | None]:
        step, steps = self.training.step, self.training.plan.steps
        seconds = self.training.plan.budget.seconds
        if steps is None:
            share = min(1.0, trained / seconds) if seconds else 0.0
            return share, None if seconds is None else max(0.0, seconds - trained)
        return min(1.0, step / steps), max(0.0, (steps - step) * trained / max(1, step))

    def _preview(self, trained: float) -> None:
        began = time.perf_counter()
        averages = self.training.averages
        self.training.observer.preview(
            self.training.step, lambda: self.training.recipe.preview(averages), f"Step {self.training.step}"
        )
        took = time.perf_counter() - began
        self.preview_gap = max(self.preview_gap * PREVIEW_GROWTH, PREVIEW_REST * took)
        self.next_preview = trained + self.preview_gap

    def _assess(self, fraction: float) -> None:
        """Measure the samples a few times, and give it up where it would take more than its share."""
        share = self.training.settings.assess_share
        due = _marks_passed(fraction)
        if share <= 0 or due <= self.assessed:
            return
        self.assessed = due
        so_far = time.perf_counter() - self.began - self.aside
        whole = so_far / max(fraction, 1e-9)
        longest = self.assessing / max(1, due)
        if self.assessing + longest > share * whole:
            return
        began = time.perf_counter()
        figures = self.training.recipe.assess(self.training.averages)
        if figures:
            self.training.observer.metric(self.training.step, **figures)
        self.assessing += time.perf_counter() - began


def _marks_passed(fraction: float) -> int:
    """The number of the last assessment that is due, or -1."""
    return sum(fraction >= mark for mark in ASSESSMENTS) - 1
