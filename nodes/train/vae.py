"""Block `train.vae`: a variational autoencoder of images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from nodes.api import BlockError, Budget, Context, Images, Param, Params, VAEModel, block

if TYPE_CHECKING:
    from generative.scores.evaluator import Evaluator
    from generative.vae_training import VAESettings

_LARGEST_FOR_MLP = 28
_YARDSTICK_SEED = 0  # the default of the Evaluate block, so that both give the same figures


class TrainVAEParams(Params):
    budget: Budget = Param(
        Budget(seconds=30), title="Budget", description="Stop after this time, number of steps or epochs."
    )
    latent_size: int = Param(
        16, ge=2, le=512, title="Latent size", description="Numbers that describe one image."
    )
    hidden: int = Param(
        256,
        ge=16,
        le=2048,
        title="Width",
        description="Size of the layers in between; larger learns more, slower.",
    )
    network: Literal["auto", "mlp", "convolutional"] = Param(
        "auto",
        title="Network",
        description="Automatic takes dense layers for grey images up to 28 px and convolutions for others.",
        choices={"auto": "automatic", "mlp": "dense layers", "convolutional": "convolutions"},
    )
    use_labels: bool = Param(
        True,
        title="Use classes",
        description="Learn where each class lies, so that a chosen class can be drawn.",
    )
    batch_size: int = Param(
        128,
        ge=1,
        le=8192,
        advanced=True,
        title="Batch size",
        description="Images that are learned from in one step.",
    )
    learning_rate: float = Param(
        3e-3, gt=0, le=0.1, advanced=True, title="Learning rate",
        description="How large the steps are; lower it where the loss jumps.",
    )  # fmt: skip
    beta: float = Param(
        0.1, ge=0, le=10, advanced=True, title="Beta",
        description="How strongly the latent numbers are kept simple; less gives sharper images.",
    )  # fmt: skip
    components: int | None = Param(
        None, ge=1, le=200, advanced=True, title="Mixture components",
        description="Groups of similar images in each class; empty means 4, or 40 without classes.",
    )  # fmt: skip
    seed: int = Param(
        0, ge=0, le=2**31 - 1, title="Seed", description="The same seed trains the same model again."
    )


@block(
    "train.vae",
    version=1,
    title="Train VAE",
    device="accelerator",
    tags=("autoencoder", "latent", "variational"),
)
def train_vae(
    ctx: Context, images: Images, params: TrainVAEParams, heldout: Images | None = None
) -> VAEModel:
    """Learn to compress images into a few numbers and to draw new ones from them.

    A variational autoencoder (VAE) learns two networks: one turns an image into a few numbers, the other turns
    numbers back into an image. Afterwards a mixture of Gaussians is fitted to where the training images lie, class
    by class, and new images are drawn from there. It learns in seconds and never collapses, and its images are a
    little soft.

    Wire “heldout” to see the scores while it learns and on the model's card; it judges and is never learned from.
    “Stop early” keeps what was learned so far. The model is saved in the layout of the diffusers library.
    """
    from generative import vae_training
    from generative.device import Device
    from nodes.model_card import lasting, model_card

    ctx.check()
    labels = images.labels if params.use_labels else None
    settings = _settings(ctx, images, params)
    device = Device(ctx.device)
    try:
        evaluator = _evaluator(images, heldout)
        trained = vae_training.train_vae(images.pixels, labels, settings, ctx, device, evaluator)
    except ValueError as error:  # the mathematics explains in plain words what does not fit together
        raise BlockError(str(error)) from error
    except (MemoryError, RuntimeError) as error:
        words = _lack_of_memory(error, ctx.device, images, params)
        if words is None:
            raise
        raise BlockError(words) from None  # not from the error: it holds on to the memory of the failed try
    report = trained.report
    ctx.log(
        f"{report['steps']:,} steps in {report['seconds']:.1f} s ({report['steps_per_second']:,.0f} per second) "
        f"on {device.name}; ended by {report['ended']}."
    )
    kept = lasting(report)
    folder = ctx.scratch / "model"
    trained.model.save_pretrained(folder, safe_serialization=True)
    learned_from = images if labels is not None else replace(images, labels=None, classes=())
    card = model_card("VAE", "ImageVAE", "generative.vae", learned_from, kept)
    (folder / "README.md").write_text(card, encoding="utf-8")
    return VAEModel(folder, kept)


def _settings(ctx: Context, images: Images, params: TrainVAEParams) -> VAESettings:
    from generative.vae_training import VAESettings

    if len(images) < params.batch_size:
        raise BlockError(
            f"“Batch size” is {params.batch_size}, but there are only {len(images)} images to learn from. "
            f"Set “Batch size” to {len(images)} or less, or give more images."
        )
    budget = params.budget
    return VAESettings(
        params.latent_size, params.hidden, _network(images, params), params.batch_size, params.learning_rate,
        params.beta, seconds=budget.seconds, steps=budget.steps, epochs=budget.epochs, seed=ctx.seed,
        classes=images.classes if params.use_labels else (), components=params.components,
    )  # fmt: skip


def _lack_of_memory(error: Exception, device: str, images: Images, params: TrainVAEParams) -> str | None:
    """What the user reads when the memory does not suffice; None where that is not the fault."""
    from generative.memory import OutOfMemory
    from nodes.memory import shortage

    lack = shortage(error, device)
    if lack is None:
        return None
    if isinstance(error, OutOfMemory):  # the loop has told, and has tried a smaller batch
        told = str(error)
    else:
        told = f"The memory does not suffice for this training with batches of {params.batch_size}. {lack}".strip()
    _, height, width, _ = images.pixels.shape
    smaller = f"Set “Batch size” to {params.batch_size // 4} or less, or t" if params.batch_size >= 4 else "T"
    return (
        f"{told} The images are {width} × {height} pixels. {smaller}ry smaller images or a smaller “Width”."
    )


def _network(images: Images, params: TrainVAEParams) -> Literal["mlp", "convolutional"]:
    if params.network != "auto":
        return params.network
    side, channels = images.pixels.shape[1], images.pixels.shape[3]
    if side <= _LARGEST_FOR_MLP and channels == 1:
        return "mlp"
    rest = side  # convolutions halve the side, which must come down to 8 or less
    while rest % 2 == 0 and rest > 4:
        rest //= 2
    return "convolutional" if rest < side and rest <= 8 else "mlp"


def _evaluator(images: Images, heldout: Images | None) -> Evaluator | None:
    """The judge that the Evaluate block makes of the same images."""
    if heldout is None:
        return None
    from generative.scores.evaluator import evaluator_for

    return evaluator_for(images.pixels, images.labels, heldout.pixels, heldout.labels, _YARDSTICK_SEED)
