"""Workers that live, and what happens to the steps of those that do not."""

from __future__ import annotations

import json
import time
from sqlite3 import Connection, Row

from storage.database import Database, next_change
from storage.endings import settle, skip_followers

MAX_DEATHS = 3


class WorkerRows:
    """Registration, heartbeat and burial."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, worker: str, pid: int, device: str) -> None:
        """A worker begins."""
        now = time.time()
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO workers (id, pid, device, status, started, heartbeat)"
                " VALUES (?, ?, ?, 'ready', ?, ?)",
                (worker, pid, device, now, now),
            )

    def beat(self, worker: str, status: str) -> bool:
        """A worker is alive and is "ready" or "busy". False where it has been declared dead: that is for ever."""
        with self._database.write() as connection:
            done = connection.execute(
                "UPDATE workers SET heartbeat = ?, status = ? WHERE id = ? AND status != 'dead'",
                (time.time(), status, worker),
            )
            return done.rowcount == 1

    def alive(self) -> list[Row]:
        """Workers that have not been declared dead."""
        return self._database.rows("SELECT * FROM workers WHERE status != 'dead'")

    def bury(self, worker: str) -> list[Row]:
        """A worker is dead: its steps go back in the queue, or end after too many deaths. Returns those steps."""
        with self._database.write() as connection:
            change = next_change(connection)
            connection.execute("UPDATE workers SET status = 'dead' WHERE id = ?", (worker,))
            held = connection.execute(
                "SELECT s.*, r.cancel, r.pause FROM steps s JOIN runs r ON r.id = s.run"
                " WHERE s.worker = ? AND s.status IN ('queued', 'running') AND s.token IS NOT NULL"
                " ORDER BY s.status DESC, s.position",
                (worker,),
            ).fetchall()
            # The first is running or was about to: its beginning may not be written. It may end, so it comes last.
            for step in reversed(held):
                self._return(connection, step, change, blamed=step is held[0] or step["status"] == "running")
            return held

    def _return(self, connection: Connection, step: Row, change: int, *, blamed: bool) -> None:
        status, error, reason, attempt = "queued", None, step["reason"], step["attempt"]
        if step["cancel"]:
            status, reason = "cancelled", "cancelled"
        elif blamed:
            attempt += step["status"] == "queued"
            reason = f"runs again: its worker stopped during attempt {attempt}"
            deaths = _deaths_in_vain(step, attempt)
            if deaths >= MAX_DEATHS:
                status = "failed"
                error = (
                    f"The worker process stopped {deaths} times while it ran this block, most likely for"
                    " lack of memory. Try a smaller batch size or smaller images, then run again."
                )
        connection.execute(
            "UPDATE steps SET status = ?, error = ?, reason = ?, attempt = ?, token = NULL, worker = NULL, changed = ?"
            " WHERE run = ? AND node = ?",
            (status, error, reason, attempt, change, step["run"], step["node"]),
        )
        if status == "failed":
            skip_followers(connection, step["run"], step["node"], change)
        if status != "queued" or step["pause"]:
            settle(connection, step["run"], change)


def _deaths_in_vain(step: Row, attempt: int) -> int:
    """Attempts since the last one that got further: its checkpoint is noted with the step as "saved"."""
    notes = json.loads(step["notes"]) if step["notes"] else {}
    return attempt - int((notes.get("saved") or {}).get("attempt", 0))
