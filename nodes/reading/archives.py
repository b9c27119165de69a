"""Reading a zip archive that a stranger made, without believing a word of it.

Owns what an archive may hold and how its files are streamed out. Names in it are labels and never become paths;
sizes in it are claims: they may refuse an archive early, but only bytes counted while inflating let one through.
"""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from nodes.errors import BlockError
from nodes.reading.magic import describe

MAX_FILES = 20_000
MAX_ENTRIES = 50_000  # with folders and what systems leave behind
MAX_TOTAL = 2 * 1024**3
MAX_MEMBER = 64 * 1024**2
_MAX_DIRECTORY = 16 * 1024**2
_HEAD = 64
_CHUNK = 1024**2
_AGAIN = (
    "Nothing was read. Make a new zip of the folder of images with an ordinary zip program and upload that."
)
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}
_LITTER = {".ds_store", "thumbs.db", "desktop.ini"}


class Damaged(Exception):
    """One file of an archive cannot be unpacked; the others may still be good."""


@dataclass(frozen=True)
class Member:
    """One file of an archive. `name` is a cleaned label with `/` between its folders."""

    name: str
    info: zipfile.ZipInfo


class Archive:
    """An open zip archive whose names and layout have been checked. Use it in a `with`.

    Attributes:
        members: its files by name, without folders and what operating systems leave behind.

    Raises:
        BlockError: it is not a zip archive, or is one that no ordinary program makes.
    """

    def __init__(self, path: Path) -> None:
        _check_start(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, NotImplementedError, OSError) as error:
            raise BlockError(
                f"The zip archive is damaged ({error}). Make it again and upload that."
            ) from error
        try:
            self.members = _checked(self._zip)
        except BaseException:
            self._zip.close()
            raise
        self._inflated = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def read(self, member: Member, wanted: Callable[[bytes], bool]) -> tuple[bytes, bool]:
        """Unpack the first bytes of a file, and the rest where `wanted` says so of them.

        Returns:
            The bytes, and whether they are the whole file.

        Raises:
            Damaged: its bytes do not fit their checksum or cannot be unpacked.
            BlockError: it, or the archive so far, unpacks to more than is allowed.
        """
        try:
            with self._zip.open(member.info) as stream:
                parts = [stream.read(_HEAD)]
                if not wanted(parts[0]):
                    return parts[0], False
                size = len(parts[0])
                while part := stream.read(_CHUNK):
                    size += len(part)
                    self._count(member, size, len(part))
                    parts.append(part)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            OSError,
        ) as error:
            raise Damaged(f"it cannot be unpacked ({error})") from error
        return b"".join(parts), True

    def _count(self, member: Member, size: int, new: int) -> None:
        self._inflated += new
        if size > MAX_MEMBER:
            raise BlockError(
                f"“{member.name}” unpacks to more than {MAX_MEMBER // 1024**2} MB, which no image needs. {_AGAIN}"
            )
        if self._inflated > MAX_TOTAL:
            raise _too_large()


def _too_large() -> BlockError:
    return BlockError(
        f"The archive unpacks to more than {MAX_TOTAL // 1024**3} GB. "
        "Make the images smaller before zipping them, or upload a part of them."
    )


def _check_start(path: Path) -> None:
    """Look at both ends of the file before the zip reader builds objects for everything it claims to hold."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if not head:
            raise BlockError(
                "The uploaded file is empty (0 bytes). Upload a zip archive of a folder of images."
            )
        found = _directory(file)
        if found is None:
            is_zip = head[:4] == b"PK\3\4"
            what = (
                "cut short: its list of contents is missing"
                if is_zip
                else f"not a zip archive but {describe(head)}"
            )
            raise BlockError(
                f"The uploaded file is {what}. Upload a zip archive with images, in one subfolder per class."
            )
        start, size = found
        if size > _MAX_DIRECTORY:
            raise _too_many()
        file.seek(max(0, start))
        _count_entries(file.read(size))


def _directory(file: BinaryIO) -> tuple[int, int] | None:
    """Where the list of contents begins and how long it is, found as the zip reader finds it; None without one."""
    end = file.seek(0, 2)
    file.seek(max(0, end - 22 - 65_535))
    tail = file.read()
    at = len(tail) - 22
    if at < 0 or tail[at : at + 4] != b"PK\5\6" or tail[-2:] != b"\0\0":
        at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < 22:
        return None
    size = struct.unpack_from("<I", tail, at + 12)[0]
    before = at  # bytes of the tail in front of the end record
    if at >= 76 and tail[at - 20 : at - 16] == b"PK\6\7" and tail[at - 76 : at - 72] == b"PK\6\6":
        size = struct.unpack_from("<Q", tail, at - 76 + 40)[0]
        before = at - 76
    return end - len(tail) + before - size, size


def _count_entries(directory: bytes) -> None:
    at = count = 0
    while directory[at : at + 4] == b"PK\1\2" and at + 46 <= len(directory):
        name, extra, comment = struct.unpack_from("<HHH", directory, at + 28)
        at += 46 + name + extra + comment
        count += 1
        if count > MAX_ENTRIES:
            raise _too_many()


def _too_many() -> BlockError:
    return BlockError(
        f"The archive lists more than {MAX_FILES:,} files, which is the most that one upload may hold. "
        "Upload a part of them."
    )


def _checked(archive: zipfile.ZipFile) -> list[Member]:
    """The files worth reading, sorted by name; raises where anything at all is unlike an honest archive."""
    _check_overlaps(archive)
    members: dict[str, Member] = {}
    for info in archive.infolist():
        _check_entry(info)
        name = "/".join(_clean(part) for part in info.filename.split("/") if part not in ("", "."))
        if info.is_dir() or _is_litter(name):
            continue
        if name in members:
            raise BlockError(
                f"The archive holds “{name}” twice, so it is unclear which one is meant. {_AGAIN}"
            )
        members[name] = Member(name, info)
    if len(members) > MAX_FILES:
        raise _too_many()
    if sum(member.info.file_size for member in members.values()) > MAX_TOTAL:
        raise _too_large()
    return [members[name] for name in sorted(members)]


def _check_overlaps(archive: zipfile.ZipFile) -> None:
    """Refuse entries that share bytes: a bomb that unpacks the same few bytes again and again."""
    infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    ends = [info.header_offset for info in infos[1:]] + [archive.start_dir]
    for info, end in zip(infos, ends, strict=False):  # an empty archive has one end too many
        name = info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437", "replace")
        if info.header_offset + 30 + len(name) + info.compress_size > end:
            raise BlockError(
                f"Files of the archive overlap (at “{_clean(info.filename)}”), as in a zip bomb. {_AGAIN}"
            )


def _check_entry(info: zipfile.ZipInfo) -> None:
    shown = _clean(info.orig_filename)
    if why := _bad_name(info.orig_filename):
        raise BlockError(f"The archive holds the name “{shown}”, {why}. {_AGAIN}")
    if info.flag_bits & 0x1:
        raise BlockError(
            f"“{shown}” in the archive is encrypted. Make a zip without a password and upload that."
        )
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = "a link to another file" if kind == stat.S_IFLNK else "a device, not a file"
        raise BlockError(f"“{shown}” in the archive is {what}. {_AGAIN}")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        method = info.compress_type
        raise BlockError(f"“{shown}” in the archive is packed in an unusual way (method {method}). {_AGAIN}")


def _bad_name(name: str) -> str | None:
    """Why a name is not one that an honest zip program writes, or None."""
    parts = name.split("/")
    if "\0" in name:
        return "which hides a part of itself behind a zero byte"
    if "\\" in name:
        return "in which a backslash stands, so it means different places on different systems"
    if name.startswith("/"):
        return "which is a place on the computer it came from and not inside the archive"
    if re.match(r"[A-Za-z]:", name):
        return "which begins with a drive letter"
    if ".." in parts:
        return "which leads out of the archive's own folder"
    if any(part.split(".")[0].strip().upper() in _RESERVED for part in parts):
        return "which some systems reserve for devices"
    if any(len(part.encode("utf-8", "replace")) > 255 for part in parts):
        return "which is longer than the 255 bytes that file systems allow"
    return None


def _clean(text: str) -> str:
    """A name as a label: without control characters and marks that turn the reading direction."""
    kept = "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c)[0] != "C")
    return kept if len(kept) <= 200 else kept[:199] + "…"


def _is_litter(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" in parts or parts[-1].lower() in _LITTER or parts[-1].startswith("._")
