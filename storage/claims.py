"""Which step a worker gets next."""

from __future__ import annotations

import secrets
from sqlite3 import Connection, Row

from storage.database import Database


class Claims:
    """Steps that wait, handed to workers."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
