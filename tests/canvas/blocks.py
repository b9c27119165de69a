"""A small fixed catalogue for the canvas's own tests: every kind of port and of form field, nothing that computes."""

from __future__ import annotations

from typing import Literal, NamedTuple

from nodes.catalogue import Catalogue
from nodes.params import Budget, Param, Params, Upload
from nodes.ports import ImageFiles, ImageModel, Images, Scores
from nodes.spec import BlockSpec, block


class DigitsParams(Params):
    limit: int | None = Param(
        None, ge=10, le=2000, title="Limit", description="Use only so many images; empty uses all."
    )
    seed: int = Param(0, ge=0, le=2**31 - 1, title="Seed", description="Rules the split.", advanced=True)


class UploadParams(Params):
    archive: Upload = Param(title="Images", description="A zip archive or a folder of images.")


class PrepareParams(Params):
    size: int = Param(16, ge=4, le=256, title="Size", unit="px", description="Side of the square images.")
    fit: Literal["crop", "pad"] = Param(
        "crop", title="Fit", description="How others become square.", choices={"crop": "Crop", "pad": "Pad"}
    )
    grey: bool = Param(True, title="Grey", description="Use one channel instead of three.")


class TrainParams(Params):
    budget: Budget = Param(
        Budget(seconds=30), title="Budget", description="Stop after this time, steps or epochs."
    )
    latent_size: int = Param(
        16, ge=2, le=512, title="Latent size", description="Numbers that describe one image."
    )
    learning_rate: float = Param(
        2e-3, gt=0, le=0.1, title="Learning rate", description="How large the steps are."
    )
    network: Literal["auto", "dense", "convolutional", "transformer"] = Param(
        "auto",
        title="Network",
        description="What it is made of.",
        choices={
            "auto": "Automatic",
            "dense": "Dense layers",
            "convolutional": "Convolutions",
            "transformer": "Transformer",
        },
    )
    depth: int = Param(
        4, ge=1, le=24, title="Depth", description="Layers.", shown_when={"network": "transformer"}
    )
    beta: float = Param(
        0.1, ge=0, le=10, step=0.1, advanced=True, title="Beta", description="Less gives sharper images."
    )


class GenerateParams(Params):
    count: int = Param(64, ge=1, le=10_000, title="Count", description="How many images to draw.")
    prompt: str = Param("", title="Prompt", description="What to draw; empty draws anything.")


class Split(NamedTuple):
    train: Images
    heldout: Images


@block("dataset.digits", version=1, title="Handwritten digits", tags=("mnist", "numbers"))
def digits(params: DigitsParams) -> Split:
    """1,797 scans of handwritten digits, split for training and for judging.

    They come with the product, so nothing is downloaded.
    """


@block("dataset.images", version=1, title="Your images", tags=("upload", "folder", "zip"))
def images(params: UploadParams) -> ImageFiles:
    """Your own images, from a zip archive or a folder."""


@block("preprocess.images", version=1, title="Prepare images", tags=("resize", "crop"))
def prepare(files: ImageFiles, params: PrepareParams) -> Split:
    """Bring image files to one size, and split them."""


@block("train.vae", version=1, title="Train VAE", device="accelerator", tags=("autoencoder", "latent"))
def train_vae(images: Images, params: TrainParams, extra: Images | None = None) -> ImageModel:
    """Learn to compress images into a few numbers and to draw new ones from them."""


@block("generate.images", version=1, title="Generate images", tags=("sample", "draw"))
def generate(model: ImageModel, params: GenerateParams) -> Images:
    """Draw new images with a trained model."""


@block("evaluate.images", version=1, title="Evaluate images", tags=("fid", "score"))
def evaluate(samples: Images, train: Images, heldout: Images) -> Scores:
    """Score drawn images against real ones that the model never saw."""


@block("evaluate.compare", version=1, title="Compare scores", tags=("table",))
def compare(scores: list[Scores]) -> None:
    """Put the scores of several models side by side."""


def load() -> Catalogue:
    """All of them."""
    functions = (digits, images, prepare, train_vae, generate, evaluate, compare)
    specs: list[BlockSpec] = [function.__block__ for function in functions]  # type: ignore[attr-defined]
    return Catalogue(specs)
