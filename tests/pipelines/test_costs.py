"""Estimates before a run: from real runs, scaled where the scaling is known, and unknown where nothing was measured."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import foresight
from pipelines.costing import headline
from pipelines.costs import Cost, Costs, StepCost, basis_words, machine
from pipelines.document import Document, Node
from pipelines.likeness import sizes_of
from pipelines.service import Service
from pipelines.worker import Worker
from storage import measures
from storage.measures import Measure
from storage.runs import NewStep
from tests.pipelines.conftest import begin, chain, until

ROOT = Path(__file__).parents[2]
Finish = Callable[[str], str]
TRAINING = """
import time
from nodes.api import Budget, Context, Param, Params, Scores, block

class TrainParams(Params):
    budget: Budget = Param(Budget(steps=10), title="Budget", description="How long.")
    fill: int = Param(0, ge=0, le=2_000_000_000, title="Fill", description="Bytes to hold for a moment.")
    seed: int = Param(0, ge=0, le=1000, title="Seed", description="Seed.")

@block("probe.train", version=1, title="Train")
def train(ctx: Context, params: TrainParams) -> Scores:
    '''Takes 10 ms for a step, and 0.1 s around them.'''
    held = bytearray(params.fill)
    held[::4096] = b"x" * len(held[::4096])
    step = 0
    time.sleep(0.1)
    until = time.monotonic() + (params.budget.seconds or 0.0)
    while step < (params.budget.steps or 0) or time.monotonic() < until:
        step += 1
        time.sleep(0.01)
        ctx.metric(step, loss=1.0 / step)
    row = {"name": "total", "value": 1.0, "low": 1.0, "high": 1.0, "floor": 0.0, "n": 1, "features": "none",
           "better": "higher", "subject": "model", "meaning": f"seed {ctx.seed}"}
    return Scores((row,))
"""


@pytest.fixture
def training(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service with a block that trains for a budget."""
    folder = tmp_path / "blocks"
    folder.mkdir()
    (folder / "training.py").write_text(TRAINING)
    monkeypatch.setenv("GENLOOM_BLOCKS", str(folder))
    return Service.open(service.home.root)


def _train(budget: dict[str, float], **params: object) -> Document:
    return Document("train", (Node("t", "probe.train", params={"budget": budget, **params}),))


def _do(service: Service, document: Document) -> float:
    """Run a document here and say how long its only step took."""
    worker = Worker(service.home, service.catalogue, "cpu")
    try:
        run = begin(service, document)
        worker.step()
    finally:
        worker.close()
    (step,) = service.steps(run)
    assert step.status == "done", step.error
    assert step.seconds is not None
    return step.seconds


def test_what_has_never_run_is_unknown(service: Service) -> None:
    cost = service.cost(chain(2))
    assert (cost.seconds, cost.memory, cost.disk, cost.unknown) == (None, None, None, ["n0", "n1"])
    assert cost.to_json()["steps"] == {"n0": None, "n1": None}
    assert headline(cost) == "Unknown: none of its blocks has run on this machine yet."


def test_two_runs_make_an_estimate_and_stored_results_cost_nothing(service: Service, finish: Finish) -> None:
    for value in (1.0, 2.0):
        assert (
            finish(begin(service, chain(2, seconds=0.4, value=value).with_param("n1", "seconds", 0.2)))
            == "done"
        )
    new = service.cost(chain(2, seconds=0.4, value=3.0).with_param("n1", "seconds", 0.2))
    assert new.unknown == []
    assert new.seconds is not None
    assert new.low is not None
    assert new.high is not None
    assert 0.6 <= new.seconds < 1.2
    assert new.low <= new.seconds <= new.high
    assert new.seconds == pytest.approx(sum(step.seconds or 0 for step in new.steps.values()), abs=0.01)
    assert new.disk == sum(step.disk or 0 for step in new.steps.values()) > 0
    assert new.memory == max(step.memory or 0 for step in new.steps.values())
    again = service.cost(chain(2, seconds=0.4, value=2.0).with_param("n1", "seconds", 0.2))
    assert (again.seconds, again.disk, again.unknown) == (0.0, 0, [])
    half = service.cost(
        chain(2, seconds=0.4, value=2.0).with_param("n1", "seconds", 0.2).with_param("n1", "value", 9)
    )
    assert half.steps["n0"].seconds == 0.0
    assert half.steps["n1"].basis == "similar"


def test_training_steps_are_scaled(training: Service) -> None:
    for steps in (20, 60):
        _do(training, _train({"steps": steps}))
    expected = training.cost(_train({"steps": 150})).seconds
    assert expected is not None
    taken = _do(training, _train({"steps": 150}))
    assert taken / 1.5 < expected < 1.5 * taken
    assert (
        expected < 7 * training.cost(_train({"steps": 20}, seed=1)).seconds
    )  # what is around them is not multiplied


def test_a_budget_in_seconds_is_taken_as_it_is_plus_what_was_measured_around_it(training: Service) -> None:
    before = training.cost(_train({"seconds": 30}))
    assert (before.seconds, before.memory, before.steps["t"].basis) == (30, None, "budget")
    taken = _do(training, _train({"seconds": 0.5}))
    after = training.cost(_train({"seconds": 30}))
    assert after.seconds == pytest.approx(30 + taken - 0.5, abs=0.01)
    assert after.seconds > 30.09
    pace = training.cost(
        _train({"steps": 100})
    ).seconds  # a step's time is known from the other kind of budget
    assert pace is not None
    assert 1.0 < pace < 4.0
    assert training.cost(_train({"epochs": 3})).unknown == ["t"]  # how long an epoch is, nobody has seen


def test_peak_memory_is_that_of_the_step(training: Service) -> None:
    _do(training, _train({"steps": 5}, fill=300_000_000))
    _do(training, _train({"steps": 5}))
    large = training.cost(_train({"steps": 5}, fill=300_000_000, seed=1)).memory
    small = training.cost(_train({"steps": 5}, seed=1)).memory
    assert large is not None
    assert small is not None
    assert 250e6 < large - small < 400e6


def test_a_run_that_would_fill_the_disk_is_refused_in_words(
    service: Service, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert finish(begin(service, chain(2, seconds=0.1))) == "done"
    needs = service.cost(chain(2, seconds=0.1, value=5.0)).disk
    assert needs
    opened = service.import_document(chain(2, seconds=0.1, value=5.0).text().encode())
    free = foresight.NEEDED_BYTES + needs
    monkeypatch.setattr(service.home, "free_bytes", lambda: free - 1)
    refused = service.start_run(opened.id, "refused")
    assert refused.run is None
    says = refused.problems[0].message
    assert says.startswith(
        "This run is expected to write 0 MB, going by what its blocks wrote before, and 67 MB"
    )
    assert says.endswith("Free some space and run again.")
    monkeypatch.setattr(service.home, "free_bytes", lambda: free)
    assert service.start_run(opened.id, "accepted").run


def test_the_estimate_is_shown_before_run_and_the_time_left_while_it_runs(
    service: Service, worker: Worker
) -> None:
    slow = chain(3, seconds=0.6)
    for value in (1.0, 2.0):  # the second is measured with both blocks known
        run = begin(service, slow.with_param("n0", "value", value).with_param("n2", "seconds", 0.6))
        while worker.step():
            pass
    last = slow.with_param("n0", "value", 3.0).with_param("n2", "seconds", 0.6)
    opened = service.import_document(last.text().encode())
    cost = service.live(opened.id)["cost"]
    assert 1.2 <= cost["seconds"] < 2.5
    assert (cost["unknown"], set(cost["steps"])) == ([], {"n0", "n1", "n2"})
    assert cost["basis"] == "Probe: measured here before; Probe source: from similar steps measured here"
    run = service.start_run(opened.id, "left").run
    assert run
    waiting = service.live(opened.id)["run"]["seconds_left"]
    assert waiting == pytest.approx(cost["seconds"], abs=0.11)
    time.sleep(foresight.AGAIN_SECONDS)
    while worker.step():
        pass
    until(lambda: service.run(run).status == "done", 5, "done")
    assert service.live(opened.id)["run"]["seconds_left"] is None
    assert service.live(opened.id)["cost"]["seconds"] == 0


def test_the_command_line_says_it(service: Service, finish: Finish, tmp_path: Path) -> None:
    finish(begin(service, chain(1, seconds=0.2)))
    file = tmp_path / "chain.json"
    file.write_text(chain(2, seconds=0.2, value=3.0).text())
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", "cost", str(file), "--json"], cwd=ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    cost = json.loads(done.stdout)
    assert cost["unknown"] == ["n1"]
    assert 0.2 <= cost["seconds"] < 0.6


# ---- which past steps count ----


def _measures(service: Service, *given: tuple[dict[str, object], float, dict[str, object]]) -> Costs:
    with service.home.database.write() as connection:
        for params, seconds, more in given:
            fields = {"machine": machine(), "device": "cpu", "inputs": 0, "disk": 10, **more}
            measures.add(connection, Measure(block="b", sizes=sizes_of(params), seconds=seconds, **fields))  # type: ignore[arg-type]
    return Costs(measures.Measures(service.home.database))


UNKNOWN = (None, None, None, "unknown")
NO_BUDGET = {"seconds": None, "steps": None, "epochs": None}
COUNTS = {
    "the nearest size": ([({"n": 8}, 1.0, {}), ({"n": 64}, 9.0, {})], {"n": 10}, (1.0, 1.0, 1.0, "similar")),
    "the middle of equal ones": (
        [({"n": 8}, s, {}) for s in (1.0, 2.0, 9.0)], {"n": 8}, (2.0, 1.0, 9.0, "measured")
    ),
    "another seed is the same": ([({"n": 8, "seed": 1}, 1.0, {})], {"n": 8, "seed": 2}, (1.0, 1.0, 1.0, "measured")),
    "the same words before near numbers": (
        [({"n": 8, "how": "a"}, 1.0, {}), ({"n": 8, "how": "b"}, 5.0, {})],
        {"n": 9, "how": "b"},
        (5.0, 5.0, 5.0, "similar"),
    ),
    "another machine says nothing": ([({"n": 8}, 1.0, {"machine": "elsewhere"})], {"n": 8}, UNKNOWN),
    "the device used last": (
        [({"n": 8}, 9.0, {"device": "cpu"}), ({"n": 8}, 1.0, {"device": "cuda:0"})],
        {"n": 8},
        (1.0, 1.0, 1.0, "measured"),
    ),
    "time per step": (
        [({"budget": {**NO_BUDGET, "steps": 100}}, 2.0, {"work": 100.0})],
        {"budget": {**NO_BUDGET, "steps": 1000}},
        (20.0, 20.0, 20.0, "measured"),
    ),
    "time per step beside what is around": (
        [({"budget": {**NO_BUDGET, "steps": n}}, 1 + n / 100, {"work": float(n)}) for n in (100, 300)],
        {"budget": {**NO_BUDGET, "steps": 1000}},
        (11.0, 11.0, 11.0, "measured"),
    ),
    "epochs": (
        [({"budget": {**NO_BUDGET, "epochs": 2}}, 4.0, {})],
        {"budget": {**NO_BUDGET, "epochs": 5}},
        (10.0, 10.0, 10.0, "measured"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("past", "asked", "expected"), COUNTS.values(), ids=COUNTS)
def test_which_past_steps_count(service: Service, past: list, asked: dict, expected: tuple) -> None:
    costs = _measures(service, *past)
    step = NewStep("s", "b", "B", "cpu", (), {}, asked, 0, "k", "")
    found = costs.of_plan([step]).steps["s"]
    assert (found.seconds, found.low, found.high, found.basis) == expected


def test_sums_follow_the_wires_and_the_workers(service: Service) -> None:
    costs = _measures(service, ({}, 2.0, {"memory": 5}))
    steps = [
        NewStep(n, "b", "B", "cpu", tuple(d), {"in": [[s, "out"] for s in d]}, {}, 0, n, "")
        for n, d in (("a", ""), ("b", "a"), ("c", "a"), ("d", "bc"))
    ]
    alone, shared = costs.of_plan(steps, 1), costs.of_plan(steps, 2)
    assert (alone.seconds, alone.memory, alone.disk) == (8, 5, 40)
    assert (shared.seconds, shared.memory, shared.disk) == (6, 10, 40)


def test_the_basis_is_said_once_for_equal_titles() -> None:
    steps = [StepCost("A", "measured", 1.0), StepCost("A", "measured", 1.0), StepCost("B", "unknown")]
    assert basis_words(steps) == "A: measured here before; B: unknown until it has run once"
    cost = Cost(2.0, 1.0, 3.0, None, None, {"a": steps[0], "b": steps[2]})
    assert headline(cost) == "At least 2.0 s (1.0 to 3.0 s); not counted: b"


def test_old_measures_are_let_go(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "KEPT", 300)
    with service.home.database.write() as connection:
        for _ in range(1100):
            measures.add(connection, Measure("b", "m", "cpu", {}, 0, 1.0, 0))
    (row,) = service.home.database.rows("SELECT count(*) AS n FROM measures")
    assert 300 <= row["n"] <= 300 + 256
