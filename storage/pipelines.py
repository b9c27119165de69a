"""Rows of pipelines: the draft that is being edited, and the immutable versions."""

from __future__ import annotations

import secrets
import time
from sqlite3 import Connection, Row

from storage.database import Database


class StaleDraft(Exception):
    """A save came from an older or replaced state of the draft. Holds what is stored now."""

    def __init__(self, epoch: str, rev: int) -> None:
        super().__init__("the draft was changed elsewhere")
        self.epoch = epoch
        self.rev = rev


class PipelineRows:
    """Reading and writing of pipelines; documents are opaque JSON text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        name: str,
        draft: str,
        *,
        template: str | None = None,
        readonly: bool = False,
        id: str | None = None,
    ) -> str:
        """Insert a pipeline and return its id. With an `id` that is taken, the stored one stays."""
        id, now = id or secrets.token_hex(6), time.time()
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO pipelines (id, name, template, readonly, draft, epoch, rev, created, updated)"
                " VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)",
                (id, name, template, int(readonly), draft, secrets.token_hex(8), now, now),
            )
        return id

    def get(self, id: str) -> Row | None:
        """The row of a pipeline, or None."""
        return self._database.row("SELECT * FROM pipelines WHERE id = ?", (id,))

    def all(self) -> list[Row]:
        """Every pipeline with its number of runs, last run and last picture; newest first."""
        return self._database.rows(
            "SELECT p.*, r.number AS last_number, r.status AS last_status, r.id AS last_run,"
            " (SELECT count(*) FROM runs WHERE pipeline = p.id) AS runs"
            " FROM pipelines p LEFT JOIN runs r"
            " ON r.number = (SELECT max(number) FROM runs WHERE pipeline = p.id)"
            " ORDER BY p.updated DESC"
        )

    def save_draft(self, id: str, epoch: str, rev: int, name: str, draft: str) -> None:
        """Replace the draft, unless the stored one is of another epoch or not older.

        Raises:
            StaleDraft: the save is out of date.
            KeyError: there is no such pipeline.
        """
        with self._database.write() as connection:
            row = connection.execute("SELECT epoch, rev, draft FROM pipelines WHERE id = ?", (id,)).fetchone()
            if row is None:
                raise KeyError(id)
            if row["epoch"] == epoch and row["rev"] == rev and row["draft"] == draft:
                return  # the same save again, because its answer was lost
            if row["epoch"] != epoch or row["rev"] >= rev:
                raise StaleDraft(row["epoch"], row["rev"])
            connection.execute(
                "UPDATE pipelines SET draft = ?, name = ?, rev = ?, updated = ? WHERE id = ?",
                (draft, name, rev, time.time(), id),
            )

    def replace_draft(self, id: str, name: str, draft: str) -> None:
        """Put another draft in place, in a new epoch, so that every open canvas loads it."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE pipelines SET draft = ?, name = ?, rev = rev + 1, epoch = ?, updated = ? WHERE id = ?",
                (draft, name, secrets.token_hex(8), time.time(), id),
            )

    def delete(self, id: str) -> None:
        """Remove a pipeline, its versions and its runs. Artifacts stay: other pipelines may reuse them."""
        with self._database.write() as connection:
            for table in ("steps", "links", "logs", "pictures"):
                connection.execute(
                    f"DELETE FROM {table} WHERE run IN (SELECT id FROM runs WHERE pipeline = ?)", (id,)
                )
            for table, column in (("runs", "pipeline"), ("versions", "pipeline"), ("pipelines", "id")):
                connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (id,))

    @staticmethod
    def version_in(connection: Connection, pipeline: str, digest: str, document: str) -> str:
        """The id of the newest version where it has this digest, else of a new one; in a transaction of the caller."""
        newest = connection.execute(
            "SELECT * FROM versions WHERE pipeline = ? ORDER BY number DESC LIMIT 1", (pipeline,)
        ).fetchone()
        if newest is not None and newest["digest"] == digest:
            return str(newest["id"])
        number = newest["number"] + 1 if newest is not None else 1
        id = secrets.token_hex(8)
        connection.execute(
            "INSERT INTO versions (id, pipeline, number, digest, document, created) VALUES (?,?,?,?,?,?)",
            (id, pipeline, number, digest, document, time.time()),
        )
        return id

    def version_by_id(self, id: str) -> Row | None:
        """One version, or None."""
        return self._database.row("SELECT * FROM versions WHERE id = ?", (id,))
