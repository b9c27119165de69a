"""The supervisor: keeps one worker per device alive, beside the app or the command line that needs it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from pipelines import seats
from pipelines.life import FrozenWatch, bury_dead
from pipelines.worker import NO_DEVICE, attended_lock
from storage.home import Home
from storage.locks import FileLock, is_held

LOOK_SECONDS = 1.0
RESTART_SECONDS = 3.0  # a worker that dies at its start is not started in a tight loop
PROJECT = Path(__file__).resolve().parent.parent


class Supervisor:
    """Starts workers and notices dead ones. Workers are sessions of their own: they outlive the supervisor."""

    def __init__(self, home: Home, devices: list[str] | None = None) -> None:
        self._home = home
        self._devices = devices or seats.seats(accelerators())
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._not_before: dict[str, float] = {}
        self._attended = attended_lock(home)
        self._frozen = FrozenWatch(home)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look after workers, in a thread."""
        self._attended.take(shared=True)
        self._thread = threading.Thread(target=self._loop, name="supervisor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking. Workers finish what they have and leave by themselves."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=5)
        self._attended.release()

    def look(self) -> None:
        """One round: end the frozen, bury the dead, start what is missing."""
        for pid in self._frozen.look():
            print(f"supervisor: worker process {pid} was stopped and did not go on; it is ended.", flush=True)
        bury_dead(self._home)
        for device in list(self._devices):
            if self._has_worker(device):
                continue
            child = self._children.pop(device, None)
            if child is not None and child.returncode == NO_DEVICE and device.startswith("cuda"):
                self._devices = seats.seats([])  # torch cannot use that device: let it choose
            elif time.monotonic() >= self._not_before.get(device, 0.0):
                self._children[device] = start_worker(self._home, device)
                self._not_before[device] = time.monotonic() + RESTART_SECONDS

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except Exception as error:
                print(f"supervisor: {error}", flush=True)
            self._stop.wait(LOOK_SECONDS)

    def _has_worker(self, device: str) -> bool:
        child = self._children.get(device)
        if child is not None and child.poll() is None:
            return True
        if device != "auto":
            return is_held(self._home.locks / seats.lock_name(device))
        held = (path for path in self._home.locks.glob("device-*.lock") if is_held(path))
        return any("+" not in path.name for path in held)  # whatever device it chose, but no second seat


def accelerators() -> list[str]:
    """The CUDA devices of this machine, found without loading torch; empty where there are none."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    found = sorted(Path("/dev").glob("nvidia[0-9]*"))
    count = len([v for v in visible.split(",") if v.strip()]) if visible is not None else len(found)
    return [f"cuda:{index}" for index in range(min(count, len(found)))]


def start_worker(home: Home, device: str) -> subprocess.Popen[bytes]:
    """Start a worker process. Its output goes to logs/worker.log of the home."""
    environment = {**os.environ, "GENLOOM_HOME": str(home.root), "PYTHONUNBUFFERED": "1"}
    environment.update(seats.environment(device))
    with (home.logs / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "pipelines", "worker", "--device", device],
            cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip


def worker_state(home: Home) -> str:
    """What the page says of the workers: ready, starting, busy or none."""
    rows = home.database.rows("SELECT id, status FROM workers WHERE status != 'dead'")
    alive = [row["status"] for row in rows if is_held(home.locks / f"worker-{row['id']}.lock")]
    if not alive:
        unattended = FileLock(home.locks / "attended.lock")
        if unattended.take():
            unattended.release()
            return "none"
        return "starting"
    return "ready" if "ready" in alive else "busy"
