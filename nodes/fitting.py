"""Bringing pictures to one size in portions, with progress and cancellation, and adding changed copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from nodes.context import Context
from nodes.ports.images import ImageData, ImageFiles, Images

_CHUNK = 128


@dataclass(frozen=True)
class Changes:
    """How copies of a picture are changed at random; see `generative.pictures.augment`."""

    copies: int
    shift: float
    rotate: float
    scale: float
    flip: bool


def fitted(ctx: Context, images: ImageData, size: int, mode: Literal["crop", "pad", "stretch"]) -> np.ndarray:
    """All pictures at the wanted size, uint8 [n, size, size, 1 or 3]."""
    from generative.pictures import fit, to_channels

    if isinstance(images, Images):
        starts = ctx.steps(range(0, len(images), _CHUNK), "Resizing")
        parts = [fit(images.pixels[start : start + _CHUNK], size, mode) for start in starts]
        return np.concatenate(parts)
    from nodes.reading.pictures import open_upright

    assert isinstance(images, ImageFiles)
    ones = [
        fit([open_upright(images.folder / row["file_name"])], size, mode)
        for row in ctx.steps(images.rows(), "Opening and resizing")
    ]
    grey = all(one.shape[3] == 1 for one in ones)
    return np.concatenate([to_channels(one, "grey" if grey else "colour") for one in ones])


def is_grey(pixels: np.ndarray) -> bool:
    """Whether no pixel has a colour, in however many channels it is stored."""
    return pixels.shape[3] == 1 or all((part == part[..., :1]).all() for part in pixels)


def with_copies(
    ctx: Context, pixels: np.ndarray, labels: np.ndarray | None, changes: Changes
) -> tuple[np.ndarray, np.ndarray | None]:
    """The pictures, followed by their changed copies."""
    from generative.pictures import augment

    if not changes.copies:
        return pixels, labels
    all_pixels, all_labels = [pixels], [labels]
    for start in ctx.steps(range(0, len(pixels), _CHUNK), "Making changed copies"):
        part = slice(start, start + _CHUNK)
        more, more_labels = augment(
            pixels[part], None if labels is None else labels[part], changes.copies, shift=changes.shift,
            rotate=changes.rotate, scale=changes.scale, flip=changes.flip, seed=ctx.seed + start,
        )  # fmt: skip
        skipped = len(pixels[part])
        all_pixels.append(more[skipped:])
        all_labels.append(None if more_labels is None else more_labels[skipped:])
    joined = None if labels is None else np.concatenate([one for one in all_labels if one is not None])
    return np.concatenate(all_pixels), joined
