"""Artifacts: folders addressed by the hash of their contents, written once and never changed.

A value is first staged: written and hashed under a temporary name. Publishing makes it durable and gives it its final
name: fsync, rename, fsync of the folder. Many small values are published together, with one sync for all of them.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from storage import crashpoints
from storage.locks import OwnFolder, sweep

_HASH = re.compile(r"[0-9a-f]{64}")
# From this many values on, one sync of the file system costs less than an fsync of every file and folder.
_SYNC_TOGETHER = 8


@dataclass(frozen=True)
class Stored:
    """Where an artifact lies, and how many bytes it has."""

    hash: str
    path: Path
    size: int


@dataclass(frozen=True)
class Staged:
    """A value that is written and hashed, but not yet durable: `path` moves to `target` when it is published."""

    hash: str
    target: Path
    size: int
    temporary: Path
    files: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Where it can be read now."""
        return self.target if self.target.exists() else self.temporary


class ArtifactStore:
    """Write once, read for ever."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._prefix = f"{root}/"
        self._temporary = root / "temporary"
        self._temporary.mkdir(parents=True, exist_ok=True)
        self._own = OwnFolder(self._temporary)

    def path(self, digest: str) -> Path:
        """The folder of an artifact, whether or not it exists. Raises ValueError for what is no hash."""
        if not _HASH.fullmatch(digest):
            raise ValueError(f"{digest!r} is not the hash of an artifact")
        return self.root / digest[:2] / digest

    def has(self, digest: str) -> bool:
        """Whether the artifact is there."""
        if not _HASH.fullmatch(digest):
            raise ValueError(f"{digest!r} is not the hash of an artifact")
        return os.path.isdir(f"{self._prefix}{digest[:2]}/{digest}")  # a plan asks this for every step

    def file(self, digest: str, name: str) -> Path | None:
        """One file inside an artifact, or None: the name must not lead out of its folder."""
        folder = self.path(digest).resolve()
        found = (folder / name).resolve()
        return found if found.is_file() and found.is_relative_to(folder) else None

    def put(self, write: Callable[[Path], None]) -> Stored:
        """Let `write` fill an empty folder, then move that folder, durably, to the place its contents name."""
        staged = self.stage(write)
        self.publish([staged])
        return Stored(staged.hash, staged.target, staged.size)

    def stage(self, write: Callable[[Path], None]) -> Staged:
        """Let `write` fill an empty folder, and hash what it wrote. It is not durable before `publish`."""
        folder = self._own.fresh()
        os.mkdir(folder)
        try:
            write(folder)
            crashpoints.reach("artifact: written")
            sizes = dict(sorted(_files(str(folder))))
            digest = _digest(str(folder), sizes)
            return Staged(digest, self.path(digest), sum(sizes.values()), folder, tuple(sizes))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def publish(self, staged: Sequence[Staged]) -> None:
        """Make staged values durable under their final names. What is there already stays; the copy goes."""
        fresh = {value.hash: value for value in staged if not _touch(value.target)}
        together = len(fresh) >= _SYNC_TOGETHER and _syncfs(self.root)
        if not together:
            for value in fresh.values():
                _fsync_all(value)
        crashpoints.reach("artifact: before rename")
        for value in fresh.values():
            _rename(value)
        crashpoints.reach("artifact: renamed")
        if not (together and _syncfs(self.root)):
            for parent in {value.target.parent for value in fresh.values()}:
                _fsync(parent)
                _fsync(parent.parent)
        for value in staged:
            if value.temporary.exists():
                shutil.rmtree(value.temporary, ignore_errors=True)

    def aside(self) -> Path:
        """A fresh name on the same disk, for what is about to be deleted."""
        return self._own.fresh()

    def sweep(self) -> None:
        """Remove what processes that have ended left half-written."""
        sweep(self._temporary)


def contents_hash(folder: Path) -> str:
    """The hash that the contents of a folder have now: that of an intact artifact is its name."""
    return _digest(str(folder), dict(sorted(_files(str(folder)))))


def _touch(target: Path) -> bool:
    """Whether an artifact is there. The touch keeps it from being collected before its row is committed."""
    try:
        os.utime(target)
    except FileNotFoundError:
        return False
    return True


def _files(folder: str, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Every file below a folder: its name relative to the folder, and its size."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path, f"{prefix}{entry.name}/")
            else:
                yield prefix + entry.name, entry.stat().st_size


def _digest(folder: str, files: dict[str, int]) -> str:
    """SHA-256 over the name and contents of every file, in order of name."""
    whole = hashlib.sha256()
    for name in files:
        with open(f"{folder}/{name}", "rb") as handle:
            inner = hashlib.file_digest(handle, "sha256").hexdigest()
        whole.update(f"{name}\0{inner}\n".encode())
    return whole.hexdigest()


def _rename(value: Staged) -> None:
    try:
        os.rename(value.temporary, value.target)
    except FileNotFoundError:
        value.target.parent.mkdir(exist_ok=True)
        os.rename(value.temporary, value.target)
    except OSError:
        if not value.target.is_dir():  # another worker may have published the same contents first
            raise


def _fsync_all(value: Staged) -> None:
    folders = {value.temporary, *((value.temporary / name).parent for name in value.files)}
    for path in [*(value.temporary / name for name in value.files), *folders]:
        _fsync(path)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _syncfs(path: Path) -> bool:
    """Sync the whole file system of a path. False where this system cannot."""
    function = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if function is None:
        return False
    handle = os.open(path, os.O_RDONLY)
    try:
        if function(handle) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
        return True
    finally:
        os.close(handle)
