"""How long to train: a budget in seconds, steps or epochs, and the plan of steps that follows from it.

A budget in seconds becomes steps by measuring. The measurements are written down in the plan, and everything
that shapes the training (the learning rate, the end) is computed from the plan and the step number alone.
Following a written plan therefore repeats a training bit for bit, on a machine of any speed.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

# The share of a budget that is trained at the peak rate. Before it is over, nothing need be known of the end.
HOLD = 0.15
WARM_UP = 50
# The rate ends at this share of its peak.
_LAST_RATE = 0.01
# A machine that slows down may stretch a training to this multiple of its seconds; then it ends as it is.
HARD_STOP = 1.5
HARD_STOP_REPLAY = 4.0
# The plan is made anew where it is off by this share of the steps left and this share of the seconds.
_DRIFT = 0.05
_DRIFT_SECONDS = 0.01
# The speed is taken over this share of the seconds.
_STRETCH = 0.05


@dataclass(frozen=True)
class Budget:
    """When to stop: exactly one of `seconds`, `steps` and `epochs` is given, and above 0."""

    seconds: float | None = None
    steps: int | None = None
    epochs: float | None = None

    def __post_init__(self) -> None:
        given = {name: value for name, value in vars(self).items() if value is not None}
        if len(given) != 1:
            raise ValueError(
                f"A budget needs exactly one of seconds, steps and epochs, but has {given or 'none'}."
            )
        ((name, value),) = given.items()
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"The budget is {value} {name}, but it must be above 0.")

    def fixed_steps(self, steps_per_epoch: int) -> int | None:
        """The number of steps, or None where it has to be measured."""
        if self.steps is not None:
            return int(self.steps)
        if self.epochs is not None:
            return max(1, round(self.epochs * steps_per_epoch))
        return None


@dataclass
class Plan:
    """The measurements of one training, oldest first, and where it ended.

    `marks` holds (step, steps, done): at `step` the whole training was reckoned to take `steps` steps, and the
    fall of the learning rate stood at `done` (0 to 1). `ended_at` is the number of steps made, where it is over,
    and `ended` says why: by the budget, by hand or by a hard stop. A plan that is a `replay` is followed to the letter.
    """

    budget: Budget
    marks: list[tuple[int, int, float]] = field(default_factory=list)
    ended_at: int | None = None
    replay: bool = False
    ended: str = "budget"
    # (step, seconds trained) of the measurements of this attempt
    _times: list[tuple[int, float]] = field(default_factory=list, repr=False)

    @classmethod
    def begin(cls, budget: Budget, steps_per_epoch: int, recalled: Any = None) -> Plan:
        """The plan for a budget; `recalled` is what an earlier attempt wrote down, or None."""
        if recalled is not None and recalled.get("marks") and recalled.get("budget") == asdict(budget):
            marks = [(int(step), int(steps), float(done)) for step, steps, done in recalled["marks"]]
            replay, ended = bool(recalled.get("complete")), recalled.get("ended", "budget")
            return cls(budget, marks, recalled.get("ended_at"), replay, ended)
        fixed = budget.fixed_steps(steps_per_epoch)
        return cls(budget, [] if fixed is None else [(int(fixed * HOLD), fixed, 0.0)])

    @property
    def steps(self) -> int | None:
        """The steps in all, as far as known."""
        if self.ended_at is not None:
            return self.ended_at
        return self.marks[-1][1] if self.marks else None

    def measure(self, step: int, elapsed: float) -> bool:
        """Reckon the steps anew after `step` steps took `elapsed` seconds. True where the plan changed.

        Nothing is planned before the hold is over; after that only where the machine has become faster or
        slower by enough to matter, or where the steps are done long before the seconds are.
        """
        seconds = self.budget.seconds
        if seconds is None or self.replay or step < 1:
            return False
        rate = self._rate(step, elapsed)
        self._times.append((step, elapsed))
        if elapsed < HOLD * seconds or (self.marks and step <= self.marks[-1][0]):
            return False
        left = rate * (seconds - elapsed)
        if self.marks:
            planned = self.marks[-1][1] - step
            drift = abs(left - planned)
            if drift < max(_DRIFT * planned, _DRIFT_SECONDS * seconds * rate):
                return False
        done = min(1.0, (elapsed / seconds - HOLD) / (1 - HOLD))
        self.marks.append((step, max(step, step + round(left)), done))
        return True

    def rate(self, step: int) -> float:
        """The learning rate after `step` steps, as a share of its peak: warm-up, hold, then cosine to ~0."""
        warm = min(1.0, (step + 1) / WARM_UP)
        return warm * (_LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * self._done(step))))

    def overdue(self, elapsed: float) -> bool:
        """Whether the machine has slowed down so much that the training is to end as it is."""
        limit = HARD_STOP_REPLAY if self.replay else HARD_STOP
        return self.budget.seconds is not None and elapsed > limit * self.budget.seconds

    def as_json(self, complete: bool = False) -> dict[str, Any]:
        """What to write down; `complete` marks a plan to be followed to the letter."""
        return {
            "budget": asdict(self.budget),
            "steps": self.steps,
            "measured_at": self.marks[0][0] if self.marks else None,
            "marks": [list(mark) for mark in self.marks],
            "ended_at": self.ended_at,
            "ended": self.ended,
            "complete": complete or self.replay,
        }

    def _rate(self, step: int, elapsed: float) -> float:
        """Steps a second over the latest stretch: the machine as it is now, not as it was."""
        stretch = max(1.0, _STRETCH * (self.budget.seconds or 0))
        while len(self._times) > 1 and elapsed - self._times[1][1] >= stretch:
            self._times.pop(0)
        since_step, since = self._times[0] if self._times and self._times[0][0] < step else (0, 0.0)
        return (step - since_step) / max(elapsed - since, 1e-9)

    def _done(self, step: int) -> float:
        """How far the fall of the rate is, 0 to 1: from the latest mark on, in even steps to the end."""
        for start, steps, done in reversed(self.marks):
            if start <= step:
                return min(1.0, done + (1 - done) * (step - start) / max(1, steps - start))
        return 0.0
