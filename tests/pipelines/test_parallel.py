"""Independent branches with real worker processes: at the same time, in two processes, in turns between pipelines."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from sqlite3 import Row
from types import SimpleNamespace

import pytest

from generative import device
from pipelines import seats
from pipelines.document import Document, Node, Wire
from pipelines.schedule import Task, schedule
from pipelines.service import Service
from pipelines.supervisor import Supervisor
from pipelines.worker import Worker
from tests.pipelines.conftest import begin, chain, until

SIDE_SECONDS = 1.5


@pytest.fixture
def two_workers(service: Service) -> Iterator[Service]:
    supervisor = Supervisor(service.home, ["cpu", "cpu/1"])
    supervisor.start()
    until(lambda: len(_workers(service)) == 2, 60, "two workers")
    yield service
    supervisor.stop()
    for row in _workers(service):
        os.kill(row["pid"], signal.SIGKILL)


def _workers(service: Service) -> list[Row]:
    return service.home.database.rows("SELECT * FROM workers WHERE status != 'dead'")


def _diamond(marks: Path) -> Document:
    side = {"seconds": SIDE_SECONDS}
    nodes = (
        Node("top", "probe.source"),
        Node("left", "probe.step", params={**side, "mark": str(marks / "left")}),
        Node("right", "probe.step", params={**side, "mark": str(marks / "right"), "value": 2.0}),
        Node("join", "probe.step"),
    )
    ways = [("top", "left"), ("top", "right"), ("left", "join"), ("right", "join")]
    return Document("diamond", nodes, tuple(Wire((a, "scores"), (b, "scores")) for a, b in ways))


def _run_diamond(service: Service, marks: Path) -> tuple[str, float]:
    """A run, and how long its two sides took together."""
    marks.mkdir()
    run = begin(service, _diamond(marks))
    until(lambda: service.run(run).status == "done", 60, "the run ends")
    sides = service.home.database.rows(
        "SELECT * FROM steps WHERE run = ? AND node IN ('left', 'right')", (run,)
    )
    return run, max(side["finished"] for side in sides) - min(side["started"] for side in sides)


def test_two_sides_of_a_diamond_run_at_the_same_time(two_workers: Service, tmp_path: Path) -> None:
    for number in range(4):  # the machine may be busy with other things
        marks = tmp_path / str(number)
        run, taken = _run_diamond(two_workers, marks)
        if taken < 0.75 * 2 * SIDE_SECONDS:
            break
    assert SIDE_SECONDS <= taken < 0.75 * 2 * SIDE_SECONDS
    pids = [(marks / side).read_text().split() for side in ("left", "right")]
    assert {len(pid) for pid in pids} == {1}
    assert pids[0] != pids[1]
    outputs = {step.node: step.outputs for step in two_workers.steps(run)}
    total = json.loads(
        two_workers.home.artifacts.file(outputs["join"]["scores"]["hash"], "scores.json").read_text()
    )
    assert total["scores"][0]["value"] == 1 + (1 + 1) + (2 + 1)  # its own value and both sides


def test_a_short_run_does_not_wait_for_a_long_chain(service: Service, worker: Worker) -> None:
    long = begin(service, chain(4, seconds=0.6))
    for node in ("n1", "n2", "n3"):
        service.home.database.connection.execute(
            "UPDATE steps SET params = json_set(params, '$.seconds', 0.6) WHERE run = ? AND node = ?",
            (long, node),
        )
    short = begin(service, chain(2, value=7.0))
    worker.step()  # a turn of the long one
    worker.step()
    until(lambda: service.run(short).status == "done", 5, "the short run is done")
    assert [s.status for s in service.steps(long)] == ["done", "done", "queued", "queued"]
    while worker.step():
        pass
    assert service.run(long).status == "done"


def test_a_worker_goes_on_with_what_it_holds_in_memory(service: Service) -> None:
    nodes = [Node(f"s{i}", "probe.source", params={"value": float(i)}) for i in range(6)]
    nodes += [Node(f"t{i}", "probe.step") for i in range(6)]
    # each t waits for two sources: no chain hands it to the worker that made its input
    wires = [Wire((f"s{i}", "scores"), (f"t{i}", "scores")) for i in range(6)]
    wires += [Wire((f"s{i // 3 * 3}", "scores"), (f"t{i}", "scores")) for i in range(6) if i % 3]
    workers = [Worker(service.home, service.catalogue, seat) for seat in ("cpu", "cpu/1")]
    try:
        run = begin(service, Document("fan", tuple(nodes), tuple(wires)))
        for made_by in (0, 0, 0, 1, 1, 1):
            _source(workers[made_by])
        for turn in range(6):
            workers[1 - turn % 2].step()
        by = dict(
            service.home.database.connection.execute("SELECT node, worker FROM steps WHERE run = ?", (run,))
        )
    finally:
        for worker in workers:
            worker.close()
    assert service.run(run).status == "done"
    assert [by[f"t{i}"] == by[f"s{i}"] for i in range(6)] == [True] * 6


def _source(worker: Worker) -> None:
    """One step and no chain."""
    steps = worker._claims.claim(worker.id, limit=1)
    worker._executor.run_chain(steps)
    worker._recorder.flush_surely()


SEATS = {
    "two cores": ([], 2, None, ["auto"]),
    "four cores": ([], 4, None, ["auto", "cpu/1"]),
    "as many as asked for": ([], 2, "3", ["auto", "cpu/1", "cpu/2"]),
    "a word is no number": ([], 2, "many", ["auto"]),
    "a GPU and four cores": (["cuda:0"], 4, None, ["cuda:0", "cuda:0/1", "cpu"]),
    "two GPUs, one worker each": (["cuda:0", "cuda:1"], 2, "1", ["cuda:0", "cuda:1"]),
}


@pytest.mark.parametrize(("gpus", "cores", "wish", "expected"), SEATS.values(), ids=SEATS)
def test_how_many_workers_a_machine_gets(
    gpus: list[str], cores: int, wish: str | None, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "cores", lambda: cores)
    monkeypatch.delenv("GENLOOM_WORKERS", raising=False)
    if wish:
        monkeypatch.setenv("GENLOOM_WORKERS", wish)
    assert seats.seats(gpus) == expected
    assert len({seats.lock_name(seat) for seat in expected}) == len(expected)


def test_workers_on_one_cpu_share_its_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats, "cores", lambda: 8)
    monkeypatch.setenv("GENLOOM_WORKERS", "2")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert seats.environment("cpu/1") == {"OMP_NUM_THREADS": "4"}
    assert seats.environment("cuda:0") == {}
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert device.usable_cores() == 1
    assert seats.environment("cpu/1") == {}  # the user has decided


GB = 10**9
ROOM = {
    "alone, the first worker takes anything": ("cuda:0", None, {}, 1, True),
    "a second worker wants to know": ("cuda:0/1", None, {}, 80, False),
    "known and small": ("cuda:0/1", 10, {}, 80, True),
    "known and too large": ("cuda:0/1", 70, {}, 60, False),
    "fits beside another": ("cuda:0/1", 30, {"a": [40]}, 80, True),
    "what the other will still take counts": ("cuda:0/1", 50, {"a": [40]}, 80, False),
    "one after the other needs the larger": ("cuda:0/1", 30, {"a": [40, 20]}, 80, True),
    "two others need both": ("cuda:0/2", 30, {"a": [40], "b": [20]}, 80, False),
    "beside one that is unknown": ("cuda:0/1", 1, {"a": [None]}, 80, False),
    "the first waits beside a second, too": ("cuda:0", 70, {"a": [20]}, 80, False),
}  # fmt: skip


@pytest.mark.parametrize(("seat", "need", "others", "free", "fits"), ROOM.values(), ids=ROOM)
def test_what_fits_on_a_shared_gpu(
    seat: str, need: int | None, others: dict[str, list[int | None]], free: int, fits: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(seats.warm, "memory", lambda device: (free * GB, 80 * GB))
    costs = SimpleNamespace(memory_of=lambda step: step["need"] and step["need"] * GB)
    beside = [{"worker": worker, "need": need} for worker, needs in others.items() for need in needs]
    assert seats.Room(seat, costs).fits({"need": need}, beside) is fits  # type: ignore[arg-type, list-item]


TOGETHER: dict[str, tuple[list[Task], int, tuple[float, int]]] = {
    "one after the other": ([Task("a", (), 2, 5), Task("b", (), 3, 4)], 1, (5, 5)),
    "side by side": ([Task("a", (), 2, 5), Task("b", (), 3, 4)], 2, (3, 9)),
    "a chain gains nothing": ([Task("a", (), 2, 5), Task("b", ("a",), 3, 4)], 2, (5, 5)),
    "a diamond": (
        [Task("a", (), 1), Task("b", ("a",), 2), Task("c", ("a",), 3), Task("d", ("b", "c"), 1)], 2, (5, 0)
    ),
    "what is known to take no time": ([Task("a", (), 0), Task("b", ("a",), 1, 7)], 1, (1, 7)),
    "nothing": ([], 1, (0, 0)),
}  # fmt: skip


@pytest.mark.parametrize(("tasks", "workers", "expected"), TOGETHER.values(), ids=TOGETHER)
def test_how_long_steps_take_together(tasks: list[Task], workers: int, expected: tuple[float, int]) -> None:
    found = schedule(tasks, workers)
    assert (found.seconds, found.memory) == expected


def test_both_workers_leave_when_nobody_attends(two_workers: Service) -> None:
    """SIGTERM, as at the end of a session: each worker leaves, and its seat is free again."""
    rows = _workers(two_workers)
    assert {row["device"] for row in rows} == {"cpu", "cpu/1"}
    begun = time.monotonic()
    locks = [two_workers.home.locks / seats.lock_name(row["device"]) for row in rows]
    assert all(lock.exists() for lock in locks)
    for row in rows:
        os.kill(row["pid"], signal.SIGTERM)
    gone: Callable[[], bool] = lambda: not {r["id"] for r in _workers(two_workers)} & {r["id"] for r in rows}  # noqa: E731
    until(gone, 20, "both have left")
    assert time.monotonic() - begun < 20
