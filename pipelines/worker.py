"""The worker: a process of its own, one per device, that claims steps and runs them until nobody needs it."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sqlite3
import threading
import time
from types import FrameType

from nodes import warm
from nodes.catalogue import Catalogue
from nodes.errors import BlockError
from pipelines.executor import Executor
from pipelines.recorder import Recorder
from storage.claims import Claims
from storage.home import Home
from storage.locks import FileLock, is_held
from storage.workers import WorkerRows

POLL_SECONDS = 0.05
IDLE_SECONDS = 20.0
NO_DEVICE = 3  # exit code: this machine does not have the device


def attended_lock(home: Home) -> FileLock:
    """Held (shared) by every app and command line that may still hand in work."""
    return FileLock(home.locks / "attended.lock")


def device_lock(home: Home, device: str) -> FileLock:
    """Held by the one worker of a device."""
    return FileLock(home.locks / f"device-{device.replace(':', '-')}.lock")


def worker_lock(home: Home, worker: str) -> FileLock:
    """Held by a worker as long as its process lives: its proof of life."""
    return FileLock(home.locks / f"worker-{worker}.lock")


def bury_dead(home: Home) -> int:
    """Return the steps of workers whose process is gone to the queue. Returns how many workers were dead."""
    rows, dead = WorkerRows(home.database), 0
    for row in rows.alive():
        lock = worker_lock(home, row["id"])
        if is_held(lock.path):
            continue
        dead += 1
        for step in rows.bury(row["id"]):
            shutil.rmtree(home.scratch / f"{step['run']}-{step['node']}-{step['token']}", ignore_errors=True)
        lock.path.unlink(missing_ok=True)
    return dead


class Worker:
    """Claims and runs steps on one device."""

    def __init__(self, home: Home, catalogue: Catalogue, device: str) -> None:
        self.home = home
        self.id = secrets.token_hex(6)
        self.device = device
        self._lock = worker_lock(home, self.id)
        self._lock.take()
        self._claims = Claims(home.database)
        self._rows = WorkerRows(home.database)
        self._rows.register(self.id, os.getpid(), device)
        self._recorder = Recorder(home, self.id)
        self._executor = Executor(home, catalogue, self._recorder, device)
        self._stop = threading.Event()

    def run(self) -> None:
        """Work until asked to stop, or until there is nothing to do and nobody who could hand in more."""
        idle_since = time.monotonic()
        while not self._stop.is_set():
            if self.step():
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > IDLE_SECONDS and self._unattended():
                break
            else:
                time.sleep(POLL_SECONDS)
        self.close()

    def step(self) -> bool:
        """Claim and run one chain of steps. Returns whether there was one."""
        try:
            steps = self._claims.claim(self.id)
        except sqlite3.OperationalError as error:  # full or locked: the step stays in the queue
            print(f"Could not claim a step: {error}", flush=True)
            self.home.drop_ballast()
            return False
        if not steps:
            return False
        self._recorder.busy = True
        try:
            self._executor.run_chain(steps)
        finally:
            self._recorder.busy = False
        return True

    def stop(self, *_: int | FrameType | None) -> None:
        """End after the running step."""
        self._stop.set()

    def close(self) -> None:
        """Write what is left and leave."""
        self._recorder.close()
        self._rows.bury(self.id)
        self._lock.release()
        self._lock.path.unlink(missing_ok=True)

    def _unattended(self) -> bool:
        lock = attended_lock(self.home)
        if lock.take():
            lock.release()
            return True
        return False


def main(home: Home, catalogue: Catalogue, wish: str) -> int:
    """Be a worker. Returns the exit code: 0 also where the device already has a worker."""
    os.nice(5)  # the pages stay quick while it trains
    try:
        device = warm.pick_device(wish)
    except BlockError as error:
        print(error, flush=True)
        return NO_DEVICE
    lock = device_lock(home, device)
    if not lock.take():
        print(f"The device {device} already has a worker.", flush=True)
        return 0
    bury_dead(home)
    worker = Worker(home, catalogue, device)
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, worker.stop)
    threading.Thread(target=warm.load_libraries, name="warm", daemon=True).start()
    print(f"Worker {worker.id} works on {device}.", flush=True)
    worker.run()
    return 0
