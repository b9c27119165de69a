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


def settle(connection: Connection, run: str, change: int) -> None:
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
