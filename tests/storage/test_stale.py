"""Of many writers that slept through their own funeral, none gets a write in."""

from __future__ import annotations

from pathlib import Path

from storage.claims import Claims
from storage.database import Database
from storage.home import Home
from storage.pipelines import PipelineRows
from storage.reports import Reports, StepReport
from storage.runs import NewStep, RunRows
from storage.workers import WorkerRows

WRITERS = 100
WRITTEN = ("runs", "steps", "logs", "pictures", "results", "artifacts")


def _run(database: Database, index: int) -> str:
    pipeline = PipelineRows(database).create(f"p{index}", "{}")
    step = NewStep("n0", "probe", "Probe", "cpu", (), {}, {}, 0, f"key{index}", "first run")
    row, _ = RunRows(database).create(
        pipeline=pipeline, digest=f"v{index}", document="{}", request=f"r{index}", seed=0, steps=[step]
    )
    return str(row["id"])


def _full_report(run: str, token: str, who: str) -> StepReport:
    picture = {"step": 1, "hash": "0" * 64, "caption": who, "width": 1, "height": 1, "time": 1.0}
    return StepReport(
        run, "n0", token, began=1.0, live={"message": who}, notes={"who": who}, logs=[(1.0, who)],
        pictures=[picture], status="done", finished=2.0, seconds=1.0, reason=who, outputs={"who": who},
        artifacts=[(who * 8, "Scores", 1)], key=f"key of {who}",
    )  # fmt: skip


def test_of_100_stale_writers_none_gets_a_write_in(tmp_path: Path) -> None:
    database = Home.open(tmp_path).database
    claims, reports, workers = Claims(database), Reports(database), WorkerRows(database)
    stale, fresh = [], []
    for index in range(WRITERS):
        run = _run(database, index)
        workers.register(f"sleeper {index}", 1, "cpu")
        old = claims.claim(f"sleeper {index}")[0]
        assert old["run"] == run
        workers.bury(f"sleeper {index}")
        heir = claims.claim(f"heir {index}")[0]
        if index % 2:  # the heir is done already, or has only claimed
            fresh.append(_full_report(run, heir["token"], f"heir {index}"))
            assert reports.apply([fresh[-1]]) == []
        stale.append(_full_report(run, old["token"], f"sleeper {index}"))
    before = {table: [tuple(row) for row in database.rows(f"SELECT * FROM {table}")] for table in WRITTEN}
    assert len(before["logs"]) == len(before["pictures"]) == len(before["results"]) == WRITERS // 2
    refused = [report for late in stale for report in reports.apply([late])]
    assert refused == stale
    assert reports.apply(stale) == stale  # all in one transaction, too
    after = {table: [tuple(row) for row in database.rows(f"SELECT * FROM {table}")] for table in WRITTEN}
    assert after == before
    print(f"{len(refused)} of {WRITERS} stale writers refused")
