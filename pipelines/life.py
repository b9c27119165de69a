"""Proof of life of workers: who is gone, who is frozen, and what they leave behind.

A worker lives as long as its process holds its lock; a late heartbeat proves nothing, because a step may keep the
processor for minutes. Frozen is a worker whose process somebody has stopped (SIGSTOP) and not woken.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

from pipelines import processes
from storage.home import Home
from storage.locks import FileLock, is_held
from storage.workers import WorkerRows

# Below the 30 s that a writer waits for the database: a worker may be stopped while it holds its lock.
FROZEN_SECONDS = 20.0  # GENLOOM_FROZEN_SECONDS sets another
LONGEST_GAP = 5.0  # whoever looks more rarely was asleep itself, and begins to count anew


def worker_lock(home: Home, worker: str) -> FileLock:
    """Held by a worker as long as its process lives: its proof of life."""
    return FileLock(home.locks / f"worker-{worker}.lock")


def begin_life(home: Home, worker: str) -> FileLock:
    """Take the lock of a new worker, and write into it which process holds it."""
    lock = worker_lock(home, worker)
    deadline = time.monotonic() + 5
    while not lock.take():  # someone who looks holds it for an instant
        if time.monotonic() > deadline:
            raise RuntimeError(f"the lock {lock.path} of a new worker is held by somebody else")
        time.sleep(0.01)
    own = processes.look(os.getpid())
    lock.note(f"{os.getpid()} {own.born if own else 0}")
    return lock


def bury_dead(home: Home) -> int:
    """Return the steps of workers whose process is gone to the queue. Returns how many workers were dead."""
    rows, dead = WorkerRows(home.database), 0
    for row in rows.alive():
        lock = worker_lock(home, row["id"])
        if is_held(lock.path):
            continue
        dead += 1
        noted = _noted(lock.path)
        if noted:
            processes.end_orphans(row["id"], *noted)
        for step in rows.bury(row["id"]):
            shutil.rmtree(home.scratch / f"{step['run']}-{step['node']}-{step['token']}", ignore_errors=True)
        lock.path.unlink(missing_ok=True)
    return dead


def sweep(home: Home) -> None:
    """Remove what workers and apps that are gone have left half-done. What the living work on stays."""
    home.artifacts.sweep()
    home.files.sweep()
    sweep_checkpoints(home)
    scratch = list(
        home.scratch.iterdir()
    )  # listed first: a claim is in the database before its folder is here
    held = {
        row["token"]
        for row in home.database.rows(
            "SELECT DISTINCT token FROM steps WHERE token IS NOT NULL AND status IN ('queued', 'running')"
        )
    }
    for folder in scratch:
        if folder.name.rpartition("-")[2] not in held:
            shutil.rmtree(folder, ignore_errors=True)
    known = {f"worker-{row['id']}.lock" for row in WorkerRows(home.database).alive()}
    for path in home.locks.glob("worker-*.lock"):
        lock = FileLock(path)
        if path.name not in known and lock.take():
            path.unlink(missing_ok=True)
            lock.release()


class FrozenWatch:
    """Ends workers whose process is stopped. Reads no database: a frozen worker may have it locked."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._seconds = float(os.environ.get("GENLOOM_FROZEN_SECONDS") or FROZEN_SECONDS)
        self._since: dict[tuple[int, int], float] = {}
        self._looked = 0.0

    def look(self) -> list[int]:
        """One round. Returns the processes that were stopped for too long, and are killed now."""
        now, ended = time.monotonic(), []
        if now - self._looked > LONGEST_GAP:
            self._since.clear()
        self._looked, before = now, self._since
        self._since = {}
        for path in self._home.locks.glob("worker-*.lock"):
            noted = _noted(path)
            if noted is None or not self._is_stopped(path, *noted):
                continue
            since = self._since[noted] = before.get(noted, now)
            if now - since >= self._seconds:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(noted[0], signal.SIGKILL)
                    ended.append(noted[0])
        return ended

    @staticmethod
    def _is_stopped(path: Path, pid: int, born: int) -> bool:
        found = processes.look(pid)
        return found is not None and found.born == born and found.state == "T" and is_held(path)


def _noted(path: Path) -> tuple[int, int] | None:
    """The process that took a lock, and when it was born."""
    try:
        pid, born = path.read_text().split()
        return int(pid), int(born)
    except (OSError, ValueError):
        return None


def sweep_checkpoints(home: Home) -> None:
    """Remove the checkpoints of steps that are done or gone. One that failed or was cancelled can be tried again."""

    def may_go_on(run: str, node: str) -> bool:
        row = home.database.row("SELECT status FROM steps WHERE run = ? AND node = ?", (run, node))
        return row is not None and row["status"] not in ("done", "reused")

    home.checkpoints.sweep(may_go_on)
