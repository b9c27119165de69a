"""Garbage: what lies in a home and is needed by nothing that is kept, and how it is removed beside living workers.

Needed is every artifact of a step of a run in the list; every file that a step, a run's pictures, a draft or a version
names; every result that a waiting or running step could reuse; every checkpoint of a step that may go on. Results that
are needed by none of these go by age or, least recently used first, by size.

Order matters. Rows go first, in one transaction that looks again at what changed since the home was looked through;
whoever plans at that moment notices (`storage.runs.ResultGone`). Files follow, and only such as nobody has written or
found again in the last hour: a worker touches what it publishes before its row is committed.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection

from storage.home import Home

ARTIFACT_GRACE = 3600.0
FILE_GRACE = 24 * 3600.0  # an upload may come back by an undo in a browser
OPEN = "('queued', 'running', 'paused')"
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Thing:
    """Something on disk that may go."""

    kind: str  # artifact, file, checkpoint
    name: str
    path: Path
    size: int
    touched: float


@dataclass(frozen=True)
class Result:
    """A stored result with the hashes that it names."""

    key: str
    used: float
    artifacts: frozenset[str]
    named: frozenset[str]


@dataclass
class Garbage:
    """What a look at a home found: what may go, and how much there was."""

    total: int
    results: list[Result] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    change: int = 0

    @property
    def size(self) -> int:
        """How many bytes go."""
        return sum(thing.size for thing in self.things)


class Collector:
    """Looks for garbage in one home, and removes it."""

    def __init__(
        self, home: Home, *, artifact_grace: float = ARTIFACT_GRACE, file_grace: float = FILE_GRACE
    ) -> None:
        self._home = home
        self._database = home.database
        self._grace = {"artifact": artifact_grace, "file": file_grace, "checkpoint": artifact_grace}

    def look(self, older_than: float | None, max_size: int | None) -> Garbage:
        """What may go: results not used for `older_than` seconds, and more of them while over `max_size` bytes."""
        newest = self._database.row("SELECT value FROM counters WHERE name = 'change'")
        things = [*self._on_disk("artifact"), *self._on_disk("file"), *self._checkpoints()]
        found = Garbage(sum(thing.size for thing in things), change=newest["value"] if newest else 0)
        needed = self._needed_by_kept()
        results = self._results()
        free = [r for r in results if not r.artifacts <= needed]
        named = Counter(name for r in results for name in r.named)
        sizes = {t.name: t.size for t in things if self._is_old(t)}

        def freed_by(gone: Iterable[str]) -> int:
            return sum(sizes.get(name, 0) for name in gone if not named[name] and name not in needed)

        left = found.total - freed_by(sizes.keys())
        for result in sorted(free, key=lambda r: r.used):
            old = older_than is not None and result.used <= time.time() - older_than
            if old or (max_size is not None and left > max_size):
                found.results.append(result)
                named.subtract(result.named)
                left -= freed_by(result.named)
        found.things = [t for t in things if self._may_go(t, needed, named)]
        return found

    def remove(self, found: Garbage) -> Garbage:
        """Remove what a look found, but for what is in use by now. Returns what went."""
        with self._database.write() as connection:
            kept = self._needed_since(connection, found.change)
            gone = [r for r in found.results if not r.named & kept and self._forget(connection, r)]
            kept |= {name for r in found.results if r not in gone for name in r.named}
            kept |= self._named_by_new_results(connection, found.change)
            things = [t for t in found.things if t.name not in kept]
            names = [(t.name,) for t in things if t.kind == "artifact"]
            connection.executemany("DELETE FROM artifacts WHERE hash = ?", names)
        return Garbage(found.total, gone, [t for t in things if self._discard(t)])

    # ---- what is there ----

    def _on_disk(self, kind: str) -> Iterator[Thing]:
        root = self._home.artifacts.root if kind == "artifact" else self._home.files.root
        for path in root.glob("[0-9a-f][0-9a-f]/*"):
            if _HASH.fullmatch(path.name):
                yield Thing(kind, path.name, path, _size(path), _touched(path))

    def _checkpoints(self) -> Iterator[Thing]:
        for path in (self._home.root / "checkpoints").glob("*/*"):
            if path.is_dir():
                yield Thing(
                    "checkpoint", f"{path.parent.name}/{path.name}", path, _size(path), _touched(path)
                )

    def _results(self) -> list[Result]:
        rows = self._database.rows(
            "SELECT key, outputs, live, coalesce(used, created, 0) AS used FROM results"
        )
        return [
            Result(r["key"], r["used"], _artifacts(r["outputs"]), _hashes(r["outputs"], r["live"]))
            for r in rows
        ]

    # ---- what is needed ----

    def _needed_by_kept(self) -> set[str]:
        """Artifacts and files that runs, versions and drafts name, and checkpoints of steps that may go on."""
        texts = "SELECT outputs AS a, live AS b, params AS c FROM steps"
        found = {name for row in self._database.rows(texts) for name in _hashes(row["a"], row["b"], row["c"])}
        found |= {row["file"] for row in self._database.rows("SELECT file FROM pictures")}
        for sql in ("SELECT draft AS a FROM pipelines", "SELECT document AS a FROM versions"):
            found |= {name for row in self._database.rows(sql) for name in _hashes(row["a"])}
        steps = self._database.rows("SELECT run, node FROM steps WHERE status NOT IN ('done', 'reused')")
        return found | {f"{step['run']}/{step['node']}" for step in steps} | self._waited_for()

    def _waited_for(self) -> set[str]:
        """What the results name that a waiting or running step could find instead of computing them."""
        sql = (
            f"SELECT r.outputs, r.live FROM steps s JOIN results r ON r.key = s.key WHERE s.status IN {OPEN}"
        )
        return {name for row in self._database.rows(sql) for name in _hashes(row["outputs"], row["live"])}

    @staticmethod
    def _needed_since(connection: Connection, change: int) -> set[str]:
        """What steps name that changed after the look."""
        rows = connection.execute(
            "SELECT run, node, outputs, live, params FROM steps WHERE changed > ?", (change,)
        )
        found: set[str] = set()
        for row in rows:
            found |= {*_hashes(row["outputs"], row["live"], row["params"]), f"{row['run']}/{row['node']}"}
        for row in connection.execute("SELECT draft FROM pipelines UNION ALL SELECT document FROM versions"):
            found |= _hashes(row[0])
        return found

    @staticmethod
    def _named_by_new_results(connection: Connection, change: int) -> set[str]:
        sql = "SELECT r.outputs, r.live FROM results r JOIN steps s ON s.key = r.key WHERE s.changed > ?"
        return {name for row in connection.execute(sql, (change,)) for name in _hashes(row[0], row[1])}

    @staticmethod
    def _forget(connection: Connection, result: Result) -> bool:
        """Remove a result, unless it was used since the look or a waiting step could find it."""
        done = connection.execute(
            "DELETE FROM results WHERE key = ? AND coalesce(used, created, 0) <= ?"
            f" AND NOT EXISTS (SELECT 1 FROM steps WHERE key = results.key AND status IN {OPEN})",
            (result.key, result.used),
        )
        return done.rowcount == 1

    def _is_old(self, thing: Thing) -> bool:
        return thing.touched <= time.time() - self._grace[thing.kind]

    def _may_go(self, thing: Thing, needed: set[str], named: Counter[str]) -> bool:
        return self._is_old(thing) and thing.name not in needed and not named[thing.name]

    def _discard(self, thing: Thing) -> bool:
        """Take a thing out of its place, and put it back where somebody touched it in that moment."""
        trash = self._home.artifacts.aside()
        try:
            if not self._still_old(thing.path, thing.kind):
                return False
            thing.path.rename(trash)
        except FileNotFoundError:
            return False
        if not self._still_old(trash, thing.kind) and not thing.path.exists():
            trash.rename(thing.path)
            return False
        if trash.is_dir():
            shutil.rmtree(trash, ignore_errors=True)
        else:
            trash.unlink(missing_ok=True)
        return True

    def _still_old(self, path: Path, kind: str) -> bool:
        return path.stat().st_mtime <= time.time() - self._grace[kind]


def _hashes(*texts: str | None) -> frozenset[str]:
    """Everything in JSON texts that looks like a hash."""
    return frozenset(name for text in texts if text for name in _HASH.findall(text))


def _artifacts(outputs: str | None) -> frozenset[str]:
    return frozenset(output["hash"] for output in json.loads(outputs or "{}").values())


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())


def _touched(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
