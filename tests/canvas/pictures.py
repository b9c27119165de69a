"""Pictures for the simulated runs: digits that come out of noise."""

from __future__ import annotations

import functools
import hashlib
import io

import numpy as np

STORE: dict[str, bytes] = {}


@functools.lru_cache(maxsize=1)
def _digits() -> np.ndarray:
    from sklearn.datasets import load_digits

    return load_digits().images / 16.0


@functools.lru_cache(maxsize=128)
def picture(clearness: int, columns: int = 8, rows: int = 5) -> dict[str, object]:
    """A contact sheet, from 0 (noise) to 10 (clear), as a `Picture`; its PNG is in the store."""
    from PIL import Image

    random = np.random.default_rng(3)
    part = clearness / 10
    tiles = _digits()[20 : 20 + columns * rows] * part + random.random((columns * rows, 8, 8)) * (1 - part)
    sheet = np.full((rows * 9 - 1, columns * 9 - 1), 0.5)
    for index, tile in enumerate(tiles):
        top, left = index // columns * 9, index % columns * 9
        sheet[top : top + 8, left : left + 8] = tile
    out = io.BytesIO()
    Image.fromarray((sheet * 255).astype(np.uint8)).resize((sheet.shape[1] * 5, sheet.shape[0] * 5), 0).save(
        out, "PNG"
    )
    hash = hashlib.sha256(out.getvalue()).hexdigest()
    STORE[hash] = out.getvalue()
    return {"hash": hash, "caption": "", "width": sheet.shape[1] * 5, "height": sheet.shape[0] * 5}
