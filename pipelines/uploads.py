"""Uploads: what a user hands in is stored as one zip file under its hash, and inspected before anything uses it."""

from __future__ import annotations

import errno
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from nodes.catalogue import Catalogue
from nodes.errors import BlockError
from nodes.params import form_fields
from pipelines.document import Document
from pipelines.problem import DocumentError, Problem
from storage.home import Home

MAX_BYTES = 2 * 1024**3
SPARE_BYTES = 64 * 1024**2
CHUNK = 1024 * 1024


class Uploads:
    """The uploads of one home. A folder becomes a zip, so that there is one kind of upload only."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def add(self, name: str, chunks: Iterable[bytes]) -> dict[str, Any]:
        """Store a zip that arrives in pieces, and say what is in it. Raises BlockError; then nothing is kept."""
        digest, size = self._stored(self._limited(chunks))
        return self._inspected(digest, size, name)

    def add_folder(self, files: Iterable[tuple[str, Path]]) -> dict[str, Any]:
        """Store files with their names relative to a folder. Raises BlockError; then nothing is kept."""
        named = sorted(files)
        if not named:
            raise BlockError("The folder is empty. Choose a folder with pictures, one subfolder per class.")
        temporary = self._home.files.temporary()
        try:
            try:
                _write_zip(temporary, named)
            except OSError as error:
                raise self._explained(error) from error
            with temporary.open("rb") as handle:
                digest, size = self._stored(self._limited(iter(lambda: handle.read(CHUNK), b"")))
        finally:
            temporary.unlink(missing_ok=True)
        top = named[0][0].replace("\\", "/").split("/")
        return self._inspected(digest, size, top[0] if len(top) > 1 else "folder")

    def add_path(self, path: Path) -> dict[str, Any]:
        """Store a zip file or a folder of this machine, as the command line names it."""
        if path.is_dir():
            files = [p for p in path.rglob("*") if p.is_file() and not p.is_symlink()]
            return self.add_folder((f"{path.name}/{p.relative_to(path).as_posix()}", p) for p in files)
        if not path.is_file():
            raise BlockError(f"There is no file or folder “{path}”.")
        with path.open("rb") as handle:
            return self.add(path.name, iter(lambda: handle.read(CHUNK), b""))

    def _limited(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        total = 0
        for chunk in chunks:
            total += len(chunk)
            if total > MAX_BYTES:
                raise BlockError(
                    f"The upload is larger than {MAX_BYTES / 1e9:.1f} GB. Give fewer or smaller pictures."
                )
            if total % (64 * CHUNK) < len(chunk) and self._home.free_bytes() < SPARE_BYTES:
                raise OSError(errno.ENOSPC, "almost full")
            yield chunk

    def _stored(self, chunks: Iterable[bytes]) -> tuple[str, int]:
        try:
            return self._home.files.put_chunks(chunks)
        except OSError as error:
            raise self._explained(error) from error

    def _explained(self, error: OSError) -> BlockError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            free = self._home.free_bytes() / 1e6
            return BlockError(
                f"The upload does not fit: {free:,.0f} MB are free in {self._home.root}. Free some space and try again."
            )
        return BlockError(f"The upload could not be stored: {error.strerror or error}.")

    def _inspected(self, digest: str, size: int, name: str) -> dict[str, Any]:
        from nodes.reading.collection import inspect

        path = self._home.files.path(digest)
        assert path is not None
        try:
            found = inspect(path)
        except BlockError:
            path.unlink(missing_ok=True)
            raise
        return {
            "hash": digest, "name": name[:200] or "upload", "size": size, "summary": found.summary,
            "warnings": list(found.warnings),
        }  # fmt: skip


def _write_zip(target: Path, named: list[tuple[str, Path]]) -> None:
    """The same files always give the same bytes: sorted, stored, with one fixed date."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, path in named:
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(info, "w") as entry:
                while chunk := source.read(CHUNK):
                    entry.write(chunk)


def with_local_files(document: Document, catalogue: Catalogue, uploads: Uploads) -> Document:
    """Store every upload that a document names by a path of this machine. For the command line only.

    Raises:
        DocumentError: a path does not exist, or what it names is refused.
    """
    nodes = []
    for node in document.nodes:
        spec = catalogue.get(node.block)
        params = dict(node.params)
        for field in form_fields(spec.params) if spec else []:
            value = params.get(field["name"])
            if field["widget"] == "upload" and isinstance(value, str):
                try:
                    added = uploads.add_path(Path(value).expanduser())
                except BlockError as error:
                    raise DocumentError([Problem(str(error), node.id, field["name"])]) from error
                params[field["name"]] = {"hash": added["hash"], "name": added["name"]}
        nodes.append(replace(node, params=params))
    return replace(document, nodes=tuple(nodes))
