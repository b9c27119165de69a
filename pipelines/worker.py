"""The worker: a process of its own, one per device, that claims steps and runs them until nobody needs it."""

from __future__ import annotations

import os
import secrets
import signal
import sqlite3
import threading
import time
from sqlite3 import Row
from types import FrameType

from nodes import warm
from nodes.catalogue import Catalogue
from nodes.errors import BlockError
from pipelines import processes, seats
from pipelines.costs import Costs
from pipelines.executor import Executor
from pipelines.life import begin_life, bury_dead, sweep
from pipelines.recorder import Recorder
from storage.claims import Claims, Seat
from storage.home import Home
from storage.locks import FileLock
from storage.measures import Measures
from storage.workers import WorkerRows

POLL_SECONDS = 0.05
IDLE_SECONDS = 20.0
NO_DEVICE = 3  # exit code: this machine does not have the device


def attended_lock(home: Home) -> FileLock:
    """Held (shared) by every app and command line that may still hand in work."""
    return FileLock(home.locks / "attended.lock")


def device_lock(home: Home, seat: str) -> FileLock:
    """Held by the one worker of a seat."""
    return FileLock(home.locks / seats.lock_name(seat))


class Worker:
    """Claims and runs steps on one device. A seat such as "cuda:0/1" is a second one on "cuda:0"."""

    def __init__(self, home: Home, catalogue: Catalogue, seat: str) -> None:
        self.home = home
        self.id = secrets.token_hex(6)
        self.device = device = seat.partition(seats.EXTRA)[0]
        self._seat = seat
        self._room = seats.Room(seat, Costs(Measures(home.database)))
        self._lock = begin_life(home, self.id)
        self._claims = Claims(home.database)
        self._rows = WorkerRows(home.database)
        self._rows.register(self.id, os.getpid(), seat)
        self._recorder = Recorder(home, self.id)
        self._executor = Executor(home, catalogue, self._recorder, device)
        self._stop = threading.Event()

    def run(self) -> None:
        """Work until asked to stop, or until there is nothing to do and nobody who could hand in more."""
        idle_since = time.monotonic()
        while not self._stop.is_set() and not self._recorder.buried.is_set():
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
            steps = self._claim()
            if not steps and self._recorder.pending():  # what it just did may have made others ready
                self._recorder.flush_surely()
                steps = self._claim()
        except sqlite3.OperationalError as error:  # full or locked: the step stays in the queue
            print(f"Could not claim a step: {error}", flush=True)
            self.home.drop_ballast()
            return False
        if not steps:
            return False
        self._recorder.busy = True
        try:
            if self._executor.run_chain(steps) < len(steps):
                self._recorder.flush_surely()
                self._claims.give_back(self.id)
        finally:
            self._recorder.busy = False
        return True

    def _claim(self) -> list[Row]:
        shared = self.device.startswith("cuda")
        seat = Seat(self._seat, self._executor.holds(), self._room.fits if shared else None)
        return self._claims.claim(self.id, seat=seat)

    def stop(self, *_: int | FrameType | None) -> None:
        """End after the running step."""
        self._stop.set()

    def close(self) -> None:
        """Write what is left and leave."""
        self._recorder.close()
        self._claims.give_back(self.id)
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
        device, extra, number = wish.partition(seats.EXTRA)
        seat = warm.pick_device(device) + extra + number
    except BlockError as error:
        print(error, flush=True)
        return NO_DEVICE
    lock = device_lock(home, seat)
    if not _taken(lock):
        print(f"The device {seat} already has a worker.", flush=True)
        return 0
    bury_dead(home)
    sweep(home)
    worker = Worker(home, catalogue, seat)
    os.environ[processes.MARK] = worker.id  # whatever its steps start is known by it
    processes.own_children()
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, worker.stop)
    threading.Thread(target=warm.load_libraries, name="warm", daemon=True).start()
    print(f"Worker {worker.id} works on {seat}.", flush=True)
    worker.run()
    processes.end_children()
    return 0


def _taken(lock: FileLock) -> bool:
    """Take a lock that someone who looks may hold for an instant."""
    for _ in range(10):
        if lock.take():
            return True
        time.sleep(0.02)
    return False
