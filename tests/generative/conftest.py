"""Real data for the mathematics: scikit-learn's digits, and one small trained model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from generative import pictures
from generative.observer import Silent
from generative.scores.evaluator import Evaluator, evaluator_for
from generative.vae_training import TrainedVAE, VAESettings, train_vae


@dataclass(frozen=True)
class Digits:
    train: np.ndarray
    train_labels: np.ndarray
    heldout: np.ndarray
    heldout_labels: np.ndarray


class Recorder(Silent):
    """Keeps all that it is told; `stop_at` and `cancel_at` count calls of `check`."""

    def __init__(self, stop_at: int | None = None, cancel_at: int | None = None) -> None:
        super().__init__()
        self.checks, self.stop_at, self.cancel_at = 0, stop_at, cancel_at
        self.metrics: list[tuple[int, dict[str, float]]] = []
        self.previews: list[np.ndarray] = []
        self.fractions: list[float] = []
        self.left: list[float | None] = []

    def check(self) -> None:
        self.checks += 1
        if self.cancel_at is not None and self.checks >= self.cancel_at:
            raise KeyboardInterrupt

    def stopping(self) -> bool:
        return self.stop_at is not None and self.checks >= self.stop_at

    def progress(self, fraction: float, message: str = "", seconds_left: float | None = None) -> None:
        self.fractions.append(fraction)
        self.left.append(seconds_left)

    def metric(self, step: int, **values: float) -> None:
        self.metrics.append((step, values))

    def preview(self, step, make, caption="") -> None:
        self.previews.append(make())


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small products on several threads crawl on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def recorder() -> type[Recorder]:
    return Recorder


@pytest.fixture(scope="session")
def digits() -> Digits:
    """Digits of 16 × 16 pixels, 28 % held out."""
    raw = load_digits()
    images = pictures.fit(np.rint(raw.images / 16 * 255).astype(np.uint8)[..., None], 16, "stretch")
    learn, held = pictures.split(len(images), raw.target, 0.28, seed=0)
    return Digits(images[learn], raw.target[learn], images[held], raw.target[held])


@pytest.fixture(scope="session")
def evaluator(digits: Digits) -> Evaluator:
    return evaluator_for(digits.train, digits.train_labels, digits.heldout, digits.heldout_labels, seed=0)


@pytest.fixture(scope="session")
def trained(digits: Digits) -> TrainedVAE:
    return train_vae(digits.train, digits.train_labels, VAESettings(steps=600, seed=3))
