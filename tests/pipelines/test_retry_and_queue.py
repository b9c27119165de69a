"""Retry of ended runs, and the queue: order, cancel all, clear. The worker is stepped by hand."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nodes.errors import BlockError
from pipelines.document import Document
from pipelines.service import Service
from pipelines.worker import Worker
from storage.claims import Claims
from storage.reports import Reports, StepReport
from tests.pipelines.conftest import BLOCKS, begin, chain

Finish = Callable[[str], str]


def _step(service: Service, run: str, node: str = "n0"):
    return next(step for step in service.steps(run) if step.node == node)


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


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
