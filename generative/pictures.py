"""Operations on stacks of pictures, before they are learned from and after they are drawn.

Owns fitting to a size, colour, random changes, splitting and showing. Numpy and Pillow only: it may not
import torch, so that a page can use it cheaply. A stack is uint8 of shape [n, height, width, channels].
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from PIL import Image

Fit = Literal["crop", "pad", "stretch"]
Channels = Literal["grey", "colour"]
Images = np.ndarray | Sequence[Image.Image]


def fit(images: Images, size: int, mode: Fit = "crop") -> np.ndarray:
    """Bring pictures to `size` × `size` pixels.

    Args:
        images: uint8 [n, h, w, c] with 1 or 3 channels, or Pillow pictures of any sizes and modes.
        size: the side of the result in pixels, 1 or more.
        mode: "crop" fills the square and cuts what overhangs, "pad" keeps all and adds black bars,
            "stretch" ignores the proportions.

    Returns:
        uint8 [n, size, size, c]; bilinear, and antialiased where a picture shrinks.

    Raises:
        ValueError: no pictures, a size below 1, or an unknown mode.
    """
    pictures = _pictures(images)
    if size < 1:
        raise ValueError(f"The size is {size}, but a picture needs at least 1 pixel.")
    if mode not in ("crop", "pad", "stretch"):
        raise ValueError(f'The mode is {mode!r}; it must be "crop", "pad" or "stretch".')
    grey = all(picture.mode in ("L", "1") for picture in pictures)
    done = [_fit_one(_plain(picture, grey), size, mode) for picture in pictures]
    return np.stack([_array(picture) for picture in done])


def to_channels(images: np.ndarray, channels: Channels) -> np.ndarray:
    """Turn a stack grey (one channel, ITU-R 601 weights) or into colour (three channels).

    Args:
        images: uint8 [n, h, w, 1 or 3].
    """
    stack = _stack(images)
    if channels == "colour":
        return np.repeat(stack, 3, axis=3) if stack.shape[3] == 1 else stack
    if channels != "grey":
        raise ValueError(f'The channels are {channels!r}; they must be "grey" or "colour".')
    if stack.shape[3] == 1:
        return stack
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return np.rint(stack.astype(np.float32) @ weights).astype(np.uint8)[..., None]


def augment(
    images: np.ndarray,
    labels: np.ndarray | None,
    copies: int,
    *,
    shift: float = 0.0,
    rotate: float = 0.0,
    scale: float = 0.0,
    flip: bool = False,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Append `copies` randomly changed versions of every picture.

    Args:
        images: uint8 [n, h, w, c].
        labels: [n] or None; repeated along with the pictures.
        copies: changed versions of each picture, 0 or more.
        shift: the furthest move, as a share of the side (0.1 = a tenth).
        rotate: the largest turn either way, in degrees.
        scale: the largest growth or shrinkage, as a share (0.1 = 90 % to 110 %), below 1.
        flip: whether half of the copies are mirrored left to right.
        seed: the same seed gives the same copies.

    Returns:
        The originals first, then the copies in rounds: [n·(1+copies), h, w, c], and the labels alike.
        What a move uncovers repeats the nearest edge pixel, so no black corners are learned.
    """
    stack = _stack(images)
    if copies < 0 or not 0 <= scale < 1 or shift < 0 or rotate < 0:
        raise ValueError(
            f"Cannot augment with copies={copies}, shift={shift}, rotate={rotate}, scale={scale}: "
            "none may be negative, and scale must be below 1."
        )
    rng = np.random.default_rng(seed)
    rounds = [stack]
    for _ in range(copies):
        rounds.append(np.stack([_change(one, rng, shift, rotate, scale, flip) for one in stack]))
    return np.concatenate(rounds), None if labels is None else np.tile(np.asarray(labels), copies + 1)


def split(
    n: int, labels: np.ndarray | None, held_out_fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Divide `n` pictures into those to learn from and those held out, at random.

    With labels every class gives the same share, and keeps at least one picture to learn from.

    Returns:
        Two sorted arrays of indices: (learn from, held out). Together they are 0…n-1.
    """
    if not 0 <= held_out_fraction < 1:
        raise ValueError(f"The held-out fraction is {held_out_fraction}; it must be from 0 to below 1.")
    rng = np.random.default_rng(seed)
    groups = [np.arange(n)]
    if labels is not None:
        if len(labels) != n:
            raise ValueError(f"There are {n} pictures but {len(labels)} labels.")
        groups = [np.flatnonzero(np.asarray(labels) == value) for value in np.unique(labels)]
    held: list[np.ndarray] = []
    carry = 0.0  # what rounding took from earlier classes, so that the total share comes out right
    for group in groups:
        wanted = len(group) * held_out_fraction + carry
        count = min(round(wanted), len(group) - 1)
        carry = wanted - count
        held.append(rng.permutation(group)[: max(0, count)])
    held_out = np.sort(np.concatenate(held)) if held else np.arange(0)
    return np.setdiff1d(np.arange(n), held_out), held_out


def grid(images: np.ndarray, columns: int = 0, gap: int = 1) -> np.ndarray:
    """Lay a stack out as one picture, row by row, with `gap` black pixels between.

    `columns` 0 chooses a shape near a square. Returns uint8 [height, width, c].
    """
    stack = _stack(images)
    n, height, width, channels = stack.shape
    columns = min(columns or math.ceil(math.sqrt(n)), n)
    rows = math.ceil(n / columns)
    sheet = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), dtype=np.uint8)
    for index, picture in enumerate(stack):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def to_png(picture: np.ndarray) -> bytes:
    """Encode one uint8 picture [h, w, 1 or 3] (or [h, w]) as PNG."""
    flat = picture[..., 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture
    buffer = io.BytesIO()
    Image.fromarray(flat).save(buffer, format="PNG")
    return buffer.getvalue()


def _stack(images: np.ndarray) -> np.ndarray:
    stack = np.asarray(images)
    if stack.dtype != np.uint8 or stack.ndim != 4 or stack.shape[3] not in (1, 3):
        raise ValueError(
            f"Pictures must be uint8 [n, height, width, 1 or 3], "
            f"but these are {stack.dtype} {list(stack.shape)}."
        )
    if len(stack) == 0:
        raise ValueError("There are no pictures.")
    return stack


def _pictures(images: Images) -> list[Image.Image]:
    if isinstance(images, np.ndarray):
        return [Image.fromarray(one[..., 0] if one.shape[2] == 1 else one) for one in _stack(images)]
    if len(images) == 0:
        raise ValueError("There are no pictures.")
    return list(images)


def _plain(picture: Image.Image, grey: bool) -> Image.Image:
    """Grey or RGB; what was transparent becomes white, as it would look on paper."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        paper = Image.new("RGBA", layered.size, "white")
        picture = Image.alpha_composite(paper, layered)
    return picture.convert("L" if grey else "RGB")


def _fit_one(picture: Image.Image, size: int, mode: Fit) -> Image.Image:
    if picture.size == (size, size):
        return picture
    width, height = picture.size
    box = (0.0, 0.0, float(width), float(height))
    inner = (size, size)
    if mode == "crop":
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        box = (left, top, left + side, top + side)
    elif mode == "pad":
        ratio = size / max(width, height)
        inner = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    # Pillow's resize widens the filter when it shrinks, which is what antialiases.
    fitted = picture.resize(inner, Image.Resampling.BILINEAR, box=box)
    if inner == (size, size):
        return fitted
    sheet = Image.new(picture.mode, (size, size))
    sheet.paste(fitted, ((size - inner[0]) // 2, (size - inner[1]) // 2))
    return sheet


def _array(picture: Image.Image) -> np.ndarray:
    array = np.asarray(picture)
    return array[..., None] if array.ndim == 2 else array


def _change(
    picture: np.ndarray, rng: np.random.Generator, shift: float, rotate: float, scale: float, flip: bool
) -> np.ndarray:
    """One random shift, turn and zoom about the centre."""
    height, width, channels = picture.shape
    # All numbers are drawn whatever the settings, so that one setting does not change another's luck.
    dx, dy, turn, zoom, mirrored = rng.uniform(-1, 1, 5)
    if flip and mirrored < 0:
        picture = picture[:, ::-1]
    margin = math.ceil(0.5 * max(height, width))
    padded = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    angle, factor = math.radians(turn * rotate), 1 / (1 + zoom * scale)
    cos, sin = math.cos(angle) * factor, math.sin(angle) * factor
    centre_x, centre_y = width / 2, height / 2
    move_x, move_y = centre_x + dx * shift * width, centre_y + dy * shift * height
    # Maps a pixel of the result to one of the padded source, as Pillow's affine transform wants it.
    matrix = (
        cos,
        sin,
        margin + centre_x - cos * move_x - sin * move_y,
        -sin,
        cos,
        margin + centre_y + sin * move_x - cos * move_y,
    )
    source = Image.fromarray(padded[..., 0] if channels == 1 else padded)
    changed = source.transform((width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return _array(changed)
