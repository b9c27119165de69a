"""The queue of steps: claim, begin, report, finish, cancel, and what happens when a worker dies.

Every write of a worker carries the token of its claim and is refused once the claim is no longer its own.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from sqlite3 import Connection, Row
from typing import Any

from storage.database import Database, dump, next_change

MAX_DEATHS = 3
OPEN = ("queued", "running")


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
    status: str | None = None  # done, reused, failed, cancelled
    finished: float | None = None
    seconds: float | None = None
    error: str | None = None
    reason: str | None = None
    reused_from: int | None = None
    outputs: dict[str, Any] | None = None
    artifacts: list[tuple[str, str, int]] = field(default_factory=list)  # hash, kind, size
    key: str | None = None


class StepQueue:
    """Steps that wait, run and end."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ---- claiming ----

    def claim(self, worker: str, limit: int = 64) -> list[Row]:
        """Take the first ready step, and the steps that can follow it in this worker without waiting for others.

        One transaction serves a whole chain, so that a quick step costs no commit of its own.
        """
        with self._database.write() as connection:
            first = connection.execute(
                "SELECT s.* FROM steps s JOIN runs r ON r.id = s.run WHERE s.status = 'queued' AND s.missing = 0"
                " AND s.token IS NULL AND r.cancel = 0 ORDER BY r.number, s.position LIMIT 1"
            ).fetchone()
            if first is None:
                return []
            chain = self._chain(connection, first["run"], first["node"], limit)
            token = secrets.token_hex(8)
            connection.executemany(
                "UPDATE steps SET token = ?, worker = ? WHERE run = ? AND node = ?",
                [(token, worker, first["run"], node) for node in chain],
            )
            marks = ",".join("?" * len(chain))
            return connection.execute(
                f"SELECT * FROM steps WHERE run = ? AND node IN ({marks}) ORDER BY position",
                (first["run"], *chain),
            ).fetchall()

    @staticmethod
    def _chain(connection: Connection, run: str, node: str, limit: int) -> list[str]:
        """The path from `node` along first followers that wait only for steps on the path."""
        path: list[str] = [node]
        met: dict[str, int] = {}
        while len(path) < limit:
            followers = connection.execute(
                "SELECT s.node, s.missing FROM links l JOIN steps s ON s.run = l.run AND s.node = l.target"
                " WHERE l.run = ? AND l.source = ? AND s.status = 'queued' AND s.token IS NULL"
                " ORDER BY s.position",
                (run, path[-1]),
            ).fetchall()
            for row in followers:
                met[row["node"]] = met.get(row["node"], 0) + 1
            following = next((r["node"] for r in followers if met[r["node"]] == r["missing"]), None)
            if following is None:
                return path
            path.append(following)
        return path

    # ---- what a worker says ----

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
        self._add_traces(connection, report)
        if report.status is not None:
            self._after_end(connection, report, change)
        return True

    @staticmethod
    def _add_traces(connection: Connection, report: StepReport) -> None:
        connection.executemany(
            "INSERT INTO logs (run, node, time, text) VALUES (?, ?, ?, ?)",
            [(report.run, report.node, moment, text) for moment, text in report.logs],
        )
        connection.executemany(
            "INSERT INTO pictures (run, node, step, file, caption, width, height, time) VALUES (?,?,?,?,?,?,?,?)",
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
            if report.status == "done" and report.key:
                connection.execute(
                    "INSERT OR REPLACE INTO results (key, run, node, outputs, live, created) VALUES (?,?,?,?,?,?)",
                    (report.key, report.run, report.node, dump(report.outputs), dump(report.live or {}), now),
                )
            connection.execute(
                "UPDATE steps SET missing = missing - 1 WHERE run = ?1 AND node IN"
                " (SELECT target FROM links WHERE run = ?1 AND source = ?2)",
                (report.run, report.node),
            )
        elif report.status == "failed":
            self._skip_followers(connection, report.run, report.node, change)
        self._settle(connection, report.run, change)

    @staticmethod
    def _skip_followers(connection: Connection, run: str, node: str, change: int) -> None:
        connection.execute(
            "WITH RECURSIVE below(node) AS (SELECT target FROM links WHERE run = ?1 AND source = ?2"
            " UNION SELECT l.target FROM links l JOIN below b ON l.source = b.node WHERE l.run = ?1)"
            " UPDATE steps SET status = 'skipped', token = NULL, changed = ?3,"
            " reason = 'skipped: a block before it failed'"
            " WHERE run = ?1 AND status = 'queued' AND node IN (SELECT node FROM below)",
            (run, node, change),
        )

    @staticmethod
    def _settle(connection: Connection, run: str, change: int) -> None:
        """End the run once no step is left to do."""
        left = connection.execute(
            "SELECT 1 FROM steps WHERE run = ? AND status IN ('queued', 'running') LIMIT 1", (run,)
        ).fetchone()
        if left is not None:
            return
        found = {
            r["status"] for r in connection.execute("SELECT DISTINCT status FROM steps WHERE run = ?", (run,))
        }
        status = "failed" if "failed" in found else "cancelled" if "cancelled" in found else "done"
        connection.execute(
            "UPDATE runs SET status = ?, finished = ?, changed = ? WHERE id = ?",
            (status, time.time(), change, run),
        )

    # ---- control ----

    def cancel(self, run: str) -> None:
        """Ask for a run to end: waiting steps end at once, the running one at its next training step."""
        with self._database.write() as connection:
            change = next_change(connection)
            connection.execute(
                "UPDATE runs SET cancel = 1, changed = ? WHERE id = ? AND status IN ('queued', 'running')",
                (change, run),
            )
            connection.execute(
                "UPDATE steps SET status = 'cancelled', token = NULL, reason = 'cancelled', changed = ?"
                " WHERE run = ? AND status = 'queued' AND"
                " EXISTS (SELECT 1 FROM runs WHERE id = steps.run AND cancel = 1)",
                (change, run),
            )
            if connection.execute(
                "SELECT 1 FROM runs WHERE id = ? AND cancel = 1 AND status IN ('queued', 'running')", (run,)
            ).fetchone():
                self._settle(connection, run, change)

    def wants(self, run: str, node: str, token: str) -> tuple[bool, bool]:
        """What the user wants of a running step: (give up, finish early). A lost claim means: give up."""
        row = self._database.row(
            "SELECT r.cancel, s.stop, s.token FROM steps s JOIN runs r ON r.id = s.run WHERE s.run = ? AND s.node = ?",
            (run, node),
        )
        if row is None:
            return True, False
        return bool(row["cancel"]) or row["token"] != token, bool(row["stop"])

    # ---- workers ----

    def register(self, worker: str, pid: int, device: str) -> None:
        """A worker begins."""
        now = time.time()
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO workers (id, pid, device, status, started, heartbeat)"
                " VALUES (?, ?, ?, 'ready', ?, ?)",
                (worker, pid, device, now, now),
            )

    def beat(self, worker: str, status: str) -> None:
        """A worker is alive and is "ready" or "busy"."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE workers SET heartbeat = ?, status = ? WHERE id = ?", (time.time(), status, worker)
            )

    def workers(self) -> list[Row]:
        """Workers that have not been declared dead."""
        return self._database.rows("SELECT * FROM workers WHERE status != 'dead'")

    def bury(self, worker: str) -> list[Row]:
        """A worker is dead: its steps go back in the queue, or end after too many deaths. Returns those steps."""
        with self._database.write() as connection:
            change = next_change(connection)
            connection.execute("UPDATE workers SET status = 'dead' WHERE id = ?", (worker,))
            held = connection.execute(
                "SELECT s.*, r.cancel FROM steps s JOIN runs r ON r.id = s.run"
                " WHERE s.worker = ? AND s.status IN ('queued', 'running') AND s.token IS NOT NULL",
                (worker,),
            ).fetchall()
            for step in held:
                self._return(connection, step, change)
            return held

    def _return(self, connection: Connection, step: Row, change: int) -> None:
        status, error, reason = "queued", None, step["reason"]
        if step["cancel"]:
            status, reason = "cancelled", "cancelled"
        elif step["status"] == "running":
            reason = f"runs again: its worker stopped during attempt {step['attempt']}"
            if step["attempt"] >= MAX_DEATHS:
                status = "failed"
                error = (
                    f"The worker process stopped {step['attempt']} times while it ran this block, most likely for"
                    " lack of memory. Try a smaller batch size or smaller images, then run again."
                )
        connection.execute(
            "UPDATE steps SET status = ?, error = ?, reason = ?, token = NULL, worker = NULL, changed = ?"
            " WHERE run = ? AND node = ?",
            (status, error, reason, change, step["run"], step["node"]),
        )
        if status == "failed":
            self._skip_followers(connection, step["run"], step["node"], change)
        if status != "queued":
            self._settle(connection, step["run"], change)
