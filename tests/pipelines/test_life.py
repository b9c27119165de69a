"""Proof of life: the dead and the frozen are noticed, the busy are left alone, and nobody leaves orphans."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import processes
from pipelines.document import Document, Node
from pipelines.life import FrozenWatch, begin_life, bury_dead, sweep, worker_lock
from pipelines.service import Service
from pipelines.supervisor import Supervisor
from storage.claims import Claims
from storage.workers import WorkerRows
from tests.pipelines.conftest import begin, chain, until
from tests.pipelines.hardship import Nursery, leftovers

FROZEN = 2.0


@pytest.fixture
def supervised(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setenv("GENLOOM_FROZEN_SECONDS", str(FROZEN))
    supervisor = Supervisor(service.home, ["cpu"])
    supervisor.start()
    yield service
    supervisor.stop()
    for row in WorkerRows(service.home.database).alive():
        os.kill(row["pid"], signal.SIGKILL)


def _life(marks: Path, how: str, seconds: float) -> Document:
    node = Node("n0", "probe.life", params={"mark": str(marks), "how": how, "seconds": seconds})
    return Document("life", (node,), ())


def _pids(marks: Path, count: int) -> list[int]:
    until(lambda: marks.exists() and len(marks.read_text().splitlines()) >= count, 30, "the step has begun")
    return [int(line) for line in marks.read_text().split()]


def _gone(pid: int) -> bool:
    found = processes.look(pid)
    return found is None or found.state == "Z"


def test_a_stopped_worker_is_ended_and_its_step_taken_over(supervised: Service, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    run = begin(supervised, chain(1, seconds=1, mark=str(mark)))
    first = _pids(mark, 1)[0]
    os.kill(first, signal.SIGSTOP)
    stopped = time.monotonic()
    until(lambda: _gone(first), 15, "the frozen worker is ended")
    assert time.monotonic() - stopped > FROZEN
    until(lambda: supervised.run(run).status == "done", 30, "the run ends")
    assert len(_pids(mark, 2)) == 2
    step = supervised.steps(run)[0]
    assert (step.attempt, step.reason) == (2, "runs again: its worker stopped during attempt 1")


def test_a_step_that_holds_the_interpreter_is_never_declared_dead(
    supervised: Service, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    run = begin(supervised, _life(mark, "gil", 4 * FROZEN))
    until(lambda: supervised.run(run).status == "done", 60, "the run ends")
    assert len(_pids(mark, 1)) == 1
    assert supervised.steps(run)[0].attempt == 1


def test_a_worker_that_is_woken_in_time_goes_on(service: Service) -> None:
    pid = os.fork()
    if pid == 0:
        begin_life(service.home, "napper")
        time.sleep(60)
    until(lambda: worker_lock(service.home, "napper").path.exists(), 5, "it lives")
    watch = FrozenWatch(service.home)
    watch._seconds = 0.3
    try:
        os.kill(pid, signal.SIGSTOP)
        until(lambda: processes.look(pid).state == "T", 5, "it is stopped")  # type: ignore[union-attr]
        assert watch.look() == []
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.4)
        assert watch.look() == []
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.1)
        assert watch.look() == []  # it counts anew
        time.sleep(0.4)
        assert watch.look() == [pid]
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_a_number_that_now_belongs_to_another_process_is_left_alone(service: Service) -> None:
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
    lock = worker_lock(service.home, "old")
    assert lock.take()
    found = processes.look(pid)
    assert found
    lock.note(f"{pid} {found.born - 1}")  # the worker that had this number was born earlier
    watch = FrozenWatch(service.home)
    watch._seconds = 0.0
    try:
        os.kill(pid, signal.SIGSTOP)
        until(lambda: processes.look(pid).state == "T", 5, "it is stopped")  # type: ignore[union-attr]
        assert [watch.look(), watch.look()] == [[], []]
        assert processes.end_orphans("old", pid, found.born - 1) == 0
        lock.note(f"{pid} {found.born}")
        assert watch.look() == [pid]
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        lock.release()


def test_a_worker_held_for_dead_gets_no_more_work_and_stays_dead(service: Service) -> None:
    rows, claims = WorkerRows(service.home.database), Claims(service.home.database)
    begin(service, chain(1))
    rows.register("sleeper", os.getpid(), "cpu")
    assert rows.beat("sleeper", "ready")
    assert bury_dead(service.home) == 1  # it holds no lock
    assert not rows.beat("sleeper", "ready")
    assert claims.claim("sleeper") == []
    assert rows.alive() == []
    assert len(claims.claim("heir")) == 1


def test_a_block_that_kills_its_worker_at_once_is_given_up_too(service: Service, tmp_path: Path) -> None:
    """Its beginning was not written yet when it died; the steps before it in the same chain are not blamed."""
    nursery, mark = Nursery(service), tmp_path / "mark"
    run = begin(service, chain(3).with_param("n2", "fail", "kill").with_param("n2", "mark", str(mark)))
    try:
        for _ in range(6):
            nursery.start()
            nursery.end()
            bury_dead(service.home)
    finally:
        nursery.close()
    assert [step.status for step in service.steps(run)] == ["done", "done", "failed"]
    assert "stopped 3 times" in (service.steps(run)[2].error or "")
    assert 3 <= len(mark.read_text().splitlines()) <= 4


@pytest.mark.parametrize("how", ["child", "daemon", "waits"])
def test_cancel_leaves_no_process_behind(supervised: Service, tmp_path: Path, how: str) -> None:
    mark = tmp_path / "mark"
    run = begin(supervised, _life(mark, how, 60))
    child = _pids(mark, 2)[1]
    supervised.cancel(run)
    until(lambda: supervised.run(run).status == "cancelled" and _gone(child), 10, "cancelled, and no orphan")
    assert supervised.steps(run)[0].status == "cancelled"


@pytest.mark.parametrize("how", ["child", "daemon"])
def test_a_killed_worker_leaves_no_process_behind(supervised: Service, tmp_path: Path, how: str) -> None:
    mark = tmp_path / "mark"
    run = begin(supervised, _life(mark, how, 60))
    worker, child = _pids(mark, 2)
    os.kill(worker, signal.SIGKILL)
    until(lambda: _gone(child), 5, "its child is ended")
    supervised.cancel(run)


def test_a_worker_that_leaves_takes_its_children_along(supervised: Service, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    run = begin(supervised, _life(mark, "child", 3))
    worker, child = _pids(mark, 2)
    until(lambda: supervised.steps(run)[0].status == "running", 10, "it runs")
    os.kill(worker, signal.SIGTERM)
    supervised.stop_early(run, "n0")
    until(lambda: _gone(worker), 20, "the worker left")
    assert _gone(child)
    assert supervised.run(run).status == "done"


def test_a_sweep_takes_what_the_dead_left_and_nothing_else(service: Service, tmp_path: Path) -> None:
    home = service.home
    pid = os.fork()
    if pid == 0:
        begin_life(home, "gone")
        for store in (home.artifacts._own, home.files._own):
            store.fresh().mkdir()
        os._exit(137)
    os.waitpid(pid, 0)
    (home.scratch / "run-n0-0123").mkdir()
    own = home.files.temporary()
    own.write_bytes(b"an upload under way")
    run = begin(service, chain(1))
    token = Claims(home.database).claim("busy")[0]["token"]
    (home.scratch / f"{run}-n0-{token}").mkdir()
    assert len(leftovers(service)) == 6
    sweep(home)
    assert own.exists()
    assert [p.name for p in home.scratch.iterdir()] == [f"{run}-n0-{token}"]
    assert len(leftovers(service)) == 2
