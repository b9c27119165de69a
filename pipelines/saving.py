"""When a running step saves a checkpoint, what stands in it, and when a step that was asked to pause may leave."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nodes import checkpoints
from nodes.errors import Paused
from pipelines.recorder import StepLog
from storage.home import Home, is_full

FIRST_SECONDS = 2.0
LONGEST_SECONDS = 10.0
# Saving a large state may take this share of the time, as long as no more than MOST_LOST seconds can be lost.
SHARE = 1 / 30
MOST_LOST_SECONDS = 60.0
# A step that never asks whether to save leaves this long after it was asked to pause.
GRACE_SECONDS = 1.0
PROGRESS = "saved"  # the note that tells how far the newest checkpoint is, and which attempt saved it
CURVES = "curves.json"


class Saver:
    """The checkpoints of one attempt of a step."""

    def __init__(self, home: Home, log: StepLog, remember: Callable[[str, Any], None], saved: Any) -> None:
        """`remember` keeps a note with the step; `saved` is the note that an earlier attempt kept as PROGRESS."""
        self._home, self._log, self._remember = home, log, remember
        self._saved: dict[str, Any] = saved or {"attempt": 0, "step": 0}
        self._gap = FIRST_SECONDS
        self._next = time.monotonic() + FIRST_SECONDS
        self._pause_seen: float | None = None
        self._asked = False  # whether the step asked `due` since the pause was seen
        self._left_at: str | None = None  # where the checkpoint stands that was saved for the pause

    def due(self) -> bool:
        """Whether to save now: every so often, and at once when the user wants to save or to pause."""
        log = self._log
        self._asked = True
        if log.saving.is_set() or (log.pausing.is_set() and self._left_at is None):
            return True
        return time.monotonic() >= self._next

    def leave(self) -> None:
        """To be called while a pause is asked for. Raises `Paused` once everything worth keeping is saved."""
        now = time.monotonic()
        if self._left_at is not None:
            raise Paused(self._left_at)
        if self._pause_seen is None:
            self._pause_seen, self._asked = now, False
        elif not self._asked and now - self._pause_seen >= GRACE_SECONDS:
            raise Paused

    def stay(self) -> None:
        """The user took the pause back."""
        self._pause_seen = self._left_at = None

    def save(self, state: Any) -> None:
        """Keep a checkpoint. A full disk is told and tried again later: the work itself can go on."""
        log, began = self._log, time.monotonic()
        pausing, wished = log.pausing.is_set(), log.saving.is_set()
        log.saving.clear()
        if self._is_lost():
            return
        step = state.get("step") if isinstance(state, dict) else None
        where = f"step {step:,}" if isinstance(step, int) else "its last checkpoint"

        def write(folder: Path) -> None:
            checkpoints.write(state, folder)
            (folder / CURVES).write_text(json.dumps(log.curves()), encoding="utf-8")

        try:
            self._home.checkpoints.save(log.run, log.node, write)
        except Exception as error:  # safetensors has an error of its own for it
            if not is_full(error):
                raise
            free = self._home.free_bytes() / 1e6
            log.line(
                f"The checkpoint at {where} could not be saved: the disk is full, {free:,.0f} MB are free."
            )
            self._next = time.monotonic() + LONGEST_SECONDS
            return
        log.checkpointed = True
        if wished:
            log.line(f"Saved at {where}.")
        if pausing:
            self._left_at = where
        if isinstance(step, int) and step > self._saved["step"]:
            self._saved = {"attempt": log.attempt, "step": step}
            self._remember(PROGRESS, self._saved)
        now = time.monotonic()
        self._next = now + max(self._gap, min((now - began) / SHARE, MOST_LOST_SECONDS))
        self._gap = min(self._gap * 2, LONGEST_SECONDS)

    def load(self) -> Any:
        """The state to go on from, or None. The curves on the card go back to where they were then."""
        log = self._log

        def read(folder: Path) -> tuple[Any, Any]:
            return checkpoints.read(folder), json.loads((folder / CURVES).read_text(encoding="utf-8"))

        found = self._home.checkpoints.load(log.run, log.node, read)
        if found is None:
            return None
        state, curves = found
        log.checkpointed = True
        log.continue_curves(curves)
        return state

    def _is_lost(self) -> bool:
        """Whether another worker has this step now; then this one gives up and writes nothing."""
        row = self._home.database.row(
            "SELECT token FROM steps WHERE run = ? AND node = ?", (self._log.run, self._log.node)
        )
        if row is None or row["token"] != self._log.token:
            self._log.cancelled.set()
        return self._log.cancelled.is_set()
