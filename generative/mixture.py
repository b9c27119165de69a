"""Gaussian mixtures: the prior of the VAE, and the classical baseline that every network has to beat.

The baseline is a mixture on principal components, fitted in well under a second, with no network at all.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

# A component needs this many points, or it is a memory of them rather than a description.
_POINTS_PER_COMPONENT = 20


@dataclass(frozen=True)
class Mixture:
    """One mixture of Gaussians with full covariances for each of `k` classes, in `d` dimensions.

    weights [k, m] sum to 1 by row (unused components weigh 0), means [k, m, d], factors [k, m, d, d] lower
    triangular with factor·factorᵀ = covariance, shares [k] sum to 1: how common each class is.
    """

    weights: np.ndarray
    means: np.ndarray
    factors: np.ndarray
    shares: np.ndarray

    def sample(self, labels: np.ndarray, temperature: float, rng: np.random.Generator) -> np.ndarray:
        """One point [n, d] for each label; `temperature` scales the distance from the component's mean."""
        upto = np.cumsum(self.weights[labels], axis=1)
        picked = np.minimum((rng.random((len(labels), 1)) > upto).sum(axis=1), upto.shape[1] - 1)
        noise = rng.standard_normal((len(labels), self.means.shape[2]))
        moved = np.einsum("nij,nj->ni", self.factors[labels, picked], noise)
        return self.means[labels, picked] + temperature * moved


# One thread: these products are small, threads would wait for each other on a busy machine, and the rounding
# must not depend on how many there are.
@threadpool_limits.wrap(limits=1)
def fit_mixture(
    points: np.ndarray,
    labels: np.ndarray | None,
    classes: int,
    components: int,
    seed: int,
    regularisation: float = 1e-6,
) -> Mixture:
    """Fit a mixture to each class by expectation maximisation (Dempster, Laird and Rubin 1977).

    Args:
        points: float [n, d].
        labels: [n] of 0…classes-1, or None for one class.
        components: the most Gaussians a class may have; classes with few points get fewer.
        regularisation: added to the variances, in squared units of the points.
    """
    points = np.asarray(points, dtype=np.float64)
    n, size = points.shape
    labels = np.zeros(n, dtype=np.int64) if labels is None else np.asarray(labels)
    weights = np.zeros((classes, components))
    weights[:, 0] = 1.0
    means = np.zeros((classes, components, size))
    factors = np.zeros((classes, components, size, size))
    counts = np.bincount(labels, minlength=classes).astype(np.float64)
    for index in range(classes):
        mine = points[labels == index]
        if len(mine) < 2:
            means[index, 0] = mine.mean(axis=0) if len(mine) else points.mean(axis=0)
            factors[index, 0] = _narrow(points)
            continue
        used = int(np.clip(len(mine) // _POINTS_PER_COMPONENT, 1, components))
        model = _settle(mine, used, regularisation, seed)
        weights[index, :used], means[index, :used] = model.weights_, model.means_
        factors[index, :used] = np.linalg.cholesky(model.covariances_)
    return Mixture(weights, means, factors, counts / counts.sum())


def _settle(points: np.ndarray, components: int, regularisation: float, seed: int) -> GaussianMixture:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # a mixture that is not quite settled still serves
        return GaussianMixture(components, reg_covar=regularisation, random_state=seed).fit(points)


def _narrow(points: np.ndarray) -> np.ndarray:
    """A factor for a class of one or no point: the shape of all the points, a tenth as wide."""
    size = points.shape[1]
    covariance = np.cov(points, rowvar=False).reshape(size, size) if len(points) > 1 else np.eye(size)
    return np.linalg.cholesky(0.01 * covariance + 1e-9 * np.eye(size))


@dataclass(frozen=True)
class PictureMixture:
    """The classical baseline: a mixture on the principal components of the pixels."""

    components: PCA
    mixture: Mixture
    shape: tuple[int, int, int]

    def draw(self, count: int, seed: int, temperature: float = 1.0) -> np.ndarray:
        """`count` pictures, uint8 [count, h, w, c]; classes are drawn as often as they occur in the data."""
        rng = np.random.default_rng(seed)
        labels = rng.choice(len(self.mixture.shares), size=count, p=self.mixture.shares)
        flat = self.components.inverse_transform(self.mixture.sample(labels, temperature, rng))
        return np.rint(np.clip(flat, 0, 1) * 255).astype(np.uint8).reshape(count, *self.shape)


@threadpool_limits.wrap(limits=1)
def fit_pictures(
    images: np.ndarray, labels: np.ndarray | None, seed: int = 0, principal: int = 40, components: int = 5
) -> PictureMixture:
    """Fit the classical baseline to pictures.

    Args:
        images: uint8 [n, h, w, c], at least 2.
        labels: [n] of 0…k-1, or None.
        principal: principal components kept (fewer for few pictures).
        components: Gaussians per class; without labels ten times as many.
    """
    if len(images) < 2:
        raise ValueError(f"A mixture needs at least 2 images, but there are {len(images)}.")
    flat = images.reshape(len(images), -1).astype(np.float64) / 255
    # The randomised solver is fast for large pictures; its seed makes it repeatable.
    pca = PCA(min(principal, len(flat) - 1, flat.shape[1]), svd_solver="randomized", random_state=seed)
    points = pca.fit_transform(flat)
    classes = 1 if labels is None else int(np.max(labels)) + 1
    several = components if labels is not None else 10 * components
    mixture = fit_mixture(points, labels, classes, several, seed, regularisation=1e-2)
    height, width, channels = images.shape[1:]
    return PictureMixture(pca, mixture, (height, width, channels))
