"""When a step saves and when it leaves: by the clock, by the user's wish, and with a full disk."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nodes.errors import Cancelled, Paused
from pipelines import saving
from pipelines.context import RunContext
from pipelines.recorder import StepLog
from pipelines.service import Service
from storage.workers import WorkerRows
from tests.pipelines.conftest import begin, chain


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time that goes on when the test says so."""
    now = [1000.0]
    monkeypatch.setattr(saving.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def log(service: Service) -> StepLog:
    run = begin(service, chain(1))
    with service.home.database.write() as connection:
        connection.execute("UPDATE steps SET token = 'mine', status = 'running' WHERE run = ?", (run,))
    row = service.home.database.row("SELECT * FROM steps WHERE run = ?", (run,))
    assert row is not None
    return StepLog(row)


def _context(service: Service, log: StepLog, notes: dict[str, Any] | None = None) -> RunContext:
    notes = {} if notes is None else notes
    return RunContext(service.home, log, device="cpu", seed=0, scratch=Path("unused"), notes=notes)


def _state(step: int) -> dict[str, Any]:
    return {"step": step, "weights": np.arange(5)}


def test_the_first_checkpoint_comes_after_two_seconds_and_then_at_least_every_ten(
    service: Service, log: StepLog, clock: list[float]
) -> None:
    ctx = _context(service, log)
    began, saved = clock[0], []
    for step in range(1, 600):
        clock[0] += 0.1
        if ctx.checkpoint_due():
            ctx.save_checkpoint(_state(step))
            saved.append(clock[0] - began)
    assert saved[0] == pytest.approx(2.0, abs=0.11)
    gaps = np.diff(saved)
    assert (np.diff(gaps) > -0.11).all()
    assert gaps[-1] == pytest.approx(10.0, abs=0.11)
    assert ctx.load_checkpoint()["step"] == round(saved[-1] * 10)


def test_saving_that_takes_long_is_rare_but_never_loses_more_than_a_minute(
    service: Service, log: StepLog, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx, kept = _context(service, log), service.home.checkpoints.save

    def slow(*arguments: Any) -> None:
        kept(*arguments)
        clock[0] += 5.0

    monkeypatch.setattr(service.home.checkpoints, "save", slow)
    saved = []
    for step in range(1, 200):
        clock[0] += 1.0
        if ctx.checkpoint_due():
            saved.append(clock[0])
            ctx.save_checkpoint(_state(step))
    assert max(np.diff(saved)) == pytest.approx(65, abs=1.1)


def test_save_now_saves_at_once_and_says_so(service: Service, log: StepLog, clock: list[float]) -> None:
    ctx = _context(service, log)
    assert not ctx.checkpoint_due()
    log.saving.set()
    assert ctx.checkpoint_due()
    ctx.save_checkpoint(_state(1234))
    assert not log.saving.is_set()
    assert not ctx.checkpoint_due()
    assert [text for _, text in log.take().logs] == ["Saved at step 1,234."]


def test_a_pause_waits_for_the_checkpoint_and_leaves_right_after(
    service: Service, log: StepLog, clock: list[float]
) -> None:
    ctx = _context(service, log)
    log.pausing.set()
    ctx.check()
    clock[0] += 30  # a step may take long
    assert ctx.checkpoint_due()
    ctx.check()
    ctx.save_checkpoint(_state(7))
    assert not ctx.checkpoint_due()
    with pytest.raises(Paused, match=r"^step 7$"):
        ctx.check()


def test_a_block_that_never_saves_leaves_after_a_second(
    service: Service, log: StepLog, clock: list[float]
) -> None:
    ctx = _context(service, log)
    assert not ctx.checkpoint_due()  # it did ask, while it trained; now it measures
    log.pausing.set()
    ctx.check()
    clock[0] += 0.9
    ctx.check()
    clock[0] += 0.2
    with pytest.raises(Paused):
        ctx.check()


def test_a_pause_that_was_taken_back_is_forgotten(service: Service, log: StepLog, clock: list[float]) -> None:
    ctx = _context(service, log)
    log.pausing.set()
    ctx.check()
    ctx.save_checkpoint(_state(7))
    log.pausing.clear()
    ctx.check()
    log.pausing.set()
    ctx.check()
    assert ctx.checkpoint_due()


def test_a_full_disk_is_told_and_the_work_goes_on(
    service: Service, log: StepLog, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = _context(service, log)
    ctx.save_checkpoint(_state(1))
    full = OSError(errno.ENOSPC, "No space left on device")

    def write(state: Any, folder: Path) -> None:
        (folder / "half").write_bytes(b"x")
        raise full

    with monkeypatch.context() as patched:
        patched.setattr(saving.checkpoints, "write", write)
        log.pausing.set()
        ctx.save_checkpoint(_state(2))
        ctx.check()  # nothing was saved, so the pause waits
    assert "could not be saved: the disk is full" in log.take().logs[-1][1]
    assert ctx.load_checkpoint()["step"] == 1
    assert not list(service.home.checkpoints.folder(log.run, log.node).glob("temporary-*"))
    ctx.save_checkpoint(_state(3))
    with pytest.raises(Paused, match="step 3"):
        ctx.check()


def test_a_worker_that_lost_its_step_saves_nothing(service: Service, log: StepLog) -> None:
    ctx = _context(service, log)
    ctx.save_checkpoint(_state(1))
    with service.home.database.write() as connection:
        connection.execute("UPDATE steps SET token = 'another' WHERE run = ?", (log.run,))
    ctx.save_checkpoint(_state(2))
    assert ctx.load_checkpoint()["step"] == 1
    with pytest.raises(Cancelled):
        ctx.check()


def test_the_curves_go_back_to_the_checkpoint_and_go_on_from_there(service: Service, log: StepLog) -> None:
    ctx = _context(service, log)
    for step in range(10):
        ctx.metric(step, loss=step)
        if step == 6:
            ctx.save_checkpoint(_state(step))
    row = dict(zip(("run", "node", "token", "save"), (log.run, log.node, "mine", 0), strict=True))
    again = StepLog(row)  # type: ignore[arg-type]
    again.go_on(2, {"curves": {"loss": [[i, i] for i in range(10)]}, "message": "Step 9"})
    assert len(again.take().live["curves"]["loss"]) == 10  # type: ignore[index]
    other = _context(service, again)
    assert other.load_checkpoint()["step"] == 6
    other.metric(7, loss=0.5)
    assert again.live["curves"]["loss"] == [*([i, i] for i in range(7)), [7, 0.5]]


def test_a_step_that_begins_anew_draws_its_curves_anew(service: Service, log: StepLog) -> None:
    log.go_on(2, {"curves": {"loss": [[1, 1.0], [900, 0.1]]}})
    ctx = _context(service, log)
    assert ctx.load_checkpoint() is None
    ctx.metric(1, loss=0.9)
    assert log.live["curves"] == {"loss": [[1, 0.9]]}


def test_every_checkpoint_that_gets_further_is_noted_for_the_guard_against_poison(
    service: Service, log: StepLog
) -> None:
    notes: dict[str, Any] = {}
    log.attempt = 4
    _context(service, log, notes).save_checkpoint(_state(5))
    assert notes["saved"] == {"attempt": 4, "step": 5}
    log.attempt = 5
    _context(service, log, notes).save_checkpoint(_state(5))  # it came no further than the one before
    assert notes["saved"] == {"attempt": 4, "step": 5}


@pytest.mark.parametrize(("saved", "status"), [(None, "failed"), (1, "queued"), (3, "queued")])
def test_only_deaths_without_progress_count_against_a_step(
    service: Service, log: StepLog, saved: int | None, status: str
) -> None:
    rows = WorkerRows(service.home.database)
    rows.register("w", 1, "cpu")
    notes = None if saved is None else json.dumps({"saved": {"attempt": saved, "step": 9}})
    with service.home.database.write() as connection:
        connection.execute(
            "UPDATE steps SET worker = 'w', attempt = 3, notes = ? WHERE run = ?", (notes, log.run)
        )
    rows.bury("w")
    assert service.steps(log.run)[0].status == status
