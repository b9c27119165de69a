"""Block `preprocess.images`: pictures of any size become one stack to learn from and one to be judged by."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from nodes.api import BlockError, Context, ImageData, ImageFiles, Images, Param, Params, block

_MOST_BYTES = 2 * 1024**3


class PrepareParams(Params):
    size: int = Param(
        32, ge=8, le=512, unit="px", title="Size", description="Width and height of every image."
    )
    channels: Literal["auto", "grey", "colour"] = Param(
        "auto",
        title="Colours",
        description="Automatic keeps colour only where an image has some.",
        choices={"auto": "automatic", "grey": "grey", "colour": "colour"},
    )
    fit: Literal["crop", "pad", "stretch"] = Param(
        "crop",
        title="Fit",
        description="What happens to images that are not square.",
        choices={"crop": "cut to a square", "pad": "add black bars", "stretch": "stretch"},
    )
    held_out: float = Param(
        0.2, ge=0.05, le=0.5, step=0.05, title="Held-out share",
        description="Share of the images, in every class, that no model sees and that scores compare with.",
    )  # fmt: skip
    copies: int = Param(
        0, ge=0, le=10, title="Changed copies",
        description="Randomly changed copies of each training image; 0 adds none, and the settings below do nothing.",
    )  # fmt: skip
    shift: float = Param(
        0.08, ge=0, le=0.5, step=0.01, advanced=True, title="Shift",
        description="How far a copy may move, as a share of the side.",
    )  # fmt: skip
    rotate: float = Param(
        10,
        ge=0,
        le=180,
        step=1,
        unit="°",
        advanced=True,
        title="Rotate",
        description="How far a copy may turn.",
    )
    scale: float = Param(
        0.1, ge=0, le=0.5, step=0.01, advanced=True, title="Scale",
        description="How much a copy may grow or shrink, as a share.",
    )  # fmt: skip
    flip: bool = Param(
        False, advanced=True, title="Flip",
        description="Mirror half of the copies left to right; not for digits or letters.",
    )  # fmt: skip
    seed: int = Param(
        0, ge=0, le=2**31 - 1, title="Seed", description="Rules the split and the changed copies."
    )


class Prepared(NamedTuple):
    train: Images
    heldout: Images


@block(
    "preprocess.images",
    version=1,
    title="Prepare images",
    tags=("resize", "split", "augment", "crop", "grey"),
)
def prepare(ctx: Context, images: ImageData, params: PrepareParams) -> Prepared:
    """Bring images to one size and set some aside to judge the models by.

    “train” goes to the blocks that learn. “heldout” holds images that no model may see: wire it to the evaluation,
    and to a training block that should show its scores while it learns. Every class gives the same share.

    Changed copies (moved, turned, scaled, mirrored) make a small data set larger. They are made after the split and
    only of the training images, so that nothing of a held-out image is ever learned.
    """
    from generative.pictures import split, to_channels
    from nodes.fitting import Changes, fitted, is_grey, with_copies

    count, labels = _count_and_labels(images)
    _check_memory(count, images, params)
    pixels = fitted(ctx, images, params.size, params.fit)
    grey = params.channels == "grey" or (params.channels == "auto" and is_grey(pixels))
    pixels = to_channels(pixels, "grey" if grey else "colour")
    learn, held = split(count, labels, params.held_out, ctx.seed)
    if not len(held) or not len(learn):
        raise BlockError(
            f"{count} images cannot be split: a held-out share of {params.held_out:.0%} leaves {len(learn)} to learn "
            f"from and {len(held)} to judge by. Give more images, or raise “Held-out share”."
        )
    shown = pixels[learn], None if labels is None else labels[learn]
    changes = Changes(params.copies, params.shift, params.rotate, params.scale, params.flip)
    train_pixels, train_labels = with_copies(ctx, *shown, changes)
    notes: dict[str, Any] = {**images.notes, "originals": len(learn), "copies": params.copies}
    held_labels = None if labels is None else labels[held]
    classes: tuple[str, ...] = images.classes
    return Prepared(
        Images(train_pixels, train_labels, classes, {**notes, "part": "train"}),
        Images(pixels[held], held_labels, classes, {**images.notes, "part": "held out"}),
    )


def _count_and_labels(images: ImageData) -> tuple[int, np.ndarray | None]:
    if isinstance(images, Images):
        return len(images), images.labels
    if not isinstance(images, ImageFiles):
        raise BlockError(f"Prepare images takes images or image files, not “{images.title}”.")
    labels = [row["label"] for row in images.rows()]
    return len(labels), np.array(labels, np.int64) if images.classes else None


def _check_memory(count: int, images: ImageData, params: PrepareParams) -> None:
    """Refuse before anything is made; automatic colours are counted as colour where they are not known yet."""
    grey = params.channels == "grey" or (
        params.channels == "auto" and isinstance(images, Images) and images.pixels.shape[3] == 1
    )
    channels = 1 if grey else 3
    needed = count * (1 + params.copies) * params.size**2 * channels
    if needed > _MOST_BYTES:
        copies = f" with {params.copies} copies each" if params.copies else ""
        raise BlockError(
            f"{count:,} images{copies} of {params.size}×{params.size} pixels and {channels} "
            f"{'channel' if channels == 1 else 'channels'} need {needed / 1024**3:.1f} GB of memory; up to "
            f"{_MOST_BYTES / 1024**3:.0f} GB are allowed. Lower “Size” or “Changed copies”, choose grey, or give "
            "fewer images."
        )
