"""Which step a worker gets: turns between pipelines, values at hand, GPUs and CPUs, and never one step twice."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from pathlib import Path
from sqlite3 import Row

import pytest

from storage.claims import Claims, Seat
from storage.home import Home
from storage.reports import Reports, StepReport
from storage.runs import NewStep, RunRows
from storage.workers import WorkerRows


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def _step(node: str, *depends: str, device: str = "cpu") -> NewStep:
    return NewStep(
        node=node, block="probe", title=node, device=device, depends=depends,
        inputs={"in": [[source, "out"] for source in depends]}, params={}, seed=0, key=node, reason="",
    )  # fmt: skip


def _start(home: Home, name: str, steps: list[NewStep], pipeline: str = "p") -> str:
    run, _ = RunRows(home.database).create(
        pipeline=pipeline, digest=name, document="{}", request=name, seed=0, steps=steps
    )
    return str(run["id"])


def _loose(name: str, count: int) -> list[NewStep]:
    return [_step(f"{name}{index}") for index in range(count)]


def _chained(name: str, count: int) -> list[NewStep]:
    return [_step(f"{name}{i}", *([f"{name}{i - 1}"] if i else [])) for i in range(count)]


def _finish(home: Home, step: Row, digest: str = "", size: int = 1) -> None:
    outputs = {"out": {"kind": "Scores", "hash": digest or step["node"], "size": size}}
    report = StepReport(
        step["run"], step["node"], step["token"], began=time.time(), status="done", outputs=outputs
    )
    assert not Reports(home.database).apply([report])


def _served(home: Home, seat: Seat | None = None, *, alone: bool = False) -> list[str]:
    """What one worker does, claim by claim, alone or beside one that has nothing; a claim's steps joined by "+"."""
    claims, served = Claims(home.database), []
    if not alone:
        WorkerRows(home.database).register("idle", 1, "cpu/9")
    while steps := claims.claim("worker", seat=seat):
        served.append("+".join(step["node"] for step in steps))
        for step in steps:
            _finish(home, step)
    return served


TURNS = {
    "one run keeps its order": ([("p", _loose("a", 3))], "a0 a1 a2"),
    "a short run does not wait for a long one": (
        [("p", _loose("a", 50)), ("q", _loose("b", 2))],
        "a0 b0 a1 b1 " + " ".join(f"a{i}" for i in range(2, 50)),
    ),
    "three pipelines take turns": (
        [("p", _loose("a", 2)), ("q", _loose("b", 2)), ("r", _loose("c", 2))],
        "a0 b0 c0 a1 b1 c1",
    ),
    "the older run of a pipeline comes first": (
        [("p", _loose("a", 2)), ("p", _loose("b", 1)), ("q", _loose("c", 2))],
        "a0 c0 a1 c1 b0",
    ),
    "many runs of one pipeline do not crowd out another": (
        [*[("p", _loose(f"{name}", 1)) for name in "abcd"], ("q", _loose("z", 1))],
        "a0 z0 b0 c0 d0",
    ),
    "a chain is one turn": ([("p", _chained("a", 3)), ("q", _chained("b", 2))], "a0+a1+a2 b0+b1"),
    "a chain follows one branch of a fork": (
        [("p", [_step("a"), _step("b", "a"), _step("c", "a"), _step("d", "b", "c")])],
        "a+b c+d",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("runs", "order"), TURNS.values(), ids=TURNS)
def test_pipelines_take_turns(home: Home, runs: list[tuple[str, list[NewStep]]], order: str) -> None:
    for number, (pipeline, steps) in enumerate(runs):
        _start(home, f"run {number}", steps, pipeline)
    assert _served(home) == order.split()


ALONE = {
    "every branch of a fork": (
        [("p", [_step("a"), _step("b", "a"), _step("c", "a"), _step("d", "b", "c")])], "a+b+c+d"
    ),
    "all that is ready in a run": ([("p", _loose("a", 3)), ("q", _loose("b", 2))], "a0+a1+a2 b0+b1"),
    "no more than a turn's worth": (
        [("p", _loose("a", 70)), ("q", _loose("b", 1))],
        "+".join(f"a{i}" for i in range(64)) + " b0 " + "+".join(f"a{i}" for i in range(64, 70)),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("runs", "order"), ALONE.values(), ids=ALONE)
def test_a_worker_that_is_alone_leaves_nothing_to_others(
    home: Home, runs: list[tuple[str, list[NewStep]]], order: str
) -> None:
    for number, (pipeline, steps) in enumerate(runs):
        _start(home, f"run {number}", steps, pipeline)
    assert _served(home, alone=True) == order.split()


def test_a_run_that_was_moved_forward_comes_before_turns(home: Home) -> None:
    from storage.control import Control

    _start(home, "one", _loose("a", 2))
    moved = _start(home, "two", _loose("b", 2), "q")
    assert Control(home.database).move(moved, "first")
    assert _served(home) == ["b0", "b1", "a0", "a1"]


def test_a_paused_run_gets_no_worker(home: Home) -> None:
    from storage.control import Control

    run = _start(home, "one", _loose("a", 2))
    Control(home.database).pause(run)
    assert _served(home) == []
    Control(home.database).resume(run)
    assert _served(home) == ["a0", "a1"]


def test_what_was_claimed_and_not_begun_goes_back(home: Home) -> None:
    _start(home, "long", _chained("a", 4))
    _start(home, "short", _chained("b", 1), "q")
    claims = Claims(home.database)
    steps = claims.claim("worker")
    _finish(home, steps[0])
    claims.give_back("worker")
    assert _served(home) == ["b0", "a1+a2+a3"]


NEAR = {
    "nothing held: the first in order": (set(), "x"),
    "the input of the second is held": ({"B"}, "y"),
    "the input of the third is held": ({"C"}, "z"),
    "two are held: the larger": ({"B", "C"}, "z"),
    "something else is held": ({"Q"}, "x"),
}


@pytest.mark.parametrize(("held", "expected"), NEAR.values(), ids=NEAR)
def test_a_worker_gets_the_step_whose_inputs_it_holds(home: Home, held: set[str], expected: str) -> None:
    _start(home, "run", [*map(_step, "abc"), _step("x", "a"), _step("y", "b"), _step("z", "c")])
    claims = Claims(home.database)
    WorkerRows(home.database).register("idle", 1, "cpu/9")  # one that is alone takes all of them at once
    for size in (10, 20, 30):
        (step,) = claims.claim("elsewhere", limit=1)
        _finish(home, step, step["node"].upper(), size)
    assert claims.claim("worker", seat=Seat("cpu", held))[0]["node"] == expected


SEATS = {
    "a CPU alone takes everything": (["cpu"], "cpu", "c0 g0 c1"),
    "a CPU beside a GPU leaves the GPU its steps": (["cpu", "cuda:0"], "cpu", "c0 c1"),
    "a GPU beside a CPU takes its own first": (["cpu", "cuda:0"], "cuda:0", "g0 c0 c1"),
    "a GPU alone keeps the order": (["cuda:0"], "cuda:0", "c0 g0 c1"),
    "a second CPU seat leaves them too": (["cpu", "cpu/1", "cuda:0"], "cpu/1", "c0 c1"),
}


@pytest.mark.parametrize(("alive", "seat", "order"), SEATS.values(), ids=SEATS)
def test_steps_for_a_gpu_go_to_its_worker(home: Home, alive: list[str], seat: str, order: str) -> None:
    workers = WorkerRows(home.database)
    for slot in alive:
        workers.register("worker" if slot == seat else f"other {slot}", 1, slot)
    _start(home, "run", [_step("c0"), _step("g0", device="accelerator"), _step("c1")])
    served = _served(home, Seat(seat), alone=True)
    assert "+".join(served) == order.replace(" ", "+")


def test_a_step_that_does_not_fit_is_left_and_the_chain_ends_before_it(home: Home) -> None:
    workers = WorkerRows(home.database)
    workers.register("worker", 1, "cuda:0/1")
    workers.register("first", 1, "cuda:0")
    workers.register("elsewhere", 1, "cuda:1")
    _start(home, "run", [_step("a"), _step("b"), _step("big"), *_chained("c", 2), _step("huge", "c1")])
    claims = Claims(home.database)
    assert [claims.claim(name)[0]["node"] for name in ("first", "elsewhere")] == ["a", "b"]
    asked = []

    def fits(step: Row, beside: list[Row]) -> bool:
        asked.append((step["node"], [row["node"] for row in beside]))
        return step["node"] not in ("big", "huge")

    seat = Seat("cuda:0/1", fits=fits)
    assert [step["node"] for step in claims.claim("worker", seat=seat)] == ["c0", "c1"]
    assert ("big", ["a"]) in asked
    assert ("huge", ["a"]) in asked


def _take_all(root: Path, name: str, barrier: object) -> list[str]:
    home = Home(root)
    claims, reports, taken = Claims(home.database), Reports(home.database), []
    barrier.wait()  # type: ignore[attr-defined]
    while steps := claims.claim(name, limit=2):
        taken += [step["node"] for step in steps]
        now = time.time()
        reports.apply([StepReport(s["run"], s["node"], s["token"], began=now, status="done") for s in steps])
    return taken


def test_no_step_is_claimed_twice_by_eight_processes(home: Home) -> None:
    for number in range(10):
        name = "abcdefghij"[number]
        _start(home, name, [*_loose(name, 10), *_chained(f"{name}c", 10)], f"pipeline {number % 4}")
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, context.Pool(8) as pool:
        barrier = manager.Barrier(8)
        tasks = [(home.root, f"worker {number}", barrier) for number in range(8)]
        taken = [node for nodes in pool.starmap(_take_all, tasks, chunksize=1) for node in nodes]
    assert len(taken) == 200
    assert [node for node, times in Counter(taken).items() if times > 1] == []
    assert {row["status"] for row in home.database.rows("SELECT status FROM runs")} == {"done"}
