"""Archives and pictures, good and hostile, made byte by byte for the tests of uploads."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

import numpy as np
from PIL import Image


def picture(form: str = "PNG", size: tuple[int, int] = (12, 12), seed: int = 0, **options: Any) -> bytes:
    """A noisy picture in one of Pillow's formats."""
    width, height = size
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, form, **options)
    return out.getvalue()


def zipped(files: dict[str, bytes], **options: Any) -> bytes:
    """An ordinary zip archive of files by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def zipped_infos(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    """An archive of entries with hand-made headers."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for info, data in entries:
            archive.writestr(info, data)
    return out.getvalue()


def renamed(archive: bytes, old: str, new: str) -> bytes:
    """The archive with one name replaced by another of the same length, in all of its headers."""
    assert len(old) == len(new)
    return archive.replace(old.encode(), new.encode())


def symlink(name: str, target: str) -> bytes:
    """An archive whose only entry is a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return zipped_infos([(info, target.encode())])


def encrypted() -> bytes:
    """An archive that says of its file that it is encrypted."""
    data = bytearray(zipped({"a.png": picture()}))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def lying_size(claimed: int, content: bytes) -> bytes:
    """An archive that claims another unpacked size than its file has."""
    data = bytearray(zipped({"a.png": content}))
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, claimed)
    struct.pack_into("<I", data, 22, claimed)
    return bytes(data)


def overlapping(copies: int, content: bytes) -> bytes:
    """A bomb: many entries that all unpack the same bytes."""
    packed = zlib.compress(content, 9)[2:-4]
    check = zlib.crc32(content)
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 33, check, len(packed), len(content), 5, 0)
    body = local + b"a.png" + packed
    directory = b""
    for index in range(copies):
        name = b"a.png" if index == 0 else f"{index:05d}".encode()
        directory += struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 8, 0, 33, check, len(packed), len(content), len(name),
            0, 0, 0, 0, 0, 0,
        ) + name  # fmt: skip
    end = struct.pack(
        "<4sHHHHIIH", b"PK\5\6", 0, 0, copies & 0xFFFF, copies & 0xFFFF, len(directory), len(body), 0
    )
    return body + directory + end


def many_entries(count: int) -> bytes:
    """An archive that lists `count` files and holds none of them."""
    entry = (
        struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
        + b"a"
    )
    directory = entry * count
    return directory + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(directory), 0, 0)


def png_bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A small PNG whose header claims a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(100_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def webp_bomb() -> bytes:
    """A WebP whose extended header claims 16,384 × 16,384 pixels."""
    side = (16_383).to_bytes(3, "little")
    body = b"VP8X" + struct.pack("<I", 10) + bytes(4) + side + side
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body
