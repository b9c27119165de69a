"""Artifacts: folders addressed by the hash of their contents, written once and never changed."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Stored:
    """Where an artifact lies, and how many bytes it has."""

    hash: str
    path: Path
    size: int


class ArtifactStore:
    """Write once, read for ever: temporary name, fsync, rename, fsync of the folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._temporary = root / "temporary"
        self._temporary.mkdir(parents=True, exist_ok=True)

    def path(self, digest: str) -> Path:
        """The folder of an artifact, whether or not it exists. Raises ValueError for what is no hash."""
        if not _HASH.fullmatch(digest):
            raise ValueError(f"{digest!r} is not the hash of an artifact")
        return self.root / digest[:2] / digest

    def has(self, digest: str) -> bool:
        """Whether the artifact is there."""
        return self.path(digest).is_dir()

    def file(self, digest: str, name: str) -> Path | None:
        """One file inside an artifact, or None: the name must not lead out of its folder."""
        folder = self.path(digest).resolve()
        found = (folder / name).resolve()
        return found if found.is_file() and found.is_relative_to(folder) else None

    def put(self, write: Callable[[Path], None]) -> Stored:
        """Let `write` fill an empty folder, then move that folder to the place its contents name."""
        folder = self._temporary / secrets.token_hex(8)
        folder.mkdir()
        try:
            write(folder)
            files = sorted(p for p in folder.rglob("*") if p.is_file())
            digest = _digest(folder, files)
            size = sum(p.stat().st_size for p in files)
            target = self.path(digest)
            if not target.exists():
                self._publish(folder, files, target)
            return Stored(digest, target, size)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _publish(self, folder: Path, files: list[Path], target: Path) -> None:
        for path in [*files, *{p.parent for p in files}, folder]:
            _fsync(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.rename(target)
        except OSError:
            if not target.is_dir():  # another worker may have published the same contents first
                raise
        _fsync(target.parent)

    def sweep(self) -> None:
        """Remove what an interrupted write left behind. Only while no one writes."""
        for left in self._temporary.iterdir():
            shutil.rmtree(left, ignore_errors=True)


def _digest(folder: Path, files: list[Path]) -> str:
    """SHA-256 over the name and contents of every file, in order of name."""
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as handle:
            inner = hashlib.file_digest(handle, "sha256").hexdigest()
        whole.update(f"{path.relative_to(folder).as_posix()}\0{inner}\n".encode())
    return whole.hexdigest()


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
