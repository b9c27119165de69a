"""What users want of runs and steps: written here by pages and command line, read here by workers."""

from __future__ import annotations

from storage.database import Database, next_change
from storage.endings import settle


class Control:
    """Requests of users, and what workers must do about them."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
                settle(connection, run, change)

    def wants(self, run: str, node: str, token: str) -> tuple[bool, bool]:
        """What the user wants of a running step: (give up, finish early). A lost claim means: give up."""
        row = self._database.row(
            "SELECT r.cancel, s.stop, s.token FROM steps s JOIN runs r ON r.id = s.run WHERE s.run = ? AND s.node = ?",
            (run, node),
        )
        if row is None:
            return True, False
        return bool(row["cancel"]) or row["token"] != token, bool(row["stop"])
