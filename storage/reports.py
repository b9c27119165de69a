"""What workers write about their steps. A report carries the token of its claim; without it, it is refused."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Any

from storage.artifacts import Staged
from storage.database import Database, dump, next_change
from storage.endings import put_back, settle, skip_followers
from storage.measures import Measure, add


@dataclass
class StepReport:
    """What a worker has to say about one step since it last spoke."""

    run: str
    node: str
    token: str
    began: float | None = None
    live: dict[str, Any] | None = None
    notes: dict[str, Any] | None = None
    logs: list[tuple[float, str]] = field(default_factory=list)
    pictures: list[dict[str, Any]] = field(default_factory=list)
    status: str | None = None  # done, reused, failed, cancelled; queued: paused, to go on later
    finished: float | None = None
    seconds: float | None = None
    error: str | None = None
    reason: str | None = None
    reused_from: int | None = None
    outputs: dict[str, Any] | None = None
    artifacts: list[tuple[str, str, int]] = field(default_factory=list)  # hash, kind, size
    key: str | None = None
    early: bool = False  # stopped early by the user
    measure: Measure | None = None  # what it has cost
    staged: list[Staged] = field(default_factory=list)  # values to make durable before this is written


class Reports:
    """Beginnings, progress and ends of steps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def apply(self, reports: list[StepReport]) -> list[StepReport]:
        """Write reports in one transaction. Returns those that were refused: the claim was no longer theirs."""
        refused = []
        with self._database.write() as connection:
            change = next_change(connection)
            for report in reports:
                if not self._apply_one(connection, report, change):
                    refused.append(report)
        return refused

    def _apply_one(self, connection: Connection, report: StepReport, change: int) -> bool:
        values: dict[str, Any] = {"changed": change}
        if report.began is not None:
            values.update(status="running", started=report.began)
        for name in ("live", "notes", "outputs"):
            if getattr(report, name) is not None:
                values[name] = dump(getattr(report, name))
        for name in ("status", "finished", "seconds", "error", "reason", "reused_from"):
            if getattr(report, name) is not None:
                values[name] = getattr(report, name)
        setters = ", ".join(f"{name} = ?" for name in values)
        if report.began is not None:
            setters += ", attempt = attempt + 1"
        done = connection.execute(
            f"UPDATE steps SET {setters} WHERE run = ? AND node = ? AND token = ? AND status IN ('queued', 'running')",
            (*values.values(), report.run, report.node, report.token),
        )
        if done.rowcount != 1:
            return False
        if report.began is not None:
            connection.execute(
                "UPDATE runs SET status = 'running', started = coalesce(started, ?), changed = ?"
                " WHERE id = ? AND status = 'queued'",
                (report.began, change, report.run),
            )
        self._add_traces(connection, report, change)
        if report.status is not None:
            self._after_end(connection, report, change)
        return True

    @staticmethod
    def _add_traces(connection: Connection, report: StepReport, change: int) -> None:
        connection.executemany(
            "INSERT INTO logs (run, node, time, text, changed) VALUES (?, ?, ?, ?, ?)",
            [(report.run, report.node, moment, text, change) for moment, text in report.logs],
        )
        connection.executemany(
            "INSERT INTO pictures (run, node, step, file, caption, width, height, time, changed)"
            " VALUES (?,?,?,?,?,?,?,?,?)",
            [
                (
                    report.run,
                    report.node,
                    p["step"],
                    p["hash"],
                    p["caption"],
                    p["width"],
                    p["height"],
                    p["time"],
                    change,
                )
                for p in report.pictures
            ],
        )

    def _after_end(self, connection: Connection, report: StepReport, change: int) -> None:
        if report.status in ("done", "reused"):
            now = time.time()
            connection.executemany(
                "INSERT OR IGNORE INTO artifacts (hash, kind, size, created) VALUES (?, ?, ?, ?)",
                [(*artifact, now) for artifact in report.artifacts],
            )
            if report.measure:
                add(connection, report.measure)
            if report.status == "done" and report.key:
                connection.execute(
                    "INSERT OR REPLACE INTO results (key, run, node, outputs, live, created, early)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        report.key,
                        report.run,
                        report.node,
                        dump(report.outputs),
                        dump(report.live or {}),
                        now,
                        report.early,
                    ),
                )
            connection.execute(
                "UPDATE steps SET missing = missing - 1 WHERE run = ?1 AND node IN"
                " (SELECT target FROM links WHERE run = ?1 AND source = ?2)",
                (report.run, report.node),
            )
        elif report.status == "failed":
            skip_followers(connection, report.run, report.node, change)
        elif report.status == "queued":
            put_back(connection, report.run, report.node)
        settle(connection, report.run, change)
