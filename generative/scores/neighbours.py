"""Measures made of nearest neighbours: precision and recall of samples, and how near they come to copying.

Precision and recall follow Kynkäänniemi et al. 2019 (https://arxiv.org/abs/1904.06991).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

NEIGHBOURS = 3
_ROWS = 512


def distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Euclidean distances, float64 [n, m], between points [n, d] and [m, d]."""
    a, b = (np.asarray(points, dtype=np.float64) for points in (one, other))
    squared = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * (a @ b.T)
    return np.sqrt(np.clip(squared, 0, None))


def inside(points: np.ndarray, cloud: np.ndarray, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """Which points [n, d] lie in the manifold of a cloud [m, d]: bool [n].

    The manifold is the union of a ball around each member of the cloud, which reaches to that member's
    `neighbours`-th nearest other member.

    Raises:
        ValueError: the cloud is too small to have such neighbours.
    """
    if len(cloud) <= neighbours:
        raise ValueError(
            f"Precision and recall need more than {neighbours} points on either side, "
            f"but one has {len(cloud)}."
        )
    radii = np.partition(distances(cloud, cloud), neighbours, axis=1)[:, neighbours]
    near: np.ndarray = distances(points, cloud) <= radii[None, :]
    return np.any(near, axis=1)


def precision_recall(
    real: np.ndarray, drawn: np.ndarray, neighbours: int = NEIGHBOURS
) -> tuple[float, float]:
    """The share of samples that look real, and the share of real ones that the samples cover. Both 0 to 1.

    Args:
        real: features [n, d].
        drawn: features [m, d]; take like counts for figures that are to be compared.
    """
    return float(inside(drawn, real, neighbours).mean()), float(inside(real, drawn, neighbours).mean())


@dataclass(frozen=True)
class NearestTrainer:
    """Finds the training picture nearest to another one, by Euclidean distance of pixels from 0 to 1."""

    flat: torch.Tensor
    lengths: torch.Tensor

    @classmethod
    def of(cls, images: np.ndarray) -> NearestTrainer:
        flat = _flat(images)
        return cls(flat, flat.square().sum(1))

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Indices int64 [n] and distances float64 [n] of the nearest training pictures to uint8 [n, h, w, c]."""
        indices, gaps = [], []
        for part in _flat(images).split(_ROWS):
            # |x|² is the same for all candidates of a row, so it is left out of the search.
            index = torch.addmm(self.lengths[None, :], part, self.flat.T, alpha=-2).argmin(1)
            # The expanded square loses digits near 0, where copies are; the winner is measured exactly.
            gaps.append((part.double() - self.flat[index].double()).square().sum(1).sqrt())
            indices.append(index)
        return torch.cat(indices).numpy(), torch.cat(gaps).numpy()


def _flat(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(images)).reshape(len(images), -1).float() / 255
