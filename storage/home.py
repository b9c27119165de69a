"""The folder of one installation: where the database, the artifacts and the files beside them lie."""

from __future__ import annotations

import errno
import os
import re
import shutil
from pathlib import Path

from storage.artifacts import ArtifactStore
from storage.checkpoints import Checkpoints
from storage.database import Database, HomeError
from storage.files import FileStore

# How libraries that swallow the error number say that a disk is full: numpy, safetensors, torch, SQLite.
_FULL_WORDS = re.compile(
    r"No space left on device|Not enough free space|os error 28|\d+ requested and \d+ written"
    r"|PytorchStreamWriter failed|disk is full"
)
BALLAST_BYTES = 8 * 1024 * 1024


class Home:
    """Paths and stores of one home. Opening it creates what is missing and brings the schema up to date."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.scratch = root / "scratch"
        self.locks = root / "locks"
        self.logs = root / "logs"
        try:
            for folder in (root, self.scratch, self.locks, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HomeError(
                f"The home {root} could not be made: {error.strerror or error}."
                " Choose another folder with GENLOOM_HOME."
            ) from error
        self.database = Database(root / "genloom.db", self.locks / "schema.lock")
        self.artifacts = ArtifactStore(root / "artifacts")
        self.files = FileStore(root / "files")
        self.checkpoints = Checkpoints(root / "checkpoints")
        self._ballast = root / "ballast"
        self.keep_ballast()

    @classmethod
    def open(cls, root: Path | str | None = None) -> Home:
        """The home at `root`, else at $GENLOOM_HOME, else at ~/.genloom."""
        return cls(Path(root or os.environ.get("GENLOOM_HOME") or Path.home() / ".genloom").expanduser())

    def free_bytes(self) -> int:
        """Bytes free on the disk of this home."""
        return shutil.disk_usage(self.root).free

    def keep_ballast(self) -> None:
        """Set some bytes aside, so that a full disk can still be written down. See `drop_ballast`."""
        if not self._ballast.exists() and self.free_bytes() > 4 * BALLAST_BYTES:
            self._ballast.write_bytes(os.urandom(1024) * (BALLAST_BYTES // 1024))

    def drop_ballast(self) -> None:
        """Give the bytes set aside back, because the disk is full and a failure must be recorded."""
        self._ballast.unlink(missing_ok=True)


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or one that it was raised from, says that the disk is full."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if _FULL_WORDS.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False
