"""`RunContext`: the context of a block inside a worker. It turns what the block says into entries of the log."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nodes.errors import BlockError, Cancelled
from nodes.ports.images import png_of
from pipelines.recorder import StepLog
from pipelines.saving import PROGRESS, Saver
from storage.home import Home

T = TypeVar("T")


class RunContext:
    """See `nodes.context.Context`."""

    def __init__(
        self, home: Home, log: StepLog, *, device: str, seed: int, scratch: Path, notes: dict[str, Any]
    ) -> None:
        self.device = device
        self.seed = seed
        self.scratch = scratch
        self._home = home
        self._log = log
        self._notes = notes
        self._saver = Saver(home, log, self.remember, self.recall(PROGRESS))

    def check(self) -> None:
        """Raise `Cancelled` when the run was cancelled, `Paused` when it shall leave the device."""
        if self._log.cancelled.is_set():
            raise Cancelled
        if self._log.pausing.is_set():
            self._saver.leave()
        else:
            self._saver.stay()

    def stopping(self) -> bool:
        """Whether to finish early and keep what there is."""
        return self._log.stopping.is_set()

    def steps(self, items: Iterable[T], message: str = "") -> Iterator[T]:
        """Walk `items` with progress and a check before each."""
        known = list(items)
        for index, item in enumerate(known):
            self.check()
            self.progress(index / len(known), message)
            yield item

    def progress(self, fraction: float, message: str = "", seconds_left: float | None = None) -> None:
        """How far the step is."""
        self._log.say(fraction=min(max(fraction, 0.0), 1.0), message=message, seconds_left=seconds_left)

    def metric(self, step: int, **values: float) -> None:
        """One point of one or more curves; values that are no number are left out."""
        finite = {name: float(v) for name, v in values.items() if np.isfinite(v)}
        if finite:
            self._log.point(step, finite)

    def preview(self, step: int, make: Callable[[], np.ndarray], caption: str = "") -> None:
        """Store the pictures as one PNG and show it."""
        pixels = make()
        if len(pixels):
            self._log.picture(step, store_picture(self._home, png_of(pixels), caption))

    def scores(self, rows: Sequence[Any], step: int | None = None) -> None:
        """Show measured qualities."""
        self._log.say(scores=[_plain(row) for row in rows])

    def log(self, message: str) -> None:
        """Add a line to the log of the step."""
        self._log.line(message)

    def remember(self, name: str, value: Any) -> None:
        """Keep a JSON value for a later attempt."""
        self._notes[name] = value
        self._log.note(self._notes)

    def recall(self, name: str) -> Any:
        """What an earlier attempt remembered."""
        return self._notes.get(name)

    def checkpoint_due(self) -> bool:
        """Whether now is the time to save."""
        return self._saver.due()

    def save_checkpoint(self, state: Any) -> None:
        """Keep a state to go on from."""
        self._saver.save(state)

    def load_checkpoint(self) -> Any:
        """The last state that an earlier attempt saved, or None."""
        return self._saver.load()

    def upload(self, digest: str) -> Path:
        """The stored file of an upload."""
        found = self._home.files.path(digest)
        if found is None:
            raise BlockError("The uploaded file is no longer in the store. Upload it again in this block.")
        return found


def _plain(row: Any) -> dict[str, Any]:
    if is_dataclass(row) and not isinstance(row, type):
        return asdict(row)
    return dict(row)


def store_picture(home: Home, png: bytes, caption: str = "") -> dict[str, Any]:
    """Store a PNG and describe it as the canvas wants it: hash, caption, width, height."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        width, height = picture.size
    return {"hash": home.files.put(png), "caption": caption, "width": width, "height": height}
