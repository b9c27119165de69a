"""Every block keeps the contract: each has a tiny example here, and a block without one fails."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np

from nodes.api import ImageFiles, Images, VAEModel
from nodes.catalogue import load
from nodes.dataset.digits import DigitsParams, digits
from nodes.dataset.images import ImagesParams, images
from nodes.evaluate.images import EvaluateParams, evaluate
from nodes.generate.images import GenerateParams, generate
from nodes.preprocess.images import PrepareParams, prepare
from nodes.testing import FakeContext, NodeContract, fake_images, run_block, tiny_budget
from nodes.train.vae import TrainVAEParams, train_vae
from tests.nodes.corpus import picture, zipped


class TestDigits(NodeContract):
    block = digits

    def example(self, ctx: FakeContext) -> dict[str, Any]:
        return {"params": DigitsParams(limit=40)}


class TestImages(NodeContract):
    block = images

    def example(self, ctx: FakeContext) -> dict[str, Any]:
        archive = ctx.give(
            zipped({"pets/cat/1.png": picture(), "pets/dog/2.jpg": picture("JPEG")}), "pets.zip"
        )
        return {"params": ImagesParams(archive=archive)}


class TestPrepareArrays(NodeContract):
    block = prepare

    def example(self, ctx: FakeContext) -> dict[str, Any]:
        return {"images": fake_images(20, 12), "params": PrepareParams(size=8, copies=1, held_out=0.3)}


class TestPrepareFiles(NodeContract):
    block = prepare

    def example(self, ctx: FakeContext) -> dict[str, Any]:
        return {"images": image_files(), "params": PrepareParams(size=8, fit="pad", held_out=0.3)}


class TestTrainVAE(NodeContract):
    block = train_vae

    def example(self, ctx: FakeContext) -> dict[str, Any]:
        params = TrainVAEParams(budget=tiny_budget(), latent_size=4, hidden=16, batch_size=8)
        return {"images": fake_images(40), "heldout": fake_images(12, seed=1), "params": params}


class TestGenerate(NodeContract):
    block = generate

    def example(self, ctx: FakeContext) -> dict[str, Any]:
        return {"model": tiny_model(), "params": GenerateParams(count=70)}


class TestEvaluate(NodeContract):
    block = evaluate

    def example(self, ctx: FakeContext) -> dict[str, Any]:
        return {
            "samples": fake_images(30, seed=2),
            "train": fake_images(40),
            "heldout": fake_images(20, seed=1),
            "params": EvaluateParams(neighbours=4),
        }


_kept: list[Any] = []  # scratch folders live as long as their contexts


def image_files() -> ImageFiles:
    """Pictures of several shapes in two classes, as the upload block gives them."""
    ctx = FakeContext()
    _kept.append(ctx)
    files = {f"{name}/{i}.png": picture(size=(10 + i, 14)) for name in ("cat", "dog") for i in range(6)}
    found = images(ctx, ImagesParams(archive=ctx.give(zipped(files), "pets.zip")))
    assert isinstance(found, ImageFiles)
    return found


def tiny_model(**settings: Any) -> VAEModel:
    """A VAE after 30 steps; the same settings are trained once."""
    ctx = FakeContext()
    _kept.append(ctx)
    params = TrainVAEParams(budget=tiny_budget(), latent_size=4, hidden=16, batch_size=8, **settings)
    model = run_block(train_vae, ctx, {"images": fake_images(40), "params": params})["model"]
    assert isinstance(model, VAEModel)
    return model


def test_every_block_of_the_catalogue_has_a_contract() -> None:
    covered = {contract.block.__block__.id for contract in NodeContract.__subclasses__()}  # type: ignore[attr-defined]
    assert {spec.id for spec in load()} <= covered


def test_images_refuse_what_they_do_not_promise() -> None:
    for pixels in (
        np.zeros((2, 4, 4, 1), np.float32),
        np.zeros((2, 4, 4), np.uint8),
        np.zeros((2, 4, 4, 2), np.uint8),
    ):
        try:
            Images(pixels)
        except TypeError:
            continue
        raise AssertionError(f"{pixels.dtype} {pixels.shape} was taken")


def test_the_example_archive_is_one_that_zip_programs_make() -> None:
    with zipfile.ZipFile(io.BytesIO(zipped({"a/b.png": picture()}))) as archive:
        assert archive.testzip() is None
