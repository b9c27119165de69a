"""The VAE: drawing, saving, loading, and data of other kinds."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from generative import models
from generative.device import Device, pick
from generative.sampling import balanced, draw, drawn_labels
from generative.vae import ImageVAE
from generative.vae_training import VAESettings, train_vae

rng = np.random.default_rng(0)


def test_saved_and_loaded_it_draws_the_same_to_the_bit(trained, tmp_path):
    trained.model.save_pretrained(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "config.json",
        "diffusion_pytorch_model.safetensors",
    }
    loaded = models.load(tmp_path)
    assert isinstance(loaded, ImageVAE)
    assert loaded.classes == list("0123456789")
    for label in (None, 3):
        assert np.array_equal(draw(loaded, 70, 5, label), draw(trained.model, 70, 5, label))


def test_same_seed_same_pictures_and_more_begin_with_them(trained):
    few = draw(trained.model, 10, 1)
    assert few.shape == (10, 16, 16, 1)
    assert few.dtype == np.uint8
    assert np.array_equal(draw(trained.model, 10, 1), few)
    assert np.array_equal(draw(trained.model, 150, 1)[:10], few)
    assert not np.array_equal(draw(trained.model, 10, 2), few)


def test_the_classes_drawn_are_the_classes_asked_for(trained, evaluator):
    network = evaluator.features.network

    def looks_like(images):
        pixels = torch.from_numpy(images.transpose(0, 3, 1, 2).copy()).float() / 127.5 - 1
        return network(pixels).argmax(1).numpy()

    assert (looks_like(draw(trained.model, 100, 0, label=7)) == 7).mean() > 0.9
    pairs = draw(trained.model, 100, 0, label=[1, 4])
    assert (looks_like(pairs) == np.tile([1, 4], 50)).mean() > 0.9
    everything = looks_like(draw(trained.model, 500, 0))
    assert (everything == drawn_labels(trained.model, 500)).mean() > 0.9
    assert np.bincount(everything, minlength=10).min() > 30


def test_temperature_is_variety(trained):
    spread = [
        draw(trained.model, 64, 0, 3, temperature).astype(float).std(axis=0).mean()
        for temperature in (0.2, 1.0, 1.5)
    ]
    assert spread == sorted(spread)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"count": 0}, "at least 1"),
        ({"temperature": -1.0}, "0 or more"),
        ({"temperature": float("nan")}, "0 or more"),
        ({"label": 10}, "no class 10"),
        ({"label": []}, "empty list"),
    ],
)
def test_what_cannot_be_drawn_is_explained(trained, given, words):
    with pytest.raises(ValueError, match=words):
        draw(trained.model, **{"count": 5, "seed": 0, **given})


def test_drawing_can_be_given_up(trained, recorder):
    listener = recorder(cancel_at=2)
    with pytest.raises(KeyboardInterrupt):
        draw(trained.model, 1000, 0, observer=listener)
    assert len(listener.fractions) == 1


def test_balanced_follows_the_shares_at_every_point():
    chosen = balanced(np.array([0.5, 0.3, 0.2]), 100)
    assert np.bincount(chosen).tolist() == [50, 30, 20]
    assert np.bincount(chosen[:10]).tolist() == [5, 3, 2]
    assert balanced(np.full(10, 0.1), 20).tolist() == [*range(10), *range(10)]


def test_data_without_labels(digits):
    trained = train_vae(digits.train, None, VAESettings(steps=60))
    assert trained.model.classes == []
    assert draw(trained.model, 5, 0).shape == (5, 16, 16, 1)
    with pytest.raises(ValueError, match="without labels"):
        draw(trained.model, 5, 0, label=1)


def test_colour_pictures_of_32_pixels_by_convolutions(tmp_path):
    images = np.repeat(rng.integers(0, 256, (48, 1, 1, 3)), 32, 1).repeat(32, 2).astype(np.uint8)
    settings = VAESettings(steps=40, network="convolutional", hidden=64, batch_size=16, classes=("a", "b"))
    trained = train_vae(images, np.arange(48) % 2, settings)
    trained.model.save_pretrained(tmp_path)
    drawn = draw(models.load(tmp_path), 6, 0, label=1)
    assert drawn.shape == (6, 32, 32, 3)
    assert trained.report["losses"]["reconstruction"] < 0.69 * 3 * 32 * 32  # better than grey


@pytest.mark.parametrize("size", [16, 28, 48])
def test_convolutions_of_other_sizes(size):
    model = ImageVAE(image_size=size, channels=1, hidden=32, network="convolutional")
    assert model(torch.rand(2, 1, size, size)).shape == (2, 1, size, size)


def test_a_class_with_one_or_no_picture_still_has_a_prior(digits):
    rare = np.flatnonzero(digits.train_labels == 9)[1:]
    keep = np.setdiff1d(np.arange(len(digits.train)), rare)
    settings = VAESettings(steps=20, classes=(*"0123456789", "none"))
    trained = train_vae(digits.train[keep], digits.train_labels[keep], settings)
    assert trained.model.shares[10] == 0
    assert draw(trained.model, 4, 0, label=[9, 10]).shape == (4, 16, 16, 1)


@pytest.mark.parametrize(
    ("images", "labels", "given", "words"),
    [
        (np.zeros((200, 8, 8, 1)), None, {}, "uint8"),
        (np.zeros((200, 8, 9, 1), np.uint8), None, {}, "must be square"),
        (np.zeros((200, 8, 8, 1), np.uint8), np.zeros(3, int), {}, "200 images but 3 labels"),
        (
            np.zeros((200, 8, 8, 1), np.uint8),
            np.full(200, 5),
            {"classes": ("a",)},
            "from 5 to 5.*1 class names",
        ),
        (np.zeros((200, 17, 17, 1), np.uint8), None, {"network": "convolutional"}, "17 × 17"),
        (np.zeros((200, 8, 8, 1), np.uint8), None, {"network": "magic"}, '"mlp" or "convolutional"'),
    ],
)
def test_what_cannot_be_learned_is_explained(images, labels, given, words):
    with pytest.raises(ValueError, match=words):
        train_vae(images, labels, VAESettings(steps=5, **given))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no model in"),
        ("{", "not a JSON object"),
        ("[]", "not a JSON object"),
        (json.dumps({"_class_name": "UNet2DModel"}), "'UNet2DModel', which cannot"),
        (json.dumps({"_class_name": "ImageVAE"}), "no weights"),
    ],
)
def test_a_folder_that_is_no_model_is_explained(tmp_path, content, words):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(ValueError, match=words):
        models.load(tmp_path)


def test_broken_weights_are_explained(trained, tmp_path):
    trained.model.save_pretrained(tmp_path)
    (tmp_path / "diffusion_pytorch_model.safetensors").write_bytes(b"not weights at all")
    with pytest.raises(ValueError, match="cannot be read"):
        models.load(tmp_path)


def test_the_report_is_plain_json(trained):
    report = json.loads(json.dumps(trained.report))
    assert report["steps"] == 600
    assert report["steps_per_second"] > 0
    assert report["parameters"] == 275_744


def test_devices():
    assert pick("cpu") == Device("cpu")
    assert not pick("cpu").compile_pays
    assert pick("auto").peak_memory() >= 0
    for name in ("cuda:99", "tpu"):
        with pytest.raises(ValueError, match=name):
            pick(name)
