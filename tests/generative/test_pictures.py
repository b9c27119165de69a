"""Operations on stacks of pictures, as tables of cases."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from generative import pictures

rng = np.random.default_rng(0)


def stack(*shape: int) -> np.ndarray:
    return rng.integers(0, 256, shape).astype(np.uint8)


def test_numpy_and_pillow_are_all_it_needs():
    code = "import sys, generative.pictures; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("mode", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("shape", [(2, 8, 8, 1), (2, 9, 5, 3), (1, 40, 20, 1), (1, 1, 7, 3)])
@pytest.mark.parametrize("size", [1, 8, 17])
def test_fit_gives_the_size(mode, shape, size):
    fitted = pictures.fit(stack(*shape), size, mode)
    assert fitted.shape == (shape[0], size, size, shape[3])
    assert fitted.dtype == np.uint8


def test_fit_treats_the_sides_as_the_mode_says():
    wide = np.zeros((1, 10, 30, 1), dtype=np.uint8)
    wide[:, :, 10:20] = 255  # a white square in the middle third
    assert pictures.fit(wide, 10, "crop").min() == 255
    padded = pictures.fit(wide, 30, "pad")[0, :, :, 0]
    assert padded[:9].max() == 0
    assert padded[21:].max() == 0
    assert padded[15, 15] == 255
    assert pictures.fit(wide, 30, "stretch")[0, 0, 15, 0] == 255


def test_fit_smooths_what_it_shrinks():
    board = ((np.indices((32, 32)).sum(0) % 2) * 255).astype(np.uint8)[None, ..., None]
    assert np.ptp(pictures.fit(board, 8, "stretch")[0, 1:-1, 1:-1].astype(int)) < 30


def test_fit_takes_pillow_pictures_of_any_kind():
    given = [Image.new("RGBA", (4, 6), (0, 0, 0, 0)), Image.new("L", (9, 9), 10), Image.new("P", (5, 5))]
    fitted = pictures.fit(given, 8)
    assert fitted.shape == (3, 8, 8, 3)
    assert fitted[0].min() == 255  # what is transparent is paper
    assert pictures.fit([Image.new("L", (9, 9), 10)], 8).shape == (1, 8, 8, 1)


@pytest.mark.parametrize(
    ("images", "size", "mode", "words"),
    [
        (np.zeros((0, 8, 8, 1), np.uint8), 8, "crop", "no pictures"),
        ([], 8, "crop", "no pictures"),
        (np.zeros((1, 8, 8, 1), np.uint8), 0, "crop", "at least 1 pixel"),
        (np.zeros((1, 8, 8, 1), np.uint8), 8, "squash", '"crop", "pad" or "stretch"'),
        (np.zeros((1, 8, 8, 2), np.uint8), 8, "crop", r"\[1, 8, 8, 2\]"),
        (np.zeros((1, 8, 8, 1)), 8, "crop", "uint8"),
    ],
)
def test_fit_says_what_is_wrong(images, size, mode, words):
    with pytest.raises(ValueError, match=words):
        pictures.fit(images, size, mode)


def test_channels_there_and_back():
    colour = stack(3, 5, 5, 3)
    grey = pictures.to_channels(colour, "grey")
    expected = np.asarray(Image.fromarray(colour[0]).convert("L")).astype(int)
    assert np.abs(grey[0, ..., 0].astype(int) - expected).max() <= 1
    assert np.array_equal(pictures.to_channels(pictures.to_channels(grey, "colour"), "grey"), grey)


def test_augment_appends_changed_copies():
    images, labels = stack(5, 12, 12, 3), np.arange(5)
    more, names = pictures.augment(images, labels, 2, shift=0.1, rotate=10, scale=0.1, flip=True, seed=1)
    assert more.shape == (15, 12, 12, 3)
    assert np.array_equal(more[:5], images)
    assert np.array_equal(names, np.tile(labels, 3))
    again, _ = pictures.augment(images, labels, 2, shift=0.1, rotate=10, scale=0.1, flip=True, seed=1)
    other, _ = pictures.augment(images, labels, 2, shift=0.1, rotate=10, scale=0.1, flip=True, seed=2)
    assert np.array_equal(more, again)
    assert not np.array_equal(more, other)


def test_augment_by_nothing_changes_nothing():
    images = stack(4, 9, 9, 1)
    more, names = pictures.augment(images, None, 1)
    assert np.array_equal(more[4:], images)
    assert names is None


def test_augment_turns_about_the_centre_and_moves_as_far_as_asked():
    dot = np.zeros((200, 21, 21, 1), dtype=np.uint8)
    dot[:, 10, 10] = 255
    turned, _ = pictures.augment(dot, None, 1, rotate=180, seed=0)
    assert (turned[200:, 10, 10, 0] > 200).all()
    moved, _ = pictures.augment(dot, None, 1, shift=0.2, seed=0)
    where = np.array([np.unravel_index(one.argmax(), one.shape)[:2] for one in moved[200:]])
    assert 3 <= np.abs(where - 10).max() <= 5


def test_split_keeps_the_shares_and_loses_nothing():
    labels = np.repeat([0, 1, 2], [100, 50, 10])
    learn, held = pictures.split(160, labels, 0.3, seed=0)
    assert sorted([*learn, *held]) == list(range(160))
    assert len(held) == 48
    assert np.abs(np.bincount(labels[held]) - [30, 15, 3]).max() <= 1
    assert np.array_equal(pictures.split(160, labels, 0.3, seed=0)[1], held)
    assert not np.array_equal(pictures.split(160, labels, 0.3, seed=1)[1], held)


@pytest.mark.parametrize(
    ("n", "labels", "fraction", "expected"),
    [
        (10, None, 0.0, 0),
        (10, None, 0.25, 2),
        (1, None, 0.9, 0),
        (2, np.array([0, 1]), 0.5, 0),
    ],
)
def test_split_of_few(n, labels, fraction, expected):
    assert len(pictures.split(n, labels, fraction, seed=0)[1]) == expected


def test_grid_and_png():
    images = stack(7, 4, 5, 1)
    sheet = pictures.grid(images, 3)
    assert sheet.shape == (14, 17, 1)
    assert np.array_equal(sheet[5:9, 6:11], images[4])
    decoded = np.asarray(Image.open(io.BytesIO(pictures.to_png(sheet))))
    assert np.array_equal(decoded, sheet[..., 0])
