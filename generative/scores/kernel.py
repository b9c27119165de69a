"""The kernel distance between two clouds of points: the KID (Bińkowski et al. 2018,
https://arxiv.org/abs/1801.01401), the squared maximum mean discrepancy with a cubic kernel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Kernels:
    """The kernel between all points: real with real, drawn with drawn, real with drawn."""

    real: np.ndarray
    drawn: np.ndarray
    cross: np.ndarray


def kernels(real: np.ndarray, drawn: np.ndarray) -> Kernels:
    """The kernel (x·y / d + 1)³ between points [n, d] and [m, d]."""
    real, drawn = np.asarray(real, dtype=np.float64), np.asarray(drawn, dtype=np.float64)
    size = real.shape[1]

    def cubic(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        raised = one @ other.T / size + 1
        return raised * raised * raised

    return Kernels(cubic(real, real), cubic(drawn, drawn), cubic(real, drawn))


def discrepancies(between: Kernels, real_counts: np.ndarray, drawn_counts: np.ndarray) -> np.ndarray:
    """The unbiased estimate of the squared discrepancy, float64 [r], for each of r ways to take the points.

    Args:
        real_counts: how often each real point is taken, [r, n]; drawn_counts: the same, [r, m].

    A result may come out slightly below 0. All rows at once, because one matrix product is much faster than
    r products with a vector.
    """
    a, b = real_counts.astype(np.float64), drawn_counts.astype(np.float64)
    crossed = ((a @ between.cross) * b).sum(1) / (a.sum(1) * b.sum(1))
    return _within(between.real, a) + _within(between.drawn, b) - 2 * crossed


def discrepancy(between: Kernels) -> float:
    """The unbiased estimate with every point taken once."""
    n, m = between.cross.shape
    return float(discrepancies(between, np.ones((1, n)), np.ones((1, m)))[0])


def kid(real: np.ndarray, drawn: np.ndarray) -> float:
    """The KID of features, float [n, d] and [m, d], over all points at once rather than over subsets."""
    return discrepancy(kernels(real, drawn))


def _within(kernel: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The mean over pairs of different draws; a point drawn twice makes a pair with itself."""
    total = counts.sum(1)
    return (((counts @ kernel) * counts).sum(1) - counts @ np.diagonal(kernel)) / (total * (total - 1))
