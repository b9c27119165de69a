"""A few small blocks and a short way to write a document, for the tests of `pipelines`."""

from __future__ import annotations

from typing import Any, NamedTuple

from nodes.api import (
    Budget,
    ImageData,
    ImageFiles,
    ImageModel,
    Images,
    Param,
    Params,
    Scores,
    VAEModel,
    block,
)
from nodes.catalogue import Catalogue
from pipelines.document import Document, Node, Wire


@block("make.digits", version=1, title="Digits")
def digits() -> Images:
    """Some digits."""
    raise NotImplementedError


@block("make.files", version=1, title="Files")
def files() -> ImageFiles:
    """Some files."""
    raise NotImplementedError


class PrepareParams(Params):
    size: int = Param(16, ge=4, le=512, title="Size", description="Edge of a picture.", unit="px")


class Prepared(NamedTuple):
    train: Images
    heldout: Images


@block("change.prepare", version=1, title="Prepare")
def prepare(images: ImageData, params: PrepareParams) -> Prepared:
    """Bring pictures to one size."""
    raise NotImplementedError


class LearnParams(Params):
    latent_size: int = Param(
        16, ge=2, le=512, title="Latent size", description="Numbers that describe one image."
    )
    budget: Budget = Param(Budget(seconds=30), title="Budget", description="When to stop.")


def _latent_size(params: dict[str, Any]) -> dict[str, Any]:
    return {("latent_size" if name == "latent" else name): value for name, value in params.items()}


def _budget(params: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in params.items() if name != "minutes"}
    return {**rest, "budget": {"seconds": params["minutes"] * 60}} if "minutes" in params else rest


@block("learn.vae", version=3, title="Train VAE", upgrades={1: _latent_size, 2: _budget})
def learn(images: Images, params: LearnParams, heldout: Images | None = None) -> VAEModel:
    """Learn to draw."""
    raise NotImplementedError


@block("draw.images", version=1, title="Draw")
def draw(model: ImageModel) -> Images:
    """Draw with a model."""
    raise NotImplementedError


@block("measure.scores", version=1, title="Compare")
def measure(samples: list[Images], train: Images) -> Scores:
    """Compare several sets of samples."""
    raise NotImplementedError


CATALOGUE = Catalogue([f.__block__ for f in (digits, files, prepare, learn, draw, measure)])  # type: ignore[attr-defined]


def document(
    nodes: str, wires: str = "", params: dict[str, dict[str, Any]] | None = None, **more: Any
) -> Document:
    """A document from "a:make.digits b:learn.vae@2" and "a.images>b.images"."""
    made = []
    for word in nodes.split():
        id, _, kind = word.partition(":")
        name, _, version = kind.partition("@")
        installed = CATALOGUE.get(name)
        number = int(version) if version else installed.version if installed else 1
        made.append(Node(id, name, number, params=(params or {}).get(id, {})))
    ends = [word.split(">") for word in wires.split()]
    tied = [Wire((a.split(".")[0], a.split(".")[1]), (b.split(".")[0], b.split(".")[1])) for a, b in ends]
    return Document("Test", tuple(made), tuple(tied), **more)
