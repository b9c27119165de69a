"""What a worker says while it computes: merged per step, and written in groups by a thread of its own.

The computing thread never waits for the disk. A fast step's beginning and end travel in one transaction with
those of its neighbours; a slow step's progress is written a few times a second.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from sqlite3 import Row
from typing import Any

from pipelines import processes
from pipelines.curves import Curves
from storage.control import Control, Wants
from storage.home import Home, is_full
from storage.reports import Reports, StepReport
from storage.runs import column
from storage.workers import WorkerRows

LIVE_SECONDS = 0.2
GROUP_SECONDS = 0.03
BEAT_SECONDS = 2.0
PATIENCE_SECONDS = 3.0


class StepLog:
    """Everything one step has said. Filled by the computing thread, emptied by the recorder's."""

    def __init__(self, step: Row) -> None:
        self.run, self.node, self.token = step["run"], step["node"], step["token"]
        self.live: dict[str, Any] = {}
        self.cancelled = threading.Event()
        self.stopping = threading.Event()
        self.pausing = threading.Event()
        self.saving = threading.Event()  # whoever has saved clears it
        self._saves = step["save"]
        self.attempt = 1
        self.checkpointed = False  # whether it has checkpoints, to be removed once it has ended well
        self._asked = 0.0  # when it was told to give up
        self._lock = threading.Lock()
        self._curves = Curves(self.live)
        self._report = StepReport(self.run, self.node, self.token, began=time.time())
        self._dirty = True

    def go_on(self, attempt: int, live: dict[str, Any]) -> None:
        """This is a later attempt: the card keeps showing what the one before said until there is something newer."""
        self.attempt = attempt
        with self._lock:
            self.live = live
            self._curves = Curves(live, stale=True)

    def curves(self) -> dict[str, Any]:
        """The curves so far, to be continued by a later attempt."""
        with self._lock:
            return self._curves.kept()

    def continue_curves(self, kept: dict[str, Any]) -> None:
        """Take the curves back to where they were when `curves` gave them."""
        with self._lock:
            self._curves.restore(kept)
            self._dirty = True

    def heed(self, wants: Wants) -> None:
        """Pass on what the user wants."""
        if wants.cancel and not self.cancelled.is_set():
            self._asked = time.monotonic()
            self.cancelled.set()
        if wants.stop:
            self.stopping.set()
        if wants.save > self._saves:
            self._saves = wants.save
            self.saving.set()
        if wants.pause:
            self.pausing.set()
        else:
            self.pausing.clear()

    def overdue(self) -> bool:
        """Whether the step was told to give up a while ago, and has not."""
        return self.cancelled.is_set() and time.monotonic() - self._asked > PATIENCE_SECONDS

    @property
    def dirty(self) -> bool:
        """Whether there is something to write."""
        return self._dirty

    @property
    def ended(self) -> bool:
        """Whether the step has ended."""
        return self._report.status is not None

    def say(self, **live: Any) -> None:
        """Merge values into what the card shows."""
        with self._lock:
            self.live.update(live)
            self._dirty = True

    def point(self, step: int, values: dict[str, float]) -> None:
        """Add to curves."""
        with self._lock:
            self._curves.add(step, values)
            self._dirty = True

    def picture(self, step: int, stored: dict[str, Any]) -> None:
        """Show a picture, and keep it in the history of the step."""
        with self._lock:
            self.live["preview"] = stored
            self._report.pictures.append({**stored, "step": step, "time": time.time()})
            self._dirty = True

    def line(self, text: str) -> None:
        """Add a line to the log."""
        with self._lock:
            self._report.logs.append((time.time(), text[:4000]))
            self._dirty = True

    def note(self, notes: dict[str, Any]) -> None:
        """Keep what the step wants to remember."""
        with self._lock:
            self._report.notes = dict(notes)
            self._dirty = True

    def end(self, status: str, **fields: Any) -> None:
        """The step has ended."""
        with self._lock:
            self._report.status, self._report.finished = status, time.time()
            for name, value in fields.items():
                setattr(self._report, name, value)
            self._dirty = True

    def take(self) -> StepReport:
        """What was said since the last call."""
        with self._lock:
            report, self._dirty = self._report, False
            report.live = {
                **self.live,
                "curves": {n: list(p) for n, p in self.live.get("curves", {}).items()},
            }
            self._report = StepReport(self.run, self.node, self.token)
            return report

    def put_back(self, report: StepReport) -> None:
        """A report could not be written: keep it for the next try."""
        with self._lock:
            newer, self._report = self._report, report
            report.logs += newer.logs
            report.pictures += newer.pictures
            report.notes = newer.notes or report.notes
            if newer.status is not None:
                for name in (
                    "status",
                    "finished",
                    "seconds",
                    "error",
                    "reason",
                    "reused_from",
                    "outputs",
                    "key",
                    "early",
                    "measure",
                ):
                    setattr(report, name, getattr(newer, name))
                report.artifacts, report.staged = newer.artifacts, newer.staged
            self._dirty = True


class Recorder:
    """Writes the logs of steps from its own thread, learns there what the user wants, and proves life."""

    def __init__(self, home: Home, worker: str, on_refused: Callable[[str, str], None] | None = None) -> None:
        self._home = home
        self._reports = Reports(home.database)
        self._control = Control(home.database)
        self._workers = WorkerRows(home.database)
        self._worker = worker
        self._on_refused = on_refused
        self._open: list[StepLog] = []
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._wake = threading.Event()
        self._closing = False
        self.busy = False
        self.buried = threading.Event()  # others hold this worker for dead and have taken its steps
        self._thread = threading.Thread(target=self._loop, name="recorder", daemon=True)
        self._thread.start()

    def begin(self, step: Row) -> StepLog:
        """A step begins."""
        log = StepLog(step)
        if step["attempt"]:
            log.go_on(step["attempt"] + 1, column(step, "live") or {})
        with self._lock:
            self._open.append(log)
        self._wake.set()
        return log

    def flush(self) -> None:
        """Write everything that was said so far. Raises what the database raises."""
        with self._flushing:
            with self._lock:
                logs = [log for log in self._open if log.dirty]
            if not logs:
                return
            taken = [(log, log.take()) for log in logs]
            try:
                self._home.artifacts.publish([value for _, report in taken for value in report.staged])
                refused = self._reports.apply([report for _, report in taken])
            except BaseException as error:
                for log, report in taken:
                    log.put_back(report)
                if is_full(error):
                    self._home.drop_ballast()
                raise
            for report in refused:
                self._lost(report)
            for log, report in taken:
                if log.checkpointed and report.status == "done" and report not in refused:
                    self._home.checkpoints.remove(log.run, log.node)
            with self._lock:
                ended = {id(log) for log, report in taken if report.status is not None}
                self._open = [log for log in self._open if id(log) not in ended]

    def pending(self) -> int:
        """How many steps have something to say that is not written yet; what is being written counts as one."""
        with self._lock:
            return sum(log.dirty for log in self._open) + self._flushing.locked()

    def flush_surely(self, seconds: float = 60.0) -> None:
        """Write everything, trying again while the disk is full or the database is busy."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.flush()
            except (sqlite3.OperationalError, OSError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.25)

    def close(self) -> None:
        """Write what is left and end the thread."""
        self._closing = True
        self._wake.set()
        self._thread.join(timeout=35)
        self.flush_surely()

    def _lost(self, report: StepReport) -> None:
        """The claim is no longer ours: give the step up."""
        with self._lock:
            for log in self._open:
                if (log.run, log.node, log.token) == (report.run, report.node, report.token):
                    log.cancelled.set()
        if self._on_refused:
            self._on_refused(report.run, report.node)

    def _loop(self) -> None:
        last_live = last_beat = 0.0
        while not self._closing:
            self._wake.wait(LIVE_SECONDS)
            self._wake.clear()
            time.sleep(GROUP_SECONDS)
            now = time.monotonic()
            try:
                if self._has_ended() or now - last_live >= LIVE_SECONDS:
                    self.flush()
                    last_live = now
                self._ask()
                if now - last_beat >= BEAT_SECONDS:
                    if not self._workers.beat(self._worker, "busy" if self.busy else "ready"):
                        self.buried.set()
                    last_beat = now
            except (sqlite3.Error, OSError) as error:  # the next round tries again
                print(f"could not write to the database: {error}", flush=True)
                time.sleep(0.5)

    def _has_ended(self) -> bool:
        with self._lock:
            return any(log.ended for log in self._open)

    def _ask(self) -> None:
        with self._lock:
            running = [log for log in self._open if not log.ended]
        for log in running:
            log.heed(self._control.wants(log.run, log.node, log.token))
            if log.overdue():  # it waits for a process that it started: end that, and it wakes up
                processes.end_children()
