"""Numbers that describe a picture for scoring: from a classifier of this data, or principal components.

The classifier is trained anew, from the seed, on one thread of the CPU whatever the device: so the same data
gives the same features on every machine of a kind, and a score does not depend on where it was computed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits
from torch import Tensor, nn
from torch.nn import functional

from generative.device import Device

SIZE = 64
_STEPS = 600
_BATCH = 64
_RATE = 3e-3
# Noise on the inputs and softened labels keep the features from being a few enormous numbers that mark the
# classes and say nothing else of a picture.
_NOISE = 0.3
_SMOOTHING = 0.1
_SIDE = 16  # larger pictures are averaged down to this before the classifier sees them


class Features(Protocol):
    """A way to turn pictures into points."""

    @property
    def name(self) -> str:
        """What the points are, for people."""

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Points, float64 [n, d], of pictures uint8 [n, h, w, c]."""


@dataclass(frozen=True)
class ClassifierFeatures:
    """The layer before the last of a classifier trained on the data, scaled to unit variance on average.

    `accuracy` is on the training images, 0 to 1; `scale` multiplies the raw layer.
    """

    network: nn.Sequential
    accuracy: float
    scale: float = 1.0
    name: str = f"classifier trained on this data ({SIZE} numbers)"

    @torch.no_grad()
    def __call__(self, images: np.ndarray) -> np.ndarray:
        with Device("cpu").threads(1):
            parts = [self.network[:-1](_inputs(images[at : at + 512])) for at in range(0, len(images), 512)]
            return torch.cat(parts).double().numpy() * self.scale


@dataclass(frozen=True)
class PrincipalFeatures:
    """Principal components of the training images, scaled to pixels from 0 to 1."""

    components: PCA
    name: str

    def __call__(self, images: np.ndarray) -> np.ndarray:
        return self.components.transform(images.reshape(len(images), -1).astype(np.float64) / 255)


def fit_features(images: np.ndarray, labels: np.ndarray | None, seed: int) -> Features:
    """Learn features from training images, uint8 [n, h, w, c], in about two seconds.

    With at least two classes a small convolutional classifier is trained, otherwise up to 64 principal
    components are taken.

    Raises:
        ValueError: fewer than two images.
    """
    if len(images) < 2:
        raise ValueError(f"Features need at least 2 training images, but there are {len(images)}.")
    if labels is None or len(np.unique(labels)) < 2:
        return _principal(images, seed)
    _, numbered = np.unique(labels, return_inverse=True)
    with Device("cpu").threads(1), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(images.shape[3], int(numbered.max()) + 1, min(_SIDE, images.shape[1]))
        return _train(network, _inputs(images), torch.from_numpy(numbered.astype(np.int64)))


@threadpool_limits.wrap(limits=1)
def _principal(images: np.ndarray, seed: int) -> PrincipalFeatures:
    count = min(SIZE, len(images) - 1, images[0].size)
    pca = PCA(count, svd_solver="randomized", random_state=seed)
    pca.fit(images.reshape(len(images), -1).astype(np.float64) / 255)
    return PrincipalFeatures(pca, f"principal components of this data ({count} numbers)")


def _inputs(images: np.ndarray) -> Tensor:
    """float [n, c, side, side] from -1 to 1."""
    pictures = torch.from_numpy(np.array(images.transpose(0, 3, 1, 2), order="C")).float() / 127.5 - 1
    if max(pictures.shape[2:]) > _SIDE:
        return functional.adaptive_avg_pool2d(pictures, _SIDE)
    return pictures


def _network(channels: int, classes: int, side: int) -> nn.Sequential:
    last = math.ceil(side / 4)  # two strides of 2
    return nn.Sequential(
        nn.Conv2d(channels, 16, 3, 2, 1),
        nn.SiLU(),
        nn.Conv2d(16, 32, 3, 2, 1),
        nn.SiLU(),
        nn.Flatten(),
        nn.Linear(32 * last * last, SIZE),
        nn.ReLU(),
        nn.Linear(SIZE, classes),
    )


def _train(network: nn.Sequential, inputs: Tensor, labels: Tensor) -> ClassifierFeatures:
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=1e-2, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=_STEPS)
    order = torch.empty(0, dtype=torch.long)
    for _ in range(_STEPS):
        if len(order) < min(_BATCH, len(inputs)):
            order = torch.randperm(len(inputs))
        batch, order = order[:_BATCH], order[_BATCH:]
        optimiser.zero_grad()
        noisy = inputs[batch] + _NOISE * torch.randn_like(inputs[batch])
        functional.cross_entropy(network(noisy), labels[batch], label_smoothing=_SMOOTHING).backward()
        optimiser.step()
        schedule.step()
    network.eval().requires_grad_(False)
    points = torch.cat([network[:-1](part) for part in inputs.split(512)])
    accuracy = float((network[-1](points).argmax(1) == labels).double().mean())
    spread = float(points.double().var(dim=0).mean().sqrt())
    return ClassifierFeatures(network, accuracy, 1 / max(spread, 1e-9))
