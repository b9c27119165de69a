"""What users do to runs that go on: pause, resume, stop early, save now, cancel at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from nodes.errors import BlockError
from pipelines.document import Document, Node
from pipelines.service import Service
from pipelines.supervisor import Supervisor
from pipelines.worker import Worker
from storage.claims import Claims
from storage.reports import Reports, StepReport
from tests.pipelines.conftest import begin, chain, until

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
