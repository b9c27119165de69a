"""Checkpoints of steps: the last two states of each, to go on from after a stop of any kind.

A checkpoint is a folder `NUMBER-HASH` below the folder of its step, where HASH is that of its contents. It is written
under a temporary name, made durable, and only then renamed, so that a torn one is never met; one whose contents have
changed since is passed over for the one before.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from storage import crashpoints
from storage.artifacts import contents_hash

T = TypeVar("T")
KEPT = 2
_NAME = re.compile(r"(\d{6,})-([0-9a-f]{64})")


class Checkpoints:
    """The checkpoints of one home."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, run: str, node: str) -> Path:
        """Where the checkpoints of a step lie."""
        return self._root / run / node

    def save(self, run: str, node: str, write: Callable[[Path], None]) -> None:
        """Let `write` fill an empty folder and keep it, durably, as the newest checkpoint of a step."""
        folder = self.folder(run, node)
        if not folder.exists():
            folder.mkdir(parents=True)
            for parent in (folder, folder.parent, self._root):
                _sync(parent.parent)
        self._drop_torn(folder)
        temporary = folder / f"temporary-{secrets.token_hex(8)}"
        temporary.mkdir()
        try:
            write(temporary)
            for path in [*temporary.rglob("*"), temporary]:
                _sync(path)
            crashpoints.reach("checkpoint: written")
            known = _newest_first(folder)
            number = int(known[0].name.split("-")[0]) + 1 if known else 1
            temporary.rename(folder / f"{number:06d}-{contents_hash(temporary)}")
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        crashpoints.reach("checkpoint: renamed")
        _sync(folder)
        for old in _newest_first(folder)[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)

    def load(self, run: str, node: str, read: Callable[[Path], T]) -> T | None:
        """The newest checkpoint of a step that is intact, as `read` understands it, or None."""
        for folder in _newest_first(self.folder(run, node)):
            found = _NAME.fullmatch(folder.name)
            if found is not None and contents_hash(folder) == found[2]:
                return read(folder)
        return None

    def remove(self, run: str, node: str | None = None) -> None:
        """Forget the checkpoints of a step, or of a whole run."""
        gone = self._root / run if node is None else self.folder(run, node)
        shutil.rmtree(gone, ignore_errors=True)
        if node is not None and gone.parent.is_dir() and not any(gone.parent.iterdir()):
            shutil.rmtree(gone.parent, ignore_errors=True)

    def sweep(self, wanted: Callable[[str, str], bool]) -> None:
        """Remove the checkpoints of all steps (run, node) that are not wanted, such as what a crash left behind."""
        for run in _folders(self._root):
            for node in _folders(run):
                if not wanted(run.name, node.name):
                    self.remove(run.name, node.name)

    @staticmethod
    def _drop_torn(folder: Path) -> None:
        for left in folder.glob("temporary-*"):
            shutil.rmtree(left, ignore_errors=True)


def _newest_first(folder: Path) -> list[Path]:
    named = [path for path in _folders(folder) if _NAME.fullmatch(path.name)]
    return sorted(named, key=lambda path: (int(path.name.split("-")[0]), path.name), reverse=True)


def _folders(parent: Path) -> list[Path]:
    return [path for path in parent.iterdir() if path.is_dir()] if parent.is_dir() else []


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
