"""Block `generate.images`: new images from a trained model."""

from __future__ import annotations

import difflib

from nodes.api import BlockError, Context, ImageModel, Images, Param, Params, block

_SHOWN = 40


class GenerateParams(Params):
    count: int = Param(64, ge=1, le=10_000, title="Count", description="How many images to draw.")
    label: str = Param(
        "",
        title="Class",
        description="Draw only this class; empty draws all classes as often as the training data has them.",
    )
    temperature: float = Param(
        1.0, ge=0, le=2, step=0.05, title="Temperature",
        description="1 is the learned variety; less is safer and more alike, more is bolder.",
    )  # fmt: skip
    seed: int = Param(
        0, ge=0, le=2**31 - 1, title="Seed",
        description="The same seed draws the same images; a larger count begins with the same ones.",
    )  # fmt: skip


@block(
    "generate.images",
    version=1,
    title="Generate images",
    device="accelerator",
    tags=("sample", "draw", "create"),
)
def generate(ctx: Context, model: ImageModel, params: GenerateParams) -> Images:
    """Draw new images from a trained model.

    Any model that draws images can be wired in. Where it was trained with classes, every image keeps the class it
    was drawn for, and one class can be chosen by its name.

    To judge a model, draw as many images as it was trained on (at least a few hundred): scores of few images say
    little.
    """
    from generative.sampling import BLOCK, draw, drawn_labels

    ctx.check()
    try:
        network = model.network()
    except ValueError as error:  # says which file of the model is missing or strange
        raise BlockError(str(error)) from error
    number = _class_number(params.label.strip(), list(network.classes))
    network.to(ctx.device)
    if params.count > BLOCK:  # the first ones are known after one block
        ctx.preview(
            0, lambda: draw(network, _SHOWN, ctx.seed, number, params.temperature), "The first images"
        )
    pixels = draw(network, params.count, ctx.seed, number, params.temperature, ctx)
    ctx.preview(params.count, lambda: pixels[:_SHOWN], f"{params.count:,} images")
    labels = drawn_labels(network, params.count, number)
    notes = {
        "origin": f"drawn by {model.title}",
        "temperature": params.temperature,
        "class": params.label.strip(),
    }
    return Images(pixels, labels, tuple(network.classes), notes)


def _class_number(name: str, classes: list[str]) -> int | None:
    if not name:
        return None
    if name in classes:
        return classes.index(name)
    if not classes:
        raise BlockError(
            f"This model cannot draw the class “{name}”: it was trained without classes. Leave “Class” empty, or "
            "train a model on images with classes and with “Use classes” on."
        )
    close = difflib.get_close_matches(name.lower(), [one.lower() for one in classes], 1)
    meant = next((one for one in classes if close and one.lower() == close[0]), None)
    hint = f"Did you mean “{meant}”? " if meant else ""
    known = ", ".join(classes[:20]) + (f" and {len(classes) - 20} more" if len(classes) > 20 else "")
    raise BlockError(
        f"The model knows no class “{name}”. {hint}It knows: {known}. Leave “Class” empty for all."
    )
