"""The measures against outside references and planted cases."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from generative.mixture import fit_mixture, fit_pictures
from generative.scores.bootstrap import interval, resamples, share_interval
from generative.scores.features import ClassifierFeatures, fit_features
from generative.scores.frechet import fid, moments
from generative.scores.kernel import discrepancies, kernels, kid
from generative.scores.neighbours import NearestTrainer, inside, precision_recall


class Flat(nn.Module):
    """Features for torchmetrics: a fixed mixing of the pixels."""

    num_features = 12

    def __init__(self) -> None:
        super().__init__()
        mixing = torch.randn(48, self.num_features, generator=torch.Generator().manual_seed(0)).double() / 100
        self.register_buffer("mixing", mixing)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.tanh(images.flatten(1).double() @ self.mixing.double())


def two_sets(seed: int, n: int = 300, m: int = 300) -> tuple[torch.Tensor, torch.Tensor]:
    dice = torch.Generator().manual_seed(seed)
    real = torch.randint(0, 256, (n, 3, 4, 4), generator=dice, dtype=torch.uint8)
    drawn = (torch.randint(0, 200, (m, 3, 4, 4), generator=dice) + 10 * seed).to(torch.uint8)
    return real, drawn


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_fid_equals_torchmetrics(seed):
    real, drawn = two_sets(seed, 300, 260)
    flat = Flat()
    outside = FrechetInceptionDistance(feature=flat, input_img_size=(3, 4, 4)).set_dtype(torch.float64)
    outside.update(real, real=True)
    outside.update(drawn, real=False)
    assert fid(flat(real).numpy(), flat(drawn).numpy()) == pytest.approx(float(outside.compute()), abs=1e-4)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_kid_equals_torchmetrics(seed):
    real, drawn = two_sets(seed)
    flat = Flat()
    outside = KernelInceptionDistance(feature=flat, subsets=1, subset_size=300)
    outside.update(real, real=True)
    outside.update(drawn, real=False)
    assert kid(flat(real).numpy(), flat(drawn).numpy()) == pytest.approx(
        float(outside.compute()[0]), abs=1e-4
    )


def test_fid_of_known_gaussians():
    rng = np.random.default_rng(0)
    one, other = rng.standard_normal((200_000, 3)), 2 * rng.standard_normal((200_000, 3)) + [3, 0, 0]
    assert fid(one, other) == pytest.approx(9 + 3, rel=0.02)
    assert fid(one, one) == pytest.approx(0, abs=1e-9)


def test_fid_of_features_that_never_move():
    dead = np.zeros((50, 4))
    dead[:, 0] = np.random.default_rng(0).standard_normal(50)
    assert fid(dead, dead + np.array([0, 2, 0, 0])) == pytest.approx(4)


def test_counts_mean_what_repeating_means():
    rng = np.random.default_rng(0)
    points, counts = rng.standard_normal((30, 4)), rng.multinomial(30, np.full(30, 1 / 30))
    repeated = np.repeat(points, counts, axis=0)
    np.testing.assert_allclose(moments(points, counts).covariance, np.cov(repeated, rowvar=False))
    other = rng.standard_normal((20, 4))
    ones = np.ones((1, 20))
    assert discrepancies(kernels(other, points), ones, counts[None])[0] == pytest.approx(kid(other, repeated))


def test_kid_of_the_same_kind_is_near_zero_whatever_the_count():
    rng = np.random.default_rng(1)
    figures = [kid(rng.standard_normal((40, 8)), rng.standard_normal((60, 8))) for _ in range(200)]
    assert abs(np.mean(figures)) < 3 * np.std(figures) / np.sqrt(200)


def planted() -> tuple[np.ndarray, np.ndarray]:
    """Real points in two far groups, 100 in each."""
    rng = np.random.default_rng(0)
    left, right = rng.standard_normal((100, 2)), rng.standard_normal((100, 2)) + 100
    return left, right


@pytest.mark.parametrize(
    ("which", "precision", "recall"),
    [
        ("same", 1.0, 1.0),
        ("left", 1.0, 0.5),
        ("elsewhere", 0.0, 0.0),
        ("both and elsewhere", 0.5, 1.0),
    ],
)
def test_precision_and_recall_of_planted_cases(which, precision, recall):
    left, right = planted()
    real = np.concatenate([left, right])
    drawn = {
        "same": real,
        "left": left,
        "elsewhere": real + 1000,
        "both and elsewhere": np.concatenate([real, real + 1000]),
    }[which]
    assert precision_recall(real, drawn) == (precision, recall)


def test_precision_by_the_letter_of_the_definition():
    rng = np.random.default_rng(3)
    cloud, points = rng.standard_normal((60, 3)), rng.standard_normal((40, 3)) * 1.5
    expected = [
        any(np.linalg.norm(x - c) <= sorted(np.linalg.norm(c - other) for other in cloud)[3] for c in cloud)
        for x in points
    ]
    assert inside(points, cloud).tolist() == expected


def test_too_few_points_for_neighbours_are_explained():
    with pytest.raises(ValueError, match="more than 3 points"):
        inside(np.zeros((5, 2)), np.zeros((3, 2)))


def test_the_nearest_training_picture_is_found(digits):
    nearest = NearestTrainer.of(digits.train)
    index, gap = nearest(digits.train[[5, 99]])
    assert index.tolist() == [5, 99]
    assert gap.tolist() == [0, 0]
    index, gap = nearest(digits.heldout[:20])
    every = np.sqrt(((digits.heldout[:20, None] / 255.0 - digits.train[None] / 255.0) ** 2).sum((2, 3, 4)))
    assert index.tolist() == every.argmin(1).tolist()
    np.testing.assert_allclose(gap, every.min(1), rtol=1e-5)


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(0)
    hits = 0
    for trial in range(200):
        points = rng.standard_normal(80)
        again = resamples(80, trial) @ points / 80
        low, high = interval(points.mean(), again)
        hits += low <= 0 <= high
    assert 0.88 < hits / 200 < 0.99


@pytest.mark.parametrize(("hits", "n"), [(0, 50), (50, 50), (7, 50)])
def test_the_interval_of_a_share(hits, n):
    low, high = share_interval(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    assert high - low > 0.05


def test_classifier_features_are_repeatable_and_know_the_digits(digits, evaluator):
    again = fit_features(digits.train, digits.train_labels, seed=0)
    assert isinstance(again, ClassifierFeatures)
    assert again.accuracy > 0.99
    points = again(digits.heldout)
    assert points.shape == (len(digits.heldout), 64)
    assert np.array_equal(points, evaluator.features(digits.heldout))
    assert again.name == "classifier trained on this data (64 numbers)"


def test_without_labels_the_features_are_principal_components(digits):
    features = fit_features(digits.train, None, seed=0)
    assert features.name == "principal components of this data (64 numbers)"
    assert features(digits.heldout).shape == (len(digits.heldout), 64)


def test_features_of_large_colour_pictures():
    images = np.random.default_rng(0).integers(0, 256, (70, 40, 40, 3)).astype(np.uint8)
    assert fit_features(images, np.arange(70) % 3, seed=0)(images).shape == (70, 64)


def test_a_mixture_finds_its_groups_again():
    left, right = planted()
    points, labels = np.concatenate([left, right]), np.zeros(200, dtype=int)
    mixture = fit_mixture(points, labels, 1, 2, seed=0)
    np.testing.assert_allclose(
        sorted(mixture.means[0, :, 0]), [left[:, 0].mean(), right[:, 0].mean()], atol=0.01
    )
    drawn = mixture.sample(np.zeros(4000, dtype=int), 1.0, np.random.default_rng(0))
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(points.T), rtol=0.05)


def test_the_baseline_draws_digits_at_once(digits):
    mixture = fit_pictures(digits.train, digits.train_labels)
    drawn = mixture.draw(50, seed=1)
    assert drawn.shape == (50, 16, 16, 1)
    assert np.array_equal(drawn, mixture.draw(50, seed=1))
