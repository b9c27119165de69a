"""What users do to runs and to the queue: pause, resume, stop early, save, retry, move, cancel, clear."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nodes.errors import BlockError
from pipelines.document import Document, Node
from pipelines.service import Service
from pipelines.supervisor import Supervisor
from pipelines.worker import Worker
from storage.claims import Claims
from storage.reports import Reports, StepReport
from tests.pipelines.conftest import BLOCKS, begin, chain, until

Finish = Callable[[str], str]
ENDED = ("done", "failed", "cancelled")


@pytest.fixture
def supervised(service: Service) -> Iterator[Service]:
    supervisor = Supervisor(service.home, ["cpu"])
    supervisor.start()
    yield service
    supervisor.stop()
    _kill_workers(service)


def _kill_workers(service: Service) -> None:
    for pid in _workers(service):
        os.kill(pid, signal.SIGKILL)


def _workers(service: Service) -> list[int]:
    return [r["pid"] for r in service.home.database.rows("SELECT pid FROM workers WHERE status != 'dead'")]


def _step(service: Service, run: str, node: str = "n0"):
    return next(step for step in service.steps(run) if step.node == node)


def _is(service: Service, run: str, status: str, seconds: float = 15) -> None:
    until(lambda: service.run(run).status == status, seconds, f"run is {status}")


def _runs_now(service: Service, run: str, node: str = "n0") -> None:
    until(lambda: _step(service, run, node).status == "running", 30, f"{node} runs")


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


# ---- pause and resume ----


def test_pause_frees_the_device_for_another_run_and_resume_goes_on(supervised: Service) -> None:
    long = begin(supervised, chain(2, seconds=3))
    _runs_now(supervised, long)
    asked = time.monotonic()
    supervised.pause(long)
    assert supervised.run(long).message in ("pausing", "")
    other = begin(supervised, chain(2, value=7))
    _is(supervised, other, "done", 10)
    assert time.monotonic() - asked < 10
    paused = supervised.run(long)
    assert (paused.status, paused.message, paused.finished) == ("paused", "", None)
    step = _step(supervised, long)
    assert (step.status, step.error) == ("queued", None)
    assert step.reason.startswith("paused at ")
    time.sleep(0.5)
    assert supervised.run(long).status == "paused"  # nobody claims it
    worked = supervised.run(long).seconds
    supervised.resume(long)
    _is(supervised, long, "done")
    assert [s.attempt for s in supervised.steps(long)] == [1, 1]
    assert supervised.run(long).seconds < (worked or 0) + 5  # the pause itself is not counted


def test_a_paused_run_survives_the_end_of_app_and_worker(service: Service) -> None:
    supervisor = Supervisor(service.home, ["cpu"])
    supervisor.start()
    run = begin(service, chain(2, seconds=2))
    _runs_now(service, run)
    service.pause(run)
    _is(service, run, "paused", 10)
    supervisor.stop()
    _kill_workers(service)
    again = Service.open(service.home.root)
    supervisor = Supervisor(again.home, ["cpu"])
    supervisor.start()
    try:
        _is(
            again, begin(again, chain(1, value=9)), "done", 30
        )  # a new worker takes other work, and only that
        assert again.run(run).status == "paused"
        again.resume(run)
        _is(again, run, "done")
    finally:
        supervisor.stop()
        _kill_workers(again)


def test_a_worker_that_dies_while_it_should_pause_leaves_a_paused_run(supervised: Service) -> None:
    run = begin(supervised, chain(1, seconds=60))
    _runs_now(supervised, run)
    [pid] = _workers(supervised)
    os.kill(pid, signal.SIGSTOP)  # it cannot answer
    supervised.pause(run)
    assert supervised.run(run).message == "pausing"
    os.kill(pid, signal.SIGKILL)
    _is(supervised, run, "paused", 10)


def test_a_waiting_run_is_paused_at_once_and_not_taken(
    service: Service, worker: Worker, finish: Finish
) -> None:
    run = begin(service, chain(3))
    service.pause(run)
    assert service.run(run).status == "paused"
    assert not worker.step()
    service.resume(run)
    assert service.run(run).status == "queued"
    assert finish(run) == "done"


def test_a_claimed_step_that_has_not_begun_is_given_back(
    service: Service, worker: Worker, finish: Finish
) -> None:
    run = begin(service, chain(3))
    assert len(Claims(service.home.database).claim("someone")) == 3
    service.pause(run)
    assert service.run(run).status == "paused"
    service.resume(run)
    assert finish(run) == "done"


def test_a_run_that_is_about_to_pause_gets_no_other_worker_and_its_pause_is_not_counted(
    service: Service,
) -> None:
    nodes = (Node("a", "probe.source"), Node("b", "probe.source", params={"value": 2}))
    run, claims, reports = (
        begin(service, Document("two", nodes)),
        Claims(service.home.database),
        Reports(service.home.database),
    )
    [step] = claims.claim("someone", limit=1)
    reports.apply([StepReport(run, step["node"], step["token"], began=time.time())])
    service.pause(run)
    assert (service.run(run).status, service.run(run).message) == ("running", "pausing")
    assert claims.claim("another") == []
    reports.apply([StepReport(run, step["node"], step["token"], status="queued", reason="paused at 5 %")])
    assert (service.run(run).status, service.run(run).message) == ("paused", "")
    worked = service.run(run).seconds
    time.sleep(1)
    assert service.run(run).seconds == worked
    service.resume(run)
    assert (service.run(run).seconds or 0) < (worked or 0) + 0.5
    assert len(claims.claim("another", limit=1)) == 1


def test_what_cannot_be_done_is_said(service: Service, finish: Finish) -> None:
    run = begin(service, chain(1))
    for act, words in (
        (service.resume, "Run 1 waits for a worker, so there is nothing to resume."),
        (service.retry, "Run 1 waits for a worker. Only a failed or cancelled run can be retried."),
        (
            lambda r: service.stop_early(r, "n0"),
            "“Probe source” is not running, so there is nothing to stop.",
        ),
        (lambda r: service.save_now(r, "n0"), "“Probe source” is not running, so there is nothing to save."),
        (lambda r: service.save_now(r, "x"), "Run 1 has no block “x”."),
    ):
        with pytest.raises(BlockError) as refusal:
            act(run)
        assert str(refusal.value) == words
    finish(run)
    for act, words in (
        (service.pause, "Run 1 is done, so it cannot be paused."),
        (service.retry, "Run 1 is done. Only a failed or cancelled run can be retried."),
        (lambda r: service.move(r, "up"), "Run 1 is done. Only a run that waits can be moved."),
    ):
        with pytest.raises(BlockError) as refusal:
            act(run)
        assert str(refusal.value) == words


def test_a_paused_run_can_be_cancelled(service: Service, worker: Worker) -> None:
    run = begin(service, chain(2))
    service.pause(run)
    service.cancel(run)
    assert service.run(run).status == "cancelled"
    assert {s.status for s in service.steps(run)} == {"cancelled"}


def test_cancel_wins_over_pause(supervised: Service) -> None:
    run = begin(supervised, chain(2, seconds=60))
    _runs_now(supervised, run)
    supervised.pause(run)
    supervised.cancel(run)
    _is(supervised, run, "cancelled", 10)
    assert {s.status for s in supervised.steps(run)} == {"cancelled"}


# ---- stop early and save now ----


def test_stop_early_keeps_the_result_and_says_so(supervised: Service) -> None:
    document = chain(2, seconds=60)
    run = begin(supervised, document)
    _runs_now(supervised, run)
    supervised.stop_early(run, "n0")
    _is(supervised, run, "done", 10)
    assert _step(supervised, run).reason.startswith("stopped early")
    assert [s.scores[0]["value"] for s in supervised.steps(run)] == [1, 2]
    again = begin(supervised, document, supervised.run(run).pipeline)
    assert [s.reason for s in supervised.steps(again)] == [
        "reused from run 1, stopped early",
        "reused from run 1",
    ]


def test_save_now_reaches_the_running_step_once_per_wish(service: Service, worker: Worker) -> None:
    run = begin(service, chain(1))
    [claimed] = Claims(service.home.database).claim(worker.id)
    log = worker._recorder.begin(claimed)
    _runs_now(service, run)
    for _ in range(2):
        service.save_now(run, "n0")
        until(log.saving.is_set, 5, "the wish arrives")
        log.saving.clear()
        time.sleep(0.6)
        assert not log.saving.is_set()
    assert not log.cancelled.is_set()


# ---- retry ----


def _fails_once(tmp_path: Path) -> Document:
    document = chain(3, mark=str(tmp_path / "first"))
    return document.with_param("n1", "fail", "block once").with_param("n1", "mark", str(tmp_path / "second"))


def test_retry_continues_the_same_run_and_keeps_what_is_done(
    service: Service, finish: Finish, tmp_path: Path
) -> None:
    run = begin(service, _fails_once(tmp_path))
    assert finish(run) == "failed"
    service.retry(run)
    assert service.run(run).status == "queued"
    assert finish(run) == "done"
    assert (_lines(tmp_path / "first"), _lines(tmp_path / "second")) == (1, 2)
    assert [s.scores[0]["value"] for s in service.steps(run)] == [1, 2, 3]
    assert [s.reason for s in service.steps(run)] == ["first run", *["retried after the run failed"] * 2]
    assert [s.error for s in service.steps(run)] == [None, None, None]
    assert len(service.runs()) == 1


def test_a_cancelled_run_is_retried(service: Service, finish: Finish) -> None:
    run = begin(service, chain(3))
    service.cancel(run)
    service.retry(run)
    assert finish(run) == "done"


def test_retry_makes_a_result_again_that_is_gone(service: Service, finish: Finish, tmp_path: Path) -> None:
    run = begin(service, _fails_once(tmp_path))
    finish(run)
    shutil.rmtree(service.home.artifacts.path(_step(service, run).outputs["scores"]["hash"]))
    service.retry(run)
    assert finish(run) == "done"
    assert _lines(tmp_path / "first") == 2


def test_retry_counts_what_was_reused_as_done(service: Service, finish: Finish, tmp_path: Path) -> None:
    document = _fails_once(tmp_path)
    finish(begin(service, chain(1, mark=str(tmp_path / "first"))))
    run = begin(service, document)
    assert _step(service, run).status == "reused"
    assert finish(run) == "failed"
    service.retry(run)
    assert finish(run) == "done"


def test_a_wish_to_stop_does_not_outlive_the_attempt(service: Service) -> None:
    run = begin(service, chain(2))
    [step] = Claims(service.home.database).claim("someone", limit=1)
    reports = Reports(service.home.database)
    reports.apply([StepReport(run, "n0", step["token"], began=time.time())])
    service.stop_early(run, "n0")
    service.cancel(run)
    reports.apply([StepReport(run, "n0", step["token"], status="cancelled")])
    service.retry(run)
    assert service.home.database.rows("SELECT 1 FROM steps WHERE stop = 1 OR save = 1") == []


@pytest.mark.parametrize(
    ("installed", "words"),
    [
        ('"probe.gone", version=1', "Run 1 cannot go on: There is no block “probe.step”"),
        ('"probe.step", version=2, upgrades={1: dict}', "the block “Probe” has changed since"),
    ],
)
def test_retry_with_another_version_of_a_block_is_refused(
    service: Service,
    finish: Finish,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    installed: str,
    words: str,
) -> None:
    run = begin(service, _fails_once(tmp_path))
    finish(run)
    blocks = tmp_path / "blocks"
    shutil.copytree(BLOCKS, blocks)
    text = (blocks / "probes.py").read_text()
    (blocks / "probes.py").write_text(text.replace('"probe.step", version=1', installed))
    monkeypatch.setenv("GENLOOM_BLOCKS", str(blocks))
    changed = Service.open(service.home.root)
    with pytest.raises(BlockError, match=words):
        changed.retry(run)
    assert changed.run(run).status == "failed"


# ---- the queue ----


def _order(service: Service) -> list[int]:
    found = []
    while claimed := Claims(service.home.database).claim("someone", limit=1):
        found.append(service.run(claimed[0]["run"]).number)
    return found


@pytest.mark.parametrize(
    ("moves", "order"),
    [
        ([], [1, 2, 3, 4]),
        ([(3, "first")], [3, 1, 2, 4]),
        ([(3, "up")], [1, 3, 2, 4]),
        ([(1, "down")], [2, 1, 3, 4]),
        ([(1, "down"), (1, "down"), (1, "down"), (1, "down")], [2, 3, 4, 1]),
        ([(2, "first"), (3, "first"), (2, "up")], [2, 3, 1, 4]),
        ([(1, "up")], [1, 2, 3, 4]),
    ],
)
def test_waiting_runs_are_taken_in_the_order_that_was_asked_for(
    service: Service, moves: list[tuple[int, str]], order: list[int]
) -> None:
    for value in range(4):
        begin(service, chain(1, value=value))
    for number, place in moves:
        service.move(service.run(number).id, place)  # type: ignore[arg-type]
    assert _order(service) == order


def test_a_run_started_after_a_move_waits_at_the_end(service: Service) -> None:
    for value in range(2):
        begin(service, chain(1, value=value))
    service.move(service.run(2).id, "first")
    begin(service, chain(1, value=5))
    assert _order(service) == [2, 1, 3]


def test_cancel_all_and_clear(service: Service, worker: Worker, finish: Finish) -> None:
    document = chain(2)
    done = begin(service, document)
    finish(done)
    pipeline, hash = service.run(done).pipeline, service.steps(done)[1].outputs["scores"]["hash"]
    waiting = [begin(service, chain(2, value=value)) for value in (5, 6, 7)]
    service.pause(waiting[2])
    assert service.clear() == 1  # only what has ended
    assert {service.run(run).status for run in waiting} == {"queued", "paused"}
    assert service.cancel_all() == 3
    assert {service.run(run).status for run in waiting} == {"cancelled"}
    assert service.clear() == 3
    assert service.runs() == []
    rows = service.home.database.rows
    assert [len(rows(f"SELECT 1 FROM {table}")) for table in ("steps", "links", "logs", "pictures")] == [
        0
    ] * 4
    assert service.home.artifacts.has(hash)
    again = begin(service, document, pipeline)
    assert service.run(again).number == 5  # a number is never given twice
    assert {s.reason for s in service.steps(again)} == {"reused from a run that was deleted"}


# ---- cancel at random moments ----


def _children(pid: int) -> list[str]:
    return subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()


def _cancel_at_random(service: Service, times: int) -> None:
    chance = random.Random(20_26)
    for index in range(times):
        document = chain(5, value=index, seconds=0.15)
        for node in ("n1", "n2", "n3", "n4"):
            document = document.with_param(node, "seconds", 0.15)
        document = document.with_param("n3", "seconds", 60)  # it must be reached: it does not end by itself
        run = begin(service, document)
        time.sleep(chance.uniform(0, 1.2))
        asked, seen = time.monotonic(), []
        service.cancel(run)
        while time.monotonic() - asked < 10:
            seen.append(service.run(run).status)
            if seen[-1] in ENDED:
                break
            time.sleep(0.01)
        assert seen[-1] == "cancelled", f"moment {index}: still {seen[-1]} after 10 s"
        time.sleep(0.3)  # a late word of the worker changes nothing
        assert service.run(run).status == seen[-1]
        assert {s.status for s in service.steps(run)} <= {"done", "cancelled"}
    [pid] = _workers(service)
    assert _children(pid) == []
    assert list(service.home.scratch.iterdir()) == []


def test_cancel_at_20_random_moments(supervised: Service) -> None:
    _cancel_at_random(supervised, 20)


@pytest.mark.soak
def test_cancel_at_100_random_moments(supervised: Service) -> None:
    _cancel_at_random(supervised, 100)
