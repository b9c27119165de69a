"""Which step a worker gets next: fair between pipelines, near to the values it holds, and only where it fits."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from sqlite3 import Connection, Row

from storage.database import Database, dump

READY = "s.status = 'queued' AND s.missing = 0 AND s.token IS NULL"
OPEN_RUN = "r.status IN ('queued', 'running') AND r.cancel = 0 AND r.pause = 0"
CHOICES = 64  # so many ready steps of a run are compared
ANY = "1"
NEEDS_ACCELERATOR = "s.device = 'accelerator'"

Fits = Callable[[Row, list[Row]], bool]


@dataclass(frozen=True)
class Seat:
    """Where a worker sits, and what it has at hand.

    `slot` is a device, such as "cuda:0", and "/1" after it for a second worker there. `held` are the hashes of
    artifacts in its memory. `fits` is asked before a step is claimed: (step, what others run on this device).
    """

    slot: str = "cpu"
    held: Set[str] = frozenset()
    fits: Fits | None = None

    @property
    def device(self) -> str:
        """The device without the number of the seat."""
        return self.slot.partition("/")[0]


class Claims:
    """Steps that wait, handed to workers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, worker: str, limit: int = 64, seat: Seat | None = None) -> list[Row]:
        """Take a ready step, and the steps that can follow it in this worker without waiting for others.

        Runs that a user moved forward come first; then pipelines take turns; within a pipeline the older run
        comes first, and within a run the step whose inputs this worker holds, else the first in order. One
        transaction serves a whole chain, so that a quick step costs no commit of its own. Where there are other
        workers, a chain follows one branch of a fork and leaves the others to them.
        """
        seat = seat or Seat()
        if (
            self._database.row(
                f"SELECT 1 FROM steps s JOIN runs r ON r.id = s.run WHERE {READY} AND {OPEN_RUN}"
            )
            is None
        ):
            return []  # nothing waits: no need for the write lock
        with self._database.write() as connection:
            if connection.execute(
                "SELECT 1 FROM workers WHERE id = ? AND status = 'dead'", (worker,)
            ).fetchone():
                return []  # others hold it for dead: nobody would notice its end a second time
            may = self._permission(connection, worker, seat)
            first = self._first(connection, worker, seat, may)
            if first is None:
                return []
            alone = not connection.execute(
                "SELECT 1 FROM workers WHERE status != 'dead' AND id != ?", (worker,)
            ).fetchone()
            chain = self._chain(connection, first["run"], first["node"], limit, may, alone)
            token = secrets.token_hex(8)
            connection.executemany(
                "UPDATE steps SET token = ?, worker = ? WHERE run = ? AND node = ?",
                [(token, worker, first["run"], node) for node in chain],
            )
            connection.execute(
                "INSERT OR REPLACE INTO turns (pipeline, turn)"
                " SELECT pipeline, (SELECT coalesce(max(turn), 0) + 1 FROM turns) FROM runs WHERE id = ?",
                (first["run"],),
            )
            return connection.execute(
                "SELECT * FROM steps WHERE run = ? AND node IN (SELECT value FROM json_each(?)) ORDER BY position",
                (first["run"], dump(chain)),
            ).fetchall()

    def give_back(self, worker: str) -> None:
        """Return what a worker has claimed and not begun, so that others get their turn."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE steps SET token = NULL, worker = NULL"
                " WHERE worker = ? AND status = 'queued' AND token IS NOT NULL",
                (worker,),
            )

    @staticmethod
    def _permission(connection: Connection, worker: str, seat: Seat) -> Callable[[Row], bool]:
        """Whether this worker may take a step: a GPU's steps wait for its worker, and memory must suffice."""
        others = connection.execute(
            "SELECT id, device FROM workers WHERE status != 'dead' AND id != ?", (worker,)
        ).fetchall()
        leaves = seat.device == "cpu" and any(not row["device"].startswith("cpu") for row in others)
        beside: list[Row] = []
        if seat.fits:
            near = [row["id"] for row in others if Seat(row["device"]).device == seat.device]
            beside = connection.execute(
                "SELECT * FROM steps WHERE status IN ('queued', 'running') AND token IS NOT NULL"
                " AND worker IN (SELECT value FROM json_each(?))",
                (dump(near),),
            ).fetchall()

        def may(step: Row) -> bool:
            if leaves and step["device"] == "accelerator":
                return False
            return seat.fits is None or seat.fits(step, beside)

        return may

    def _first(
        self, connection: Connection, worker: str, seat: Seat, may: Callable[[Row], bool]
    ) -> Row | None:
        has_cpu_worker = connection.execute(
            "SELECT 1 FROM workers WHERE status != 'dead' AND id != ? AND device LIKE 'cpu%'", (worker,)
        ).fetchone()
        prefers = seat.device != "cpu" and has_cpu_worker is not None
        for wanted in [NEEDS_ACCELERATOR, ANY] if prefers else [ANY]:
            for ready in self._by_run(connection, wanted):
                allowed = [step for step in ready if may(step)]
                if allowed:
                    return self._nearest(connection, allowed, seat.held)
        return None

    @staticmethod
    def _by_run(connection: Connection, wanted: str) -> Iterator[list[Row]]:
        """The ready steps of one run after the other, the run whose turn it is first."""
        runs = connection.execute(
            "SELECT r.id FROM runs r LEFT JOIN turns t ON t.pipeline = r.pipeline"
            f" WHERE {OPEN_RUN} AND EXISTS (SELECT 1 FROM steps s WHERE s.run = r.id AND {READY} AND {wanted})"
            " ORDER BY r.priority DESC, coalesce(t.turn, 0), r.number"
        ).fetchall()
        for run in runs:
            yield connection.execute(
                f"SELECT s.* FROM steps s WHERE s.run = ? AND {READY} AND {wanted} ORDER BY s.position LIMIT ?",
                (run["id"], CHOICES),
            ).fetchall()

    @staticmethod
    def _nearest(connection: Connection, ready: list[Row], held: Set[str]) -> Row:
        """The step with the most bytes of input among `held`; the first in order where that is equal."""
        if len(ready) == 1 or not held:
            return ready[0]
        near = connection.execute(
            "SELECT l.target, sum(json_extract(o.value, '$.size')) AS bytes FROM links l"
            " JOIN steps s ON s.run = l.run AND s.node = l.source, json_each(s.outputs) o"
            " WHERE l.run = ? AND l.target IN (SELECT value FROM json_each(?))"
            " AND json_extract(o.value, '$.hash') IN (SELECT value FROM json_each(?)) GROUP BY l.target",
            (ready[0]["run"], dump([step["node"] for step in ready]), dump(sorted(held))),
        )
        share = {row["target"]: row["bytes"] for row in near}
        return max(ready, key=lambda step: share.get(step["node"], 0))

    @staticmethod
    def _chain(
        connection: Connection, run: str, node: str, limit: int, may: Callable[[Row], bool], alone: bool
    ) -> list[str]:
        """`node`, and what can follow it in this worker without waiting for steps of others.

        Beside other workers that is one path along first followers. A worker that is alone takes every branch.
        """
        chain, met, at = [node], dict[str, int](), 0
        if alone:
            ready = connection.execute(
                f"SELECT s.* FROM steps s WHERE s.run = ? AND s.node != ? AND {READY} ORDER BY s.position LIMIT ?",
                (run, node, limit - 1),
            )
            chain += [row["node"] for row in ready.fetchall() if may(row)]
        while at < len(chain) < limit:
            followers = connection.execute(
                "SELECT s.* FROM links l JOIN steps s ON s.run = l.run AND s.node = l.target"
                " WHERE l.run = ? AND l.source = ? AND s.status = 'queued' AND s.token IS NULL"
                " ORDER BY s.position",
                (run, chain[at]),
            ).fetchall()
            for row in followers:
                met[row["node"]] = met.get(row["node"], 0) + 1
            free = [r["node"] for r in followers if met[r["node"]] == r["missing"] and may(r)]
            chain += free if alone else free[:1]
            at += 1
        return chain[:limit]
