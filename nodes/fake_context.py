"""`FakeContext`: a context for tests of blocks. It is imported from `nodes.testing`."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nodes import checkpoints
from nodes.context import Context
from nodes.errors import BlockError, Cancelled, Paused
from nodes.params import Upload

T = TypeVar("T")


class FakeContext(Context):
    """A context that records every call and stores nothing.

    Args:
        seed: the seed of the step.
        cancel_after: the number of checks that pass before one raises `Cancelled`; None for never.
        stop_after: the number of checks after which the user is taken to ask for an early end; None for never.
        pause_after: the number of checks that pass before one raises `Paused`; None for never.
        checkpoint_every: a checkpoint is due after every so many checks; None for never.
        device: where to compute.

    Attributes:
        calls: (name, arguments) of every call, in order.
        checks: how often the block asked whether to go on.
        previews: the pictures that were shown.
        memory: what was remembered; hand it to a second context to play a second attempt.
        checkpoint: the folder of the last checkpoint, or None; hand it on like `memory`.
        upload_files: content hash → file, for blocks that read uploads; see `give`.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        cancel_after: int | None = None,
        stop_after: int | None = None,
        pause_after: int | None = None,
        checkpoint_every: int | None = None,
        device: str = "cpu",
    ) -> None:
        self.seed, self.device = seed, device
        self.cancel_after, self.stop_after, self.pause_after = cancel_after, stop_after, pause_after
        self.checkpoint_every = checkpoint_every
        self.checkpoint: Path | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="genloom-test-", ignore_cleanup_errors=True)
        self.scratch = Path(self._folder.name) / "scratch"
        self.scratch.mkdir()
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.checks = 0
        self.previews: list[np.ndarray] = []
        self.memory: dict[str, Any] = {}
        self.upload_files: dict[str, Path] = {}

    def check(self) -> None:
        self.checks += 1
        if self.cancel_after is not None and self.checks > self.cancel_after:
            raise Cancelled
        if self.pause_after is not None and self.checks > self.pause_after:
            raise Paused

    def stopping(self) -> bool:
        return self.stop_after is not None and self.checks >= self.stop_after

    def steps(self, items: Iterable[T], message: str = "") -> Iterator[T]:
        listed = list(items)
        for index, item in enumerate(listed):
            self.check()
            self.progress(index / len(listed), message)
            yield item

    def progress(self, fraction: float, message: str = "", seconds_left: float | None = None) -> None:
        assert 0 <= fraction <= 1, f"progress goes from 0 to 1, but {fraction} was reported"
        self.calls.append(("progress", (fraction, message, seconds_left)))

    def metric(self, step: int, **values: float) -> None:
        self.calls.append(("metric", (step, values)))

    def preview(self, step: int, make: Callable[[], np.ndarray], caption: str = "") -> None:
        pictures = make()
        assert pictures.dtype == np.uint8, f"a preview is uint8, not {pictures.dtype}"
        assert pictures.ndim == 4, f"a preview is (count, height, width, channels), not {pictures.shape}"
        self.previews.append(pictures)
        self.calls.append(("preview", (step, caption)))

    def scores(self, rows: Sequence[Any], step: int | None = None) -> None:
        self.calls.append(("scores", (list(rows), step)))

    def log(self, message: str) -> None:
        self.calls.append(("log", (message,)))

    def remember(self, name: str, value: Any) -> None:
        self.memory[name] = json.loads(json.dumps(value))

    def recall(self, name: str) -> Any:
        return self.memory.get(name)

    def checkpoint_due(self) -> bool:
        return self.checkpoint_every is not None and self.checks % self.checkpoint_every == 0

    def save_checkpoint(self, state: Any) -> None:
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        checkpoints.write(state, folder)
        self.checkpoint = folder
        self.calls.append(("save_checkpoint", (state.get("step") if isinstance(state, dict) else None,)))

    def load_checkpoint(self) -> Any:
        return None if self.checkpoint is None else checkpoints.read(self.checkpoint)

    def upload(self, digest: str) -> Path:
        if digest not in self.upload_files:
            raise BlockError(f"The upload {digest[:8]}… is no longer stored. Upload the file again.")
        return self.upload_files[digest]

    def give(self, content: bytes, name: str = "upload") -> Upload:
        """Store `content` as an upload and return the parameter that stands for it."""
        digest = hashlib.sha256(content).hexdigest()
        self.upload_files[digest] = Path(self._folder.name) / digest
        self.upload_files[digest].write_bytes(content)
        return Upload(hash=digest, name=name)

    def said(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of every call of that name."""
        return [arguments for called, arguments in self.calls if called == name]
