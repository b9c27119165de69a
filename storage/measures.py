"""What finished steps have cost: seconds, memory and disk, with the sizes they were measured at."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from sqlite3 import Connection, Row

from storage.database import Database, dump

LOOKED_AT = 24  # the newest measures of a block that an estimate looks at
KEPT = 20_000


@dataclass(frozen=True)
class Measure:
    """The cost of one step that ended well.

    Attributes:
        sizes: what the cost may depend on, by name: numbers are compared by their ratio, words by being equal.
        inputs: bytes that it read.
        work: units of work done, such as training steps, where they were counted.
        memory: the most bytes in use while it ran, where this was measured.
        disk: bytes of results.
    """

    block: str
    machine: str
    device: str
    sizes: dict[str, float | str]
    inputs: int
    seconds: float
    disk: int
    work: float | None = None
    memory: int | None = None


class Measures:
    """Reading measures. They are written with the end of their step, see `add`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_block(self, block: str, machine: str) -> list[Measure]:
        """The newest measures of a block on a machine, newest first."""
        rows = self._database.rows(
            "SELECT * FROM measures WHERE block = ? AND machine = ? ORDER BY id DESC LIMIT ?",
            (block, machine, LOOKED_AT),
        )
        return [_measure(row) for row in rows]

    def largest_disk(self) -> int:
        """The most bytes that any step has written."""
        row = self._database.row("SELECT coalesce(max(disk), 0) AS largest FROM measures")
        assert row is not None
        return int(row["largest"])


def add(connection: Connection, measure: Measure) -> None:
    """Keep a measure, in the transaction that records the end of its step. The oldest are let go."""
    done = connection.execute(
        "INSERT INTO measures (block, machine, device, sizes, inputs, work, seconds, memory, disk, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (measure.block, measure.machine, measure.device, dump(measure.sizes), measure.inputs, measure.work,
         measure.seconds, measure.memory, measure.disk, time.time()),
    )  # fmt: skip
    newest = done.lastrowid or 0
    if newest % 256 == 0:
        connection.execute("DELETE FROM measures WHERE id <= ?", (newest - KEPT,))


def _measure(row: Row) -> Measure:
    return Measure(
        row["block"], row["machine"], row["device"], json.loads(row["sizes"]), row["inputs"], row["seconds"],
        row["disk"], row["work"], row["memory"],
    )  # fmt: skip
