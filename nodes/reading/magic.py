"""What a file is, told from its first bytes. Its name and extension have no say."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """A picture format that is read: the name Pillow knows it by, and the extension its files get."""

    name: str
    extension: str


_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", Kind("PNG", "png")),
    (b"\xff\xd8\xff", Kind("JPEG", "jpg")),
    (b"GIF87a", Kind("GIF", "gif")),
    (b"GIF89a", Kind("GIF", "gif")),
    (b"BM", Kind("BMP", "bmp")),
)
READ = "PNG, JPEG, WebP, GIF or BMP"

_OTHERS = (
    (b"PK\3\4", "an archive inside the archive"),
    (b"PK\5\6", "an archive inside the archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"8BPS", "a Photoshop document"),
    (b"%!PS", "an EPS drawing"),
    *((bytes((0x80, version)), "a Python pickle") for version in range(2, 6)),
)


def kind_of(head: bytes) -> Kind | None:
    """The format of a picture from its first bytes, or None for anything that is not read as one."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind("WEBP", "webp")
    return next((kind for magic, kind in _PICTURES if head.startswith(magic)), None)


def describe(head: bytes) -> str:
    """What a file seems to be, in a few words such as "a PDF document"."""
    if not head:
        return "an empty file"
    if kind := kind_of(head):
        return f"a {kind.name} picture"
    for magic, words in _OTHERS:
        if head.startswith(magic):
            return words
    if head[4:8] == b"ftyp":
        return "a HEIC or AVIF picture" if head[8:12] in (b"heic", b"heix", b"mif1", b"avif") else "a video"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<svg", b"<?xml")):
        return "an SVG drawing or other XML"
    if text.startswith((b"<!doctype", b"<html", b"<script")):
        return "a web page"
    if all(byte >= 32 or byte in b"\t\r\n" for byte in head):
        return "text"
    return "a file of an unknown kind"
