"""What the end of one step means for the rest of its run. Called inside the transaction that ends the step."""

from __future__ import annotations

import time
from sqlite3 import Connection


def skip_followers(connection: Connection, run: str, node: str, change: int) -> None:
    """Steps that need a failed one will not run."""
    connection.execute(
        "WITH RECURSIVE below(node) AS (SELECT target FROM links WHERE run = ?1 AND source = ?2"
        " UNION SELECT l.target FROM links l JOIN below b ON l.source = b.node WHERE l.run = ?1)"
        " UPDATE steps SET status = 'skipped', token = NULL, changed = ?3,"
        " reason = 'skipped: a block before it failed'"
        " WHERE run = ?1 AND status = 'queued' AND node IN (SELECT node FROM below)",
        (run, node, change),
    )


def put_back(connection: Connection, run: str, node: str) -> None:
    """A step was paused: it waits again, and its attempt does not count. In a cancelled run it ends instead."""
    connection.execute(
        "UPDATE steps SET token = NULL, worker = NULL, attempt = attempt - 1, started = NULL, finished = NULL,"
        " seconds = NULL WHERE run = ? AND node = ?",
        (run, node),
    )
    connection.execute(
        "UPDATE steps SET status = 'cancelled', reason = 'cancelled' WHERE run = ?1 AND node = ?2"
        " AND EXISTS (SELECT 1 FROM runs WHERE id = ?1 AND cancel = 1)",
        (run, node),
    )


def settle(connection: Connection, run: str, change: int) -> None:
    """End the run once no step is left to do; a run that shall pause has paused once no step runs."""
    left = connection.execute(
        "SELECT r.pause FROM steps s JOIN runs r ON r.id = s.run WHERE s.run = ?"
        " AND s.status IN ('queued', 'running') LIMIT 1",
        (run,),
    ).fetchone()
    if left is not None:
        if left["pause"]:
            _halt(connection, run, change)
        return
    found = {
        r["status"] for r in connection.execute("SELECT DISTINCT status FROM steps WHERE run = ?", (run,))
    }
    status = "failed" if "failed" in found else "cancelled" if "cancelled" in found else "done"
    connection.execute(
        "UPDATE runs SET status = ?, finished = ?, changed = ? WHERE id = ?",
        (status, time.time(), change, run),
    )


def _halt(connection: Connection, run: str, change: int) -> None:
    """Mark a run as paused if nothing of it runs."""
    connection.execute(
        "UPDATE runs SET status = 'paused', halted = ?1, changed = ?2 WHERE id = ?3 AND status IN ('queued', 'running')"
        " AND NOT EXISTS (SELECT 1 FROM steps WHERE run = ?3 AND status = 'running')",
        (time.time(), change, run),
    )
