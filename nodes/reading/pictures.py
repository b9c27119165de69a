"""Opening pictures that a stranger made: a closed list of formats, a cap on pixels before decoding, upright."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from nodes.reading.magic import Kind

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 50_000_000


def fault(data: bytes, kind: Kind) -> str | None:
    """Why a picture cannot be used, or None for a good one. Nothing is decoded that claims too many pixels."""
    from PIL import Image

    if kind.name == "WEBP" and (size := _webp_size(data)) and (why := _too_large(*size)):
        return why  # Pillow already makes room for the whole picture when it opens a WebP
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=[kind.name]) as picture:
                if why := _too_large(*picture.size):
                    return why
                picture.draft(
                    "L", (max(1, picture.width // 8), max(1, picture.height // 8))
                )  # JPEG only: faster
                picture.load()
    except Image.DecompressionBombError:
        return f"it claims many more than the {MAX_PIXELS // 10**6} million pixels that are read"
    except Exception as error:  # a decoder meeting hostile bytes may raise anything
        return f"it is broken or cut short ({type(error).__name__}: {str(error)[:80]})"
    return None


def open_upright(path: Path, at_least: int | None = None) -> Image.Image:
    """Decode a checked picture: first frame, turned as its camera says, 8 bits for each channel.

    With `at_least` a JPEG may come smaller than it is, but no side below so many pixels, which is much faster.
    """
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path) as picture:
            if at_least:
                picture.draft(None, (at_least, at_least))
            picture.load()
            try:
                upright = ImageOps.exif_transpose(picture)
            except Exception:  # a picture with nonsense in its EXIF is still a picture
                upright = picture.copy()
    return _eight_bits(upright)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """16-bit grey scaled to 8; Pillow itself would cut everything above 255 to white."""
    import numpy as np
    from PIL import Image

    if not (picture.mode.startswith("I") or picture.mode == "F"):
        return picture
    values = np.asarray(picture).astype(np.float64)
    top = 65_535.0 if picture.mode.startswith("I") else 255.0
    return Image.fromarray(np.rint(np.clip(values / top, 0, 1) * 255).astype(np.uint8))


def _too_large(width: int, height: int) -> str | None:
    if width * height <= MAX_PIXELS:
        return None
    return f"it claims {width:,}×{height:,} pixels; up to {MAX_PIXELS // 10**6} million are read"


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Width and height as the header of a WebP says."""
    part, body = data[12:16], data[20:30]
    if len(body) < 10:
        return None
    if part == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if part == b"VP8L":
        bits = struct.unpack_from("<I", body, 1)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF
