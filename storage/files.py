"""Single files addressed by the hash of their contents: preview pictures and uploads."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from storage import crashpoints
from storage.locks import OwnFolder, sweep

_HASH = re.compile(r"[0-9a-f]{64}")


class FileStore:
    """Bytes by their SHA-256. Equal contents are kept once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._temporary = root / "temporary"
        self._temporary.mkdir(parents=True, exist_ok=True)
        self._own = OwnFolder(self._temporary)

    def path(self, digest: str) -> Path | None:
        """The stored file, or None where it is missing or `digest` is no hash."""
        if not _HASH.fullmatch(digest):
            return None
        found = self.root / digest[:2] / digest
        return found if found.is_file() else None

    def put(self, content: bytes) -> str:
        """Store bytes and return their hash. Not fsynced: a lost preview is no lost result."""
        digest = hashlib.sha256(content).hexdigest()
        try:
            os.utime(self.root / digest[:2] / digest)  # so that it is not collected before a row names it
        except FileNotFoundError:
            temporary = self.temporary()
            try:
                temporary.write_bytes(content)
                crashpoints.reach("file: written")
                self._move(temporary, digest)
            finally:
                temporary.unlink(missing_ok=True)
        return digest

    def put_chunks(self, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Store a stream without holding it in memory. Returns hash and size; durable when it returns."""
        temporary, digest, size = self.temporary(), hashlib.sha256(), 0
        try:
            with temporary.open("wb") as handle:
                for chunk in chunks:
                    handle.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
                handle.flush()
                os.fsync(handle.fileno())
            self._move(temporary, digest.hexdigest())
        finally:
            temporary.unlink(missing_ok=True)
        return digest.hexdigest(), size

    def temporary(self) -> Path:
        """A fresh name on the same disk, for a file that is still being written."""
        return self._own.fresh()

    def sweep(self) -> None:
        """Remove what processes that have ended left half-written."""
        sweep(self._temporary)

    def _move(self, temporary: Path, digest: str) -> None:
        target = self.root / digest[:2] / digest
        target.parent.mkdir(exist_ok=True)
        temporary.replace(target)
