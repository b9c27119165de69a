"""How sure a measured figure is: 95 % intervals by drawing the same points again with replacement."""

from __future__ import annotations

import numpy as np

ROUNDS = 100


def resamples(size: int, seed: int, rounds: int = ROUNDS) -> np.ndarray:
    """How often each of `size` points is drawn in each round: int64 [rounds, size]."""
    return np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), size=rounds)


def interval(value: float, resampled: np.ndarray, lowest: float = -np.inf) -> tuple[float, float]:
    """The 95 % interval of `value`, given the same figure for each resampling [rounds].

    Distances come out larger for resampled points, since points that are drawn twice thin the cloud. The
    spread of the resampled figures is therefore laid around `value` instead of around their own middle.
    """
    low, high = np.percentile(resampled, [2.5, 97.5]) - np.median(resampled)
    return max(lowest, float(value + low)), float(value + high)


def share_interval(hits: int, n: int) -> tuple[float, float]:
    """The interval of a share, `hits` of `n`, by Wilson's formula (1927).

    Resampling a share that is 0 or 1 would claim to be certain; this does not.
    """
    z = 1.959964
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # Bounded by the share itself, which rounding could otherwise leave a last bit outside.
    return float(max(0.0, min(share, middle - half))), float(min(1.0, max(share, middle + half)))
