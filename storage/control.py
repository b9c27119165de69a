"""What users want of runs and steps: written here by pages and command line, read here by workers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Literal

from storage.database import Database, next_change
from storage.endings import settle

Place = Literal["first", "up", "down"]
ACTIVE = "('queued', 'running', 'paused')"
ENDED = "('done', 'failed', 'cancelled')"


@dataclass(frozen=True)
class Wants:
    """What the user wants of a running step. `save` grows with every wish to save now."""

    cancel: bool = False
    stop: bool = False
    pause: bool = False
    save: int = 0


class Control:
    """Requests of users, and what workers must do about them. Each method says whether it applied."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cancel(self, run: str) -> bool:
        """Ask for a run to end: waiting steps end at once, the running one at its next training step."""
        with self._database.write() as connection:
            return self._cancel(connection, run, next_change(connection))

    def cancel_all(self) -> int:
        """Cancel every run that has not ended. Returns how many."""
        with self._database.write() as connection:
            change = next_change(connection)
            runs = connection.execute(f"SELECT id FROM runs WHERE status IN {ACTIVE}").fetchall()
            return sum(self._cancel(connection, row["id"], change) for row in runs)

    @staticmethod
    def _cancel(connection: Connection, run: str, change: int) -> bool:
        asked = connection.execute(
            "UPDATE runs SET cancel = 1, idle = idle + max(0, ?1 - coalesce(halted, ?1)), halted = NULL, changed = ?2"
            f" WHERE id = ?3 AND status IN {ACTIVE}",
            (time.time(), change, run),
        )
        if asked.rowcount == 0:
            return False
        connection.execute(
            "UPDATE steps SET status = 'cancelled', token = NULL, reason = 'cancelled', changed = ?"
            " WHERE run = ? AND status = 'queued'",
            (change, run),
        )
        settle(connection, run, change)
        return True

    def pause(self, run: str) -> bool:
        """Ask for a run to leave its device: waiting steps are given to nobody, the running one saves and returns."""
        with self._database.write() as connection:
            change = next_change(connection)
            asked = connection.execute(
                "UPDATE runs SET pause = 1, changed = ? WHERE id = ? AND cancel = 0 AND pause = 0"
                " AND status IN ('queued', 'running')",
                (change, run),
            )
            if asked.rowcount == 0:
                return False
            connection.execute(
                "UPDATE steps SET token = NULL, worker = NULL WHERE run = ? AND status = 'queued'", (run,)
            )
            settle(connection, run, change)
            return True

    def resume(self, run: str) -> bool:
        """Let a paused run, or one that is about to pause, go on."""
        with self._database.write() as connection:
            change, now = next_change(connection), time.time()
            done = connection.execute(
                "UPDATE runs SET pause = 0, idle = idle + max(0, ?1 - coalesce(halted, ?1)), halted = NULL,"
                " status = CASE status WHEN 'paused' THEN 'queued' ELSE status END, changed = ?2"
                " WHERE id = ?3 AND cancel = 0 AND pause = 1 AND status IN ('queued', 'running', 'paused')",
                (now, change, run),
            )
            connection.execute(
                "UPDATE steps SET changed = ? WHERE run = ? AND status = 'queued'", (change, run)
            )
            return done.rowcount == 1

    def stop(self, run: str, node: str) -> bool:
        """Ask a running step to finish now and keep what it has."""
        return self._ask(run, node, "stop = 1")

    def save(self, run: str, node: str) -> bool:
        """Ask a running step to save what it has, and go on."""
        return self._ask(run, node, "save = save + 1")

    def _ask(self, run: str, node: str, setter: str) -> bool:
        with self._database.write() as connection:
            done = connection.execute(
                f"UPDATE steps SET {setter}, changed = ? WHERE run = ? AND node = ? AND status = 'running'",
                (next_change(connection), run, node),
            )
            return done.rowcount == 1

    def retry(self, run: str, nodes: Sequence[str], reason: str) -> bool:
        """Put steps of an ended run back in the queue. Steps that are done stay as they are."""
        with self._database.write() as connection:
            change, now = next_change(connection), time.time()
            done = connection.execute(
                "UPDATE runs SET status = 'queued', cancel = 0, pause = 0, priority = 0, message = NULL,"
                " idle = idle + max(0, ?1 - coalesce(finished, ?1)), halted = NULL, finished = NULL, changed = ?2"
                " WHERE id = ?3 AND status IN ('failed', 'cancelled')",
                (now, change, run),
            )
            if done.rowcount == 0:
                return False
            connection.executemany(
                "UPDATE steps SET status = 'queued', token = NULL, worker = NULL, attempt = 0, stop = 0, save = 0,"
                " error = NULL, started = NULL, finished = NULL, seconds = NULL, reason = ?, changed = ?"
                " WHERE run = ? AND node = ?",
                [(reason, change, run, node) for node in nodes],
            )
            connection.execute(
                "UPDATE steps SET missing = (SELECT count(*) FROM links l JOIN steps s ON s.run = l.run"
                " AND s.node = l.source WHERE l.run = steps.run AND l.target = steps.node"
                " AND s.status NOT IN ('done', 'reused')) WHERE run = ? AND status = 'queued'",
                (run,),
            )
            return True

    def move(self, run: str, place: Place) -> bool:
        """Move a waiting run to the front of those that wait, or by one place."""
        with self._database.write() as connection:
            rows = connection.execute(
                "SELECT id FROM runs WHERE status = 'queued' ORDER BY priority DESC, number"
            ).fetchall()
            waiting = [row["id"] for row in rows]
            if run not in waiting:
                return False
            at = waiting.index(run)
            to = {"first": 0, "up": max(0, at - 1), "down": min(len(waiting) - 1, at + 1)}[place]
            waiting.insert(to, waiting.pop(at))
            change = next_change(connection)
            connection.executemany(
                "UPDATE runs SET priority = ?, changed = ? WHERE id = ?",
                [(len(waiting) - index, change, id) for index, id in enumerate(waiting)],
            )
            return True

    def clear(self, pipeline: str | None = None) -> int:
        """Remove ended runs with their steps, log and list of pictures. Results and files stay. Returns how many."""
        chosen = f"SELECT id FROM runs WHERE status IN {ENDED} AND (?1 IS NULL OR pipeline = ?1)"
        with self._database.write() as connection:
            next_change(connection)
            highest = "SELECT coalesce(max(number), 0) FROM runs"  # a number is never given twice
            connection.execute(
                f"INSERT INTO counters (name, value) VALUES ('run', ({highest}))"
                " ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)"
            )
            for table in ("steps", "links", "logs", "pictures"):
                connection.execute(f"DELETE FROM {table} WHERE run IN ({chosen})", (pipeline,))
            return connection.execute(f"DELETE FROM runs WHERE id IN ({chosen})", (pipeline,)).rowcount

    def wants(self, run: str, node: str, token: str) -> Wants:
        """What the user wants of a running step. A lost claim means: give up."""
        row = self._database.row(
            "SELECT r.cancel, r.pause, s.stop, s.save, s.token FROM steps s JOIN runs r ON r.id = s.run"
            " WHERE s.run = ? AND s.node = ?",
            (run, node),
        )
        if row is None:
            return Wants(cancel=True)
        lost = bool(row["cancel"]) or row["token"] != token
        return Wants(lost, bool(row["stop"]), bool(row["pause"]), int(row["save"]))
