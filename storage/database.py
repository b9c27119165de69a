"""The SQLite database: one connection per thread, writes that take the lock first, and the version gate."""

from __future__ import annotations

import fcntl
import json
import random
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlite_utils

from storage import crashpoints
from storage.schema import migrations

BUSY_SECONDS = 30
CHECKED_BYTES = 64 * 1024 * 1024  # larger databases open without a look at every page


class HomeError(Exception):
    """This home cannot be used as it is. The text says why, and what to do."""


def wal_is_safe(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether several processes may write in WAL mode: SQLite before 3.51.3 can lose a reset of the log.

    Fixed in 3.51.3 and carried back to 3.50.7 and 3.44.6.
    """
    return version >= (3, 51, 3) or version[:3] in ((3, 50, 7), (3, 44, 6))


class Database:
    """Rows. Reading is free at any time; writing happens inside `write()`, one short transaction each."""

    def __init__(self, path: Path, lock: Path) -> None:
        self._path = path
        self._local = threading.local()
        with lock.open("w") as handle:  # two processes must not migrate at once
            fcntl.flock(handle, fcntl.LOCK_EX)
            try:
                self._refuse_damage()
                self._refuse_newer()
                migrations.apply(self.tables)
            except sqlite3.DatabaseError as error:
                self.close()
                raise HomeError(_unusable(path, error)) from error

    def _refuse_damage(self) -> None:
        if self._path.exists() and self._path.stat().st_size <= CHECKED_BYTES:
            found = self.connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(str(found).replace("*** in database main ***", "").strip())

    def _refuse_newer(self) -> None:
        known = {step.name for step in migrations.pending(sqlite_utils.Database(memory=True))}
        newer = {step.name for step in migrations.applied(self.tables)} - known
        if newer:
            self.close()
            raise HomeError(
                f"The home {self._path.parent} was last used by a newer Genloom, which changed it in a way that this"
                f" version does not know ({', '.join(sorted(newer))}). Start the newer version again, or set"
                " GENLOOM_HOME to another folder. Nothing was changed."
            )

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection, in autocommit mode."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
            found.row_factory = sqlite3.Row
            # FULL: what is recorded as done survives a power cut.
            found.execute("PRAGMA synchronous=FULL")
            found.execute(f"PRAGMA journal_mode={'WAL' if wal_is_safe() else 'TRUNCATE'}")
            self._local.connection = found
        return found

    @property
    def tables(self) -> sqlite_utils.Database:
        """The same connection as a sqlite-utils database, for bulk inserts and look-ups."""
        return sqlite_utils.Database(self.connection)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction that holds the write lock from its start, so that reading before writing is safe."""
        connection = self.connection
        _begin(connection)
        try:
            crashpoints.reach("database: begun")
            yield connection
            crashpoints.reach("database: before commit")
            connection.execute("COMMIT")
            crashpoints.reach("database: committed")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def rows(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self.connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        found: sqlite3.Row | None = self.connection.execute(sql, values).fetchone()
        return found

    def close(self) -> None:
        """Close this thread's connection."""
        found = getattr(self._local, "connection", None)
        if found is not None:
            found.close()
            self._local.connection = None


def _unusable(path: Path, error: sqlite3.DatabaseError) -> str:
    """What is wrong with a database that cannot be opened, and what to do, in plain words."""
    said = str(error)
    if "full" in said:
        return f"The disk of {path.parent} is full: the home could not be opened. Free some space and start again."
    if isinstance(error, sqlite3.OperationalError) and "locked" in said:
        return (
            f"The database {path} has been locked by another program for {BUSY_SECONDS} s. Close that program, then"
            " start again."
        )
    if isinstance(error, sqlite3.OperationalError) and ("readonly" in said or "unable to open" in said):
        return f"The database {path} could not be opened for writing ({said}). Check who may write there."
    return (
        f"The database {path} is damaged ({said[:200]}). Put back a backup of the folder {path.parent}, or move that"
        f" file away and start again: Genloom then begins with an empty list of pipelines. The results in"
        f" {path.parent / 'artifacts'} are not touched."
    )


def _begin(connection: sqlite3.Connection) -> None:
    """Take the write lock, asking every few milliseconds for as long as BUSY_SECONDS.

    SQLite's own waiting asks less and less often, ten times a second in the end: under steady load from many writers
    one of them can then come too late again and again. Everything else waits as SQLite does.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(random.uniform(0.0005, 0.003))
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


def next_change(connection: sqlite3.Connection) -> int:
    """A number larger than every one before it; readers ask for rows changed since the last one they saw."""
    row = connection.execute("UPDATE counters SET value = value + 1 WHERE name = 'change' RETURNING value")
    return int(row.fetchone()[0])


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def dump(value: Any) -> str:
    """JSON text for a column: finite numbers only."""
    return _ENCODER.encode(value)
