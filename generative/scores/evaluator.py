"""The one judge of drawn pictures: the same in training and afterwards, to the digit.

An evaluator is made of training and held-out pictures. All it does is fixed by them and its seed, and done on
one thread of the CPU, so the same samples always get the same scores.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from functools import cached_property
from threading import Lock

import numpy as np
from threadpoolctl import threadpool_limits

from generative.mixture import PictureMixture, fit_pictures
from generative.observer import Score
from generative.scores.bootstrap import interval, resamples, share_interval
from generative.scores.features import Features, fit_features
from generative.scores.frechet import Moments, frechet, moments
from generative.scores.kernel import discrepancies, discrepancy, kernels
from generative.scores.neighbours import NEIGHBOURS, NearestTrainer, inside

BASELINE = "baseline: Gaussian mixture on principal components"
MEANINGS = {
    "fid": "How far the samples as a whole are from held-out real pictures; the floor is what real ones get.",
    "kid": "The same question as FID by a measure that few samples do not bias; near 0 it can fall a little below.",
    "precision": "The share of samples that look like real pictures.",
    "recall": "The share of real pictures whose kind the samples cover.",
    "near_copies": "The share of samples nearer to a training picture than nearly all real pictures are.",
}
# Measures that compare every point with every other take at most this many of either side.
_MOST_PAIRS = 2000
_FEWEST = NEIGHBOURS + 2
# A sample nearer to a training picture than all but this share of held-out pictures is a near copy.
_COPY_QUANTILE = 0.01


class Evaluator:
    """Scores samples against held-out pictures, in features learned from the training pictures.

    The floor of a score is the same measure of real pictures: as many training pictures as there are samples
    (or all, if there are fewer) take the place of the samples. The reference is the same held-out set for
    both, so the bias of the FID, which grows as the sets shrink, stands in the score and in its floor alike.
    The features were learned on the training pictures, so the floor is, if anything, a little too high.

    Args:
        train_images, heldout_images: uint8 [n, h, w, c]. train_labels: [n] or None. Labels of the held-out
            pictures are taken for completeness; no score needs them.
        seed: rules the features, the intervals and every choice of points.

    Raises:
        ValueError: too few pictures on a side, or pictures of different shapes.
    """

    def __init__(
        self,
        train_images: np.ndarray,
        train_labels: np.ndarray | None,
        heldout_images: np.ndarray,
        heldout_labels: np.ndarray | None = None,
        seed: int = 0,
    ) -> None:
        for name, images in (("training", train_images), ("held-out", heldout_images)):
            if len(images) < _FEWEST:
                raise ValueError(
                    f"Scores need at least {_FEWEST} {name} images, but there are {len(images)}. "
                    "Give more images, or hold out another share of them."
                )
        if train_images.shape[1:] != heldout_images.shape[1:]:
            raise ValueError(
                f"The training images are {_size(train_images)} but the held-out images are "
                f"{_size(heldout_images)}. Prepare both in the same way."
            )
        self.train_images, self.train_labels = train_images, train_labels
        self.heldout_images, self.heldout_labels = heldout_images, heldout_labels
        self.seed = seed
        self._floors: dict[int, dict[str, float]] = {}

    @property
    def samples_wanted(self) -> int:
        """A good number of samples to score: as many as training pictures, within reason."""
        return int(np.clip(len(self.train_images), 200, 2000))

    @cached_property
    def features(self) -> Features:
        """What the scores are computed in; learned on first use, in about two seconds."""
        return fit_features(self.train_images, self.train_labels, self.seed)

    @threadpool_limits.wrap(limits=1)
    def fid(self, samples: np.ndarray) -> float:
        """The FID alone, without interval: what the curve during training shows."""
        return frechet(self._heldout_moments, moments(self.features(self._checked(samples))))

    @threadpool_limits.wrap(limits=1)
    def nearest(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each sample the index of the nearest training picture and its distance, in pixels from 0 to 1."""
        return self._trainer(self._checked(samples))

    @threadpool_limits.wrap(limits=1)
    def score(self, samples: np.ndarray, subject: str = "model") -> list[Score]:
        """All scores of samples, uint8 [n, h, w, c]: fid, kid, precision, recall, near_copies.

        The intervals say how the figures would scatter over other samples of the same model. The held-out
        pictures stay as they are, since they are the same for every model that is compared on this data.
        """
        points = self.features(self._checked(samples))
        n = len(points)
        floor = self._floor(n)
        few = self._some(points)
        real = self._some(self._heldout)
        between = kernels(real, few)
        paired = min(len(few), len(real))
        near = inside(points, real)
        covered = inside(real, few[:paired])
        copies = self._trainer(samples)[1] < self._copy_distance
        distance, discrepant = frechet(self._heldout_moments, moments(points)), discrepancy(between)
        again = resamples(len(few), self.seed)
        kids = discrepancies(between, np.ones((len(again), len(real))), again)
        name = self.features.name
        rows = [
            ("fid", distance, interval(distance, self._resampled_fid(points), 0.0), n, name, "lower"),
            ("kid", discrepant, interval(discrepant, kids), len(few), name, "lower"),
            ("precision", near.mean(), share_interval(int(near.sum()), n), n, name, "higher"),
            ("recall", covered.mean(), share_interval(int(covered.sum()), len(real)), paired, name, "higher"),
            ("near_copies", copies.mean(), share_interval(int(copies.sum()), n), n, "pixels", "lower"),
        ]
        return [
            Score(kind, float(value), low, high, floor[kind], count, names, better, subject, MEANINGS[kind])
            for kind, value, (low, high), count, names, better in rows
        ]

    def baseline_scores(self, count: int | None = None) -> list[Score]:
        """The scores of the classical baseline, which draws from the training pictures without any network.

        `count` is the number of samples; take that of the model beside it, so that both have the same bias.
        """
        return self.score(self._baseline.draw(count or self.samples_wanted, self.seed), BASELINE)

    @cached_property
    def _baseline(self) -> PictureMixture:
        return fit_pictures(self.train_images, self.train_labels, self.seed)

    @cached_property
    def _heldout(self) -> np.ndarray:
        return self.features(self.heldout_images)

    @cached_property
    def _train(self) -> np.ndarray:
        return self.features(self.train_images)

    @cached_property
    def _heldout_moments(self) -> Moments:
        return moments(self._heldout)

    @cached_property
    def _trainer(self) -> NearestTrainer:
        return NearestTrainer.of(self.train_images)

    @cached_property
    def _copy_distance(self) -> float:
        return float(np.quantile(self._trainer(self.heldout_images)[1], _COPY_QUANTILE))

    def _resampled_fid(self, points: np.ndarray) -> np.ndarray:
        draws = resamples(len(points), self.seed)
        return np.array([frechet(self._heldout_moments, moments(points, counts)) for counts in draws])

    def _floor(self, n: int) -> dict[str, float]:
        """Each measure of `n` training pictures (or all) in the place of samples."""
        n = min(n, len(self._train))
        if n not in self._floors:
            order = np.random.default_rng(self.seed).permutation(len(self._train))
            points = self._train[order[:n]]
            few, real = self._some(points), self._some(self._heldout)
            self._floors[n] = {
                "fid": frechet(self._heldout_moments, moments(points)),
                "kid": discrepancy(kernels(real, few)),
                "precision": float(inside(points, real).mean()),
                "recall": float(inside(real, few[: len(real)]).mean()),
                "near_copies": float((self._trainer(self.heldout_images)[1] < self._copy_distance).mean()),
            }
        return self._floors[n]

    def _some(self, points: np.ndarray) -> np.ndarray:
        """At most so many points that all pairs can be compared, in random order."""
        order = np.random.default_rng(self.seed).permutation(len(points))
        return points[order[:_MOST_PAIRS]]

    def _checked(self, samples: np.ndarray) -> np.ndarray:
        if samples.dtype != np.uint8 or samples.shape[1:] != self.train_images.shape[1:]:
            raise ValueError(
                f"The samples are {_size(samples)} but the real images are "
                f"{_size(self.train_images)}. Score against the data that the model learned from."
            )
        if len(samples) < _FEWEST:
            raise ValueError(
                f"Scores need at least {_FEWEST} samples, but there are {len(samples)}. Draw more."
            )
        return samples


_made: OrderedDict[str, Evaluator] = OrderedDict()
_lock = Lock()
_KEPT = 4


def evaluator_for(
    train: np.ndarray,
    labels: np.ndarray | None,
    heldout: np.ndarray,
    heldout_labels: np.ndarray | None = None,
    seed: int = 0,
) -> Evaluator:
    """The evaluator of this data, made once per process: the same contents give the same object."""
    digest = hashlib.blake2b(str(seed).encode())
    for part in (train, labels, heldout, heldout_labels):
        digest.update(b"none" if part is None else f"{part.dtype}{part.shape}".encode())
        digest.update(b"" if part is None else np.ascontiguousarray(part).tobytes())
    with _lock:
        evaluator = _made.pop(digest.hexdigest(), None)
        if evaluator is None:
            evaluator = Evaluator(train, labels, heldout, heldout_labels, seed)
        _made[digest.hexdigest()] = evaluator
        while len(_made) > _KEPT:
            _made.popitem(last=False)
        return evaluator


def _size(images: np.ndarray) -> str:
    return f"{images.dtype} " + " × ".join(str(side) for side in images.shape[1:])
