"""The Fréchet distance between two clouds of points, each taken for a Gaussian.

With features of pictures this is the FID (Heusel et al. 2017, https://arxiv.org/abs/1706.08500).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh, eigvalsh


@dataclass(frozen=True)
class Moments:
    """The mean [d] and covariance [d, d] of a cloud of points."""

    mean: np.ndarray
    covariance: np.ndarray


def moments(points: np.ndarray, counts: np.ndarray | None = None) -> Moments:
    """Mean and covariance of points [n, d]; `counts` [n] says how often each is taken (once if None).

    Raises:
        ValueError: fewer than two points.
    """
    points = np.asarray(points, dtype=np.float64)
    total = len(points) if counts is None else int(counts.sum())
    if total < 2:
        raise ValueError(f"A covariance needs at least 2 points, but there are {total}.")
    weights = np.ones(len(points)) if counts is None else counts.astype(np.float64)
    mean = weights @ points / total
    centred = points - mean
    return Moments(mean, (centred * weights[:, None]).T @ centred / (total - 1))


def frechet(one: Moments, other: Moments) -> float:
    """The squared distance |m₁-m₂|² + tr(C₁ + C₂ - 2(C₁C₂)^½), 0 or more, in squared units of the points.

    The trace of the root is the sum of the roots of the eigenvalues of C₁^½ C₂ C₁^½, which is symmetric: no
    root of a matrix that is not symmetric is needed, and rounding cannot make the result complex.
    """
    values, vectors = eigh(one.covariance, check_finite=False, driver="evd")
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    mixed = eigvalsh(root @ other.covariance @ root, check_finite=False, driver="evd")
    shared = np.sqrt(np.clip(mixed, 0, None)).sum()
    apart = one.mean - other.mean
    return float(max(0.0, apart @ apart + np.trace(one.covariance) + np.trace(other.covariance) - 2 * shared))


def fid(real: np.ndarray, drawn: np.ndarray) -> float:
    """The Fréchet distance of features, float [n, d] and [m, d].

    It is biased upwards by few points, so only figures with like counts may be compared.
    """
    return frechet(moments(real), moments(drawn))
