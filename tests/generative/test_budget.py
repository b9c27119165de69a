"""A budget becomes a plan of steps, and the plan alone decides the learning rate."""

from __future__ import annotations

import pytest

from generative.budget import WARM_UP, Budget, Plan


def drive(plan: Plan, speed, seconds: float = 1000.0) -> float:
    """Follow a plan on a machine of `speed(elapsed)` steps a second; gives the seconds it took."""
    elapsed, step, read = 0.0, 0, 0.25
    while elapsed < seconds:
        elapsed += 1 / speed(elapsed)
        step += 1
        if elapsed >= read or (plan.steps is not None and step >= plan.steps):
            plan.measure(step, elapsed)
            read = elapsed + 0.25
        if (plan.steps is not None and step >= plan.steps) or plan.overdue(elapsed):
            plan.ended_at = step
            break
    return elapsed


@pytest.mark.parametrize(
    "given", [{}, {"seconds": 1, "steps": 1}, {"seconds": 0}, {"steps": -1}, {"epochs": float("nan")}]
)
def test_a_budget_is_one_thing_above_zero(given):
    with pytest.raises(ValueError, match=r"budget"):
        Budget(**given)


def test_steps_and_epochs_are_known_at_once():
    assert Plan.begin(Budget(steps=70), 10).steps == 70
    assert Plan.begin(Budget(epochs=2.5), 10).steps == 25
    assert Plan.begin(Budget(seconds=5), 10).steps is None


@pytest.mark.parametrize(
    "speed",
    [
        lambda t: 300.0,
        lambda t: 300.0 if t < 10 else 100.0,
        lambda t: 10.0 if t < 8 else 400.0,
        lambda t: 400.0 if int(t) % 2 else 20.0,
        lambda t: 0.8,
    ],
    ids=["steady", "slows down", "starts slowly", "uneven", "one step a second"],
)
def test_seconds_are_kept_on_any_machine(speed):
    plan = Plan.begin(Budget(seconds=30), 10)
    assert drive(plan, speed) == pytest.approx(30, rel=0.1)


def test_the_rate_warms_up_holds_and_falls_to_almost_nothing():
    plan = Plan.begin(Budget(seconds=30), 10)
    drive(plan, lambda t: 300.0)
    rates = [plan.rate(step) for step in range(plan.steps)]
    assert rates[0] == pytest.approx(1 / WARM_UP)
    assert min(rates[WARM_UP : plan.marks[0][0]]) == 1.0
    assert all(a >= b for a, b in zip(rates[WARM_UP:], rates[WARM_UP + 1 :], strict=False))
    assert rates[-1] < 0.02


def test_the_rate_is_the_same_before_and_after_the_end_is_known():
    plan = Plan.begin(Budget(seconds=30), 10)
    seen = []
    elapsed = 0.0
    while plan.steps is None or len(seen) < plan.steps:
        seen.append(plan.rate(len(seen)))
        elapsed += 0.004 if elapsed < 12 else 0.007
        if len(seen) % 50 == 0:
            plan.measure(len(seen), elapsed)
    plan.ended_at = len(seen)
    replay = Plan.begin(Budget(seconds=30), 10, plan.as_json(complete=True))
    assert [replay.rate(step) for step in range(len(seen))] == seen


def test_a_replay_is_not_measured_again_and_ends_where_the_first_did():
    plan = Plan.begin(Budget(seconds=10), 10)
    drive(plan, lambda t: 50.0)
    replay = Plan.begin(Budget(seconds=10), 10, plan.as_json(complete=True))
    drive(replay, lambda t: 20.0)
    assert (replay.marks, replay.ended_at) == (plan.marks, plan.ended_at)


def test_a_plan_for_another_budget_is_not_followed():
    plan = Plan.begin(Budget(steps=10), 10)
    assert Plan.begin(Budget(steps=20), 10, plan.as_json(complete=True)).steps == 20


def test_a_machine_that_nearly_stands_still_is_stopped():
    plan = Plan.begin(Budget(seconds=10), 10)
    plan.marks.append((20, 1000, 0.0))
    assert not plan.overdue(14)
    assert plan.overdue(16)
