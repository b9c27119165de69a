"""Locks that die with their process: the proof of life of workers, the sign that someone attends, folders in use."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import threading
import weakref
from pathlib import Path

_held: set[int] = set()


def _let_go() -> None:
    """A forked child must not keep its parent's locks: they would outlive the parent."""
    for handle in _held:
        os.close(handle)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)


class FileLock:
    """A lock on a file, held until `release` or the end of the process, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def take(self, *, shared: bool = False) -> bool:
        """Try to take the lock without waiting."""
        while True:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return False
            if _still_at(handle, self.path):
                self._handle = handle
                _held.add(handle)
                return True
            os.close(handle)  # someone removed the file in between: a lock on it protects nothing

    def note(self, text: str) -> None:
        """Write into the file of a held lock, for others to read."""
        assert self._handle is not None, "only who holds the lock may write into its file"
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, text.encode(), 0)

    def release(self) -> None:
        """Let go of the lock."""
        if self._handle is not None:
            _held.discard(self._handle)
            os.close(self._handle)
            self._handle = None


def is_held(path: Path) -> bool:
    """Whether some living process holds the lock alone. Looking does not disturb others who look."""
    probe = FileLock(path)
    if not path.exists():
        return False
    if probe.take(shared=True):
        probe.release()
        return False
    return True


class OwnFolder:
    """A folder of this process alone inside a shared one. Others sweep it once the process has ended."""

    def __init__(self, parent: Path) -> None:
        self._parent = parent
        self._path: Path | None = None
        self._process = 0
        self._making = threading.Lock()

    def fresh(self) -> Path:
        """A name inside the folder that nobody has used."""
        path = self._path
        if path is None or self._process != os.getpid():
            with self._making:
                path = self._made()
        return path / secrets.token_hex(8)

    def _made(self) -> Path:
        while self._path is None or self._process != os.getpid():
            path = self._parent / f"{os.getpid()}-{secrets.token_hex(6)}"
            path.mkdir(parents=True)
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _still_at(handle, path):
                self._path, self._process = path, os.getpid()
                _held.add(handle)
                weakref.finalize(self, _give_back, handle, path, os.getpid())
            else:
                os.close(handle)
        return self._path


def _give_back(handle: int, path: Path, process: int) -> None:
    if process == os.getpid():
        _held.discard(handle)
        with contextlib.suppress(OSError):  # not empty: the next sweep removes it
            path.rmdir()
        os.close(handle)


def sweep(parent: Path) -> None:
    """Remove from a shared folder what belongs to no living process."""
    for left in list(parent.iterdir()):
        try:
            handle = os.open(left, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
        finally:
            os.close(handle)


def _still_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False
