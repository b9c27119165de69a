"""Uploads: a multipart body goes straight to files on the home's own disk and is never held in memory.

Names that the browser sends are labels: the files here have names of ours. A folder comes as many parts whose
file names are relative paths.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.errors import Refused
from pipelines.service import Service

LARGEST = 2_000_000_000
MOST_FILES = 10_000
LONGEST_NAME = 1_000
SPARE_BYTES = 64_000_000  # left free on the disk, so that results can still be written
CHUNK = 1024 * 1024


@dataclass
class Received:
    """The files of one upload: what the browser calls them, and where they lie."""

    folder: Path
    files: list[tuple[str, Path]] = field(default_factory=list)


class Receiver:
    """Takes a multipart body piece by piece and writes each `file` part to a file of its own."""

    def __init__(self, boundary: bytes, folder: Path) -> None:
        self.received = Received(folder)
        self._header = self._value = b""
        self._disposition = b""
        self._open: BinaryIO | None = None
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self.close,
            },
        )

    def write(self, chunk: bytes) -> None:
        """The next piece. Blocking: it writes to disk."""
        self._parser.write(chunk)

    def finish(self) -> Received:
        """The body has ended."""
        self._parser.finalize()
        self.close()
        return self.received

    def close(self) -> None:
        """Close the file that is being written, if there is one."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _begin(self) -> None:
        self._disposition = self._header = self._value = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        if options.get(b"name") != b"file" or b"filename" not in options:
            raise Refused("An upload consists of parts named “file”, each with a file name.")
        if len(self.received.files) >= MOST_FILES:
            raise Refused(f"This upload has more than {MOST_FILES:,} files. Pack them into a ZIP file.", 413)
        name = label(options[b"filename"].decode("utf-8", "replace"))
        path = self.received.folder / f"{len(self.received.files):06d}"
        self.received.files.append((name, path))
        self._open = path.open("wb")

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._open is not None:
            self._open.write(data[start:end])


def label(name: str) -> str:
    """The name of an uploaded file as a relative path of plain parts.

    Raises:
        Refused: it is empty, too long, absolute, or leads out of its folder.
    """
    if not name or len(name) > LONGEST_NAME:
        raise Refused(f"A file name must have between 1 and {LONGEST_NAME:,} characters.")
    parts = PurePosixPath(name.replace("\\", "/")).parts
    unsafe = any(part in ("..", "/") or part.endswith(":") for part in parts)
    if unsafe or not parts or any(ord(letter) < 32 for letter in name):
        raise Refused(f"The file name “{name[:80]}” cannot be used. Rename the file and upload it again.")
    return "/".join(parts)


async def receive(request: Request, folder: Path) -> Received:
    """Write the body's files into `folder`.

    Raises:
        Refused: the body is too large, malformed, or does not fit on the disk.
    """
    declared = int(request.headers.get("content-length") or 0)
    await run_in_threadpool(_check_size, declared, folder)
    _, options = parse_options_header(request.headers.get("content-type", "").encode("latin-1"))
    receiver = Receiver(options.get(b"boundary", b""), folder)
    size = 0
    try:
        async for chunk in _pieces(request):
            size += len(chunk)
            await run_in_threadpool(_check_size, size, folder)
            await run_in_threadpool(receiver.write, chunk)
        received = await run_in_threadpool(receiver.finish)
    except (FormParserError, ValueError) as error:
        raise Refused("The upload arrived damaged. Try again.") from error
    finally:
        receiver.close()
    if not received.files:
        raise Refused("The upload holds no file.")
    return received


async def store(request: Request, service: Service) -> dict[str, object]:
    """Receive an upload and hand it to the service. The answer is an Uploaded message."""
    folder = Path(await run_in_threadpool(tempfile.mkdtemp, prefix="upload-", dir=service.home.scratch))
    try:
        received = await receive(request, folder)
        return await run_in_threadpool(_keep, service, received)
    finally:
        await run_in_threadpool(shutil.rmtree, folder, True)


def _keep(service: Service, received: Received) -> dict[str, object]:
    """One file as it is; several files, or one inside a folder, as a folder."""
    if len(received.files) == 1 and "/" not in received.files[0][0]:
        name, path = received.files[0]
        return service.upload(name, _chunks(path))
    return service.upload_folder(received.files)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            yield chunk


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces of about a megabyte, so that not every packet costs a change of thread."""
    gathered, size = [], 0
    async for chunk in request.stream():
        gathered.append(chunk)
        size += len(chunk)
        if size >= CHUNK:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


def _check_size(size: int, folder: Path) -> None:
    if size > LARGEST:
        raise Refused(f"This upload is larger than {LARGEST // 10**9} GB, the most that is taken.", 413)
    free = shutil.disk_usage(folder).free
    if size and free < SPARE_BYTES:
        raise Refused(
            f"The disk of Genloom is full: {free / 1e6:,.0f} MB are left. Free some space first.", 507
        )
