"""Rows of runs as readers and starters see them: create, cancel, look up. The queue of steps is in `queue`."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Any

from storage.database import Database, dump, next_change
from storage.pipelines import PipelineRows

USED_SECONDS = 600.0  # how exactly the last use of a result is known


@dataclass(frozen=True)
class NewStep:
    """One step of a run that is about to start. `depends` are the nodes it waits for."""

    node: str
    block: str
    title: str
    device: str
    depends: tuple[str, ...]
    inputs: dict[str, list[list[str]]]
    params: dict[str, Any]
    seed: int
    key: str
    reason: str
    pure: bool = True
    reused: Row | None = None
    fresh: bool = False  # runs although its result may be stored


class ResultGone(Exception):
    """A result that a plan reuses was removed in the meantime: plan again."""


class RunRows:
    """Reading, creating and cancelling of runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, *, pipeline: str, digest: str, document: str, request: str, seed: int, steps: Sequence[NewStep],
        part: str | None = None,
    ) -> tuple[Row, bool]:  # fmt: skip
        """Insert a run with its steps, and its version where it is new. The same `request` never makes a second run.

        Returns the row, and whether it is new.

        Raises:
            ResultGone: a result that a step reuses was removed since the plan was made.
        """
        with self._database.write() as connection:
            known = connection.execute("SELECT * FROM runs WHERE request = ?", (request,)).fetchone()
            if known is None:
                version = PipelineRows.version_in(connection, pipeline, digest, document)
                known = self._equal_active(connection, version, seed, part)
            if known is not None:
                return known, False
            _use_results(connection, [s.key for s in steps if s.reused is not None])
            id, change, now = secrets.token_hex(8), next_change(connection), time.time()
            number = connection.execute(
                "SELECT 1 + max((SELECT coalesce(max(number), 0) FROM runs),"
                " (SELECT coalesce(max(value), 0) FROM counters WHERE name = 'run'))"
            ).fetchone()[0]
            ready = {s.node for s in steps if s.reused is not None}
            finished = len(ready) == len(steps)
            connection.execute(
                "INSERT INTO runs (id, number, pipeline, version, request, status, seed, created, started, finished,"
                " changed, part) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (id, number, pipeline, version, request, "done" if finished else "queued", seed, now,
                 now if finished else None, now if finished else None, change, part),
            )  # fmt: skip
            self._insert_steps(connection, id, steps, ready, change)
            return connection.execute("SELECT * FROM runs WHERE id = ?", (id,)).fetchone(), True

    @staticmethod
    def _equal_active(connection: Connection, version: str, seed: int, part: str | None) -> Row | None:
        """A run of the same version, seed and part that has not ended: two tabs pressed Run at once."""
        found: Row | None = connection.execute(
            "SELECT * FROM runs WHERE version = ? AND seed = ? AND part IS ? AND cancel = 0"
            " AND status IN ('queued', 'running')",
            (version, seed, part),
        ).fetchone()
        return found

    @staticmethod
    def _insert_steps(
        connection: Connection, run: str, steps: Sequence[NewStep], ready: set[str], change: int
    ) -> None:
        connection.executemany(
            "INSERT INTO steps (run, node, position, block, title, device, status, missing, inputs, params, seed,"
            " key, pure, reason, reused_from, seconds, live, outputs, changed, fresh)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (run, s.node, position, s.block, s.title, s.device, "queued" if s.reused is None else "reused",
                 len(set(s.depends) - ready), dump(s.inputs), dump(s.params), s.seed, s.key, int(s.pure), s.reason,
                 s.reused["number"] if s.reused is not None else None,
                 0.0 if s.reused is not None else None,
                 s.reused["live"] if s.reused is not None else None,
                 s.reused["outputs"] if s.reused is not None else None, change, int(s.fresh))
                for position, s in enumerate(steps)
            ],
        )  # fmt: skip
        connection.executemany(
            "INSERT INTO links (run, source, target) VALUES (?, ?, ?)",
            [(run, source, s.node) for s in steps for source in set(s.depends)],
        )

    def get(self, id_or_number: str | int) -> Row | None:
        """A run by its id or its number, or None."""
        column = "number" if str(id_or_number).isdigit() and len(str(id_or_number)) < 12 else "id"
        return self._database.row(f"SELECT * FROM runs WHERE {column} = ?", (id_or_number,))

    def newest(self, pipeline: str) -> Row | None:
        """The run of a pipeline that was started last, or None."""
        return self._database.row(
            "SELECT * FROM runs WHERE pipeline = ? ORDER BY number DESC LIMIT 1", (pipeline,)
        )

    def all(self, limit: int, pipeline: str | None = None, run: str | None = None) -> list[Row]:
        """Runs with names and counts, newest first; only those of a pipeline, or only one run, where given."""
        column, value = ("r.id", run) if run else ("r.pipeline", pipeline)
        where, values = (f"WHERE {column} = ?", [value]) if value else ("", [])
        return self._database.rows(
            "SELECT r.*, p.name AS pipeline_name, p.template AS template, v.number AS version_number,"
            " (SELECT count(*) FROM steps WHERE run = r.id) AS steps_total,"
            " (SELECT count(*) FROM steps WHERE run = r.id AND status IN ('done', 'reused')) AS steps_done"
            " FROM runs r JOIN pipelines p ON p.id = r.pipeline JOIN versions v ON v.id = r.version"
            f" {where} ORDER BY r.number DESC LIMIT ?",
            [*values, limit],
        )

    def waiting(self) -> list[str]:
        """The runs that wait, in the order that their users chose, else as they came."""
        rows = self._database.rows(
            "SELECT id FROM runs WHERE status = 'queued' ORDER BY priority DESC, number"
        )
        return [row["id"] for row in rows]

    def steps(self, run: str) -> list[Row]:
        """The steps of a run in order."""
        return self._database.rows("SELECT * FROM steps WHERE run = ? ORDER BY position", (run,))

    def newest_steps(self, pipeline: str, nodes: Iterable[str], before: int | None = None) -> list[Row]:
        """The newest step of each node in the runs of a pipeline (before that number), with the number of its run."""
        return self._database.rows(
            "SELECT s.*, r.number FROM json_each(?1) n JOIN runs r ON r.number ="
            " (SELECT o.number FROM runs o WHERE o.pipeline = ?2 AND o.number < ?3 AND EXISTS"
            "  (SELECT 1 FROM steps WHERE run = o.id AND node = n.value) ORDER BY o.number DESC LIMIT 1)"
            " JOIN steps s ON s.run = r.id AND s.node = n.value",
            (dump(list(nodes)), pipeline, before if before is not None else 2**62),
        )

    def keys_of(self, run: str) -> dict[str, str]:
        """The key of every step of a run, by node."""
        rows = self._database.rows("SELECT node, key FROM steps WHERE run = ?", (run,))
        return {row["node"]: row["key"] for row in rows}

    def results(self, keys: list[str]) -> list[Row]:
        """The stored results of those keys, each with the number of the run that made it, or 0."""
        return self._database.rows(
            "SELECT results.*, coalesce(runs.number, 0) AS number FROM json_each(?) k"
            " JOIN results ON results.key = k.value LEFT JOIN runs ON runs.id = results.run",
            (dump(keys),),
        )

    def forget_results(self, keys: list[str]) -> None:
        """Remove stored results whose artifacts are gone."""
        with self._database.write() as connection:
            connection.executemany("DELETE FROM results WHERE key = ?", [(key,) for key in keys])

    def logs(self, run: str, node: str) -> list[Row]:
        """The log lines of a step, oldest first."""
        return self._database.rows("SELECT * FROM logs WHERE run = ? AND node = ? ORDER BY id", (run, node))

    def pictures(self, run: str, node: str) -> list[Row]:
        """The pictures a step has shown, oldest first."""
        return self._database.rows(
            "SELECT * FROM pictures WHERE run = ? AND node = ? ORDER BY id", (run, node)
        )

    def changed_since(self, change: int) -> tuple[int, list[Row], list[Row]]:
        """The newest change, and the runs and steps (joined with their run) that changed after `change`."""
        newest = self._database.row("SELECT value FROM counters WHERE name = 'change'")
        assert newest is not None
        if newest["value"] == change:
            return change, [], []
        runs = self._database.rows("SELECT * FROM runs WHERE changed > ?", (change,))
        steps = self._database.rows(
            "SELECT s.*, r.pipeline FROM steps s JOIN runs r ON r.id = s.run WHERE s.changed > ?", (change,)
        )
        return newest["value"], runs, steps

    def active(self) -> int:
        """How many runs have not ended."""
        row = self._database.row(
            "SELECT count(*) AS n FROM runs WHERE status IN ('queued', 'running', 'paused')"
        )
        assert row is not None
        return int(row["n"])


def _use_results(connection: Connection, keys: list[str]) -> None:
    """Note that results are in use. Raises ResultGone where one is no longer there."""
    now, given = time.time(), dump(keys)
    found = connection.execute(
        "SELECT count(*) FROM json_each(?) k JOIN results ON results.key = k.value", (given,)
    ).fetchone()[0]
    if found < len(keys):
        raise ResultGone
    connection.execute(
        "UPDATE results SET used = ? WHERE key IN (SELECT value FROM json_each(?))"
        " AND coalesce(used, created) < ?",
        (now, given, now - USED_SECONDS),
    )


def column(row: Row, name: str) -> Any:
    """A JSON column, or None where it is empty."""
    return json.loads(row[name]) if row[name] else None
