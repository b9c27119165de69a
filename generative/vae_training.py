"""How the variational autoencoder is trained: its settings, its recipe for the loop, and the report.

The recipe (measured on digits): little weight on the divergence, a warm-up of it, a learning rate that
lets several hundred steps on a busy machine suffice, an average of the weights, and a mixture fitted to the
codes at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import torch
from torch import Tensor, nn

from generative.budget import Budget
from generative.device import Device, count_parameters
from generative.loop import LoopSettings, Outcome, Training
from generative.moving import Player
from generative.observer import Observer, Score, Silent
from generative.sampling import balanced, draw, to_pictures
from generative.vae import ImageVAE, to_unit, vae_loss

if TYPE_CHECKING:
    from generative.scores.evaluator import Evaluator

_PREVIEWS = 16
# Assessing during training may take this share of the time.
_ASSESS_SHARE = 0.08


@dataclass(frozen=True)
class VAESettings:
    """Everything that shapes a VAE. Exactly one of seconds, steps and epochs is given.

    `beta` weighs the divergence against the reconstruction (0.03 to 1; less is sharper), and rises from 0 over
    `warm_up` steps. `components` is the most Gaussians of the prior per class: None means 4, or 40 without
    labels. `classes` names the labels 0, 1, …; without names they are numbered. `threads` 0 lets the device
    advise.
    """

    latent_size: int = 16
    hidden: int = 256
    network: Literal["mlp", "convolutional"] = "mlp"
    batch_size: int = 128
    learning_rate: float = 3e-3
    beta: float = 0.1
    warm_up: int = 500
    average: float = 0.998
    seconds: float | None = None
    steps: int | None = None
    epochs: float | None = None
    seed: int = 0
    classes: tuple[str, ...] = ()
    components: int | None = None
    threads: int = 0

    @property
    def budget(self) -> Budget:
        return Budget(self.seconds, self.steps, self.epochs)


@dataclass(frozen=True)
class TrainedVAE:
    """A model ready to draw from, and a report of plain JSON values on how it came about."""

    model: ImageVAE
    report: dict[str, Any]


def train_vae(
    images: np.ndarray,
    labels: np.ndarray | None,
    settings: VAESettings,
    observer: Observer | None = None,
    device: Device | None = None,
    evaluator: Evaluator | None = None,
) -> TrainedVAE:
    """Train a VAE on pictures and fit its prior.

    Args:
        images: uint8 [n, side, side, 1 or 3].
        labels: [n] of 0…k-1, or None.
        observer: told of losses, progress, previews and scores; asked at each step whether to stop.
        evaluator: if given, the samples are scored now and then, and fully at the end.

    Raises:
        ValueError: the pictures and settings do not fit together, or the loss is no longer a number.
    """
    observer, device = observer or Silent(), device or Device("cpu")
    names = _class_names(images, labels, settings)
    model = build_vae(images, names, settings)
    count = settings.threads or device.threads_for(
        count_parameters(model), settings.network == "convolutional"
    )
    with device.threads(count):
        pictures, numbers = to_tensors(images, labels)
        recipe = VAERecipe(model, pictures, numbers, settings, evaluator)
        share = _ASSESS_SHARE if evaluator is not None else 0.0
        loop = LoopSettings(settings.budget, settings.batch_size, settings.seed, share)
        training = Training(recipe, (pictures,), loop, device, observer)
        training.resume()
        outcome = training.run()
        trained = cast(ImageVAE, outcome.modules["vae"])
        observer.check()
        trained.fit_prior(pictures.to(device.torch_device), numbers, settings.seed)
        scores = _final_scores(trained, evaluator, settings.seed, outcome.steps, observer)
    return TrainedVAE(trained, _report(trained, outcome, training.parts.marks, settings, device, scores))


def build_vae(images: np.ndarray, names: tuple[str, ...], settings: VAESettings) -> ImageVAE:
    """An untrained model that fits the pictures, its weights drawn by the seed."""
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise ValueError(
            f"The images must be uint8 [n, height, width, 1 or 3], but are {images.dtype} "
            f"{list(images.shape)}."
        )
    if images.shape[1] != images.shape[2]:
        raise ValueError(
            f"The images are {images.shape[2]} × {images.shape[1]} pixels, but they must be square. "
            "Put a Prepare images block before."
        )
    components = settings.components or (4 if names else 40)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        return ImageVAE(
            images.shape[1],
            images.shape[3],
            list(names),
            settings.hidden,
            settings.latent_size,
            settings.network,
            components,
        )


def to_tensors(images: np.ndarray, labels: np.ndarray | None) -> tuple[Tensor, Tensor | None]:
    """Pictures uint8 NCHW and labels int64."""
    # a copy: what comes from a stored artifact is read-only, and torch wants to own its memory
    pictures = torch.from_numpy(np.array(images.transpose(0, 3, 1, 2), order="C"))
    return pictures, None if labels is None else torch.from_numpy(np.asarray(labels).astype(np.int64))


class VAERecipe:
    """What the loop needs to know of a VAE."""

    def __init__(
        self,
        model: ImageVAE,
        pictures: Tensor,
        labels: Tensor | None,
        settings: VAESettings,
        evaluator: Evaluator | None = None,
    ) -> None:
        self.model, self.pictures, self.labels, self.settings = model, pictures, labels, settings
        self.evaluator = evaluator
        self.players = [Player("vae", model, settings.learning_rate, average=settings.average)]
        noise = torch.Generator().manual_seed(settings.seed)
        self._noise = torch.randn(_PREVIEWS, settings.latent_size, generator=noise)
        # A preview only needs the rough place and spread of each class, for which a part of the data will do.
        some = torch.randperm(len(pictures), generator=noise)[:1024]
        self._some = pictures[some], None if labels is None else labels[some]

    def loss(
        self, player: str, batch: tuple[Tensor, ...], step: int, generator: torch.Generator
    ) -> Mapping[str, Tensor]:
        beta = self.settings.beta * min(1.0, (step + 1) / max(1, self.settings.warm_up))
        return vae_loss(self.model, to_unit(batch[0]), beta, generator)

    @torch.no_grad()
    def preview(self, modules: Mapping[str, nn.Module]) -> np.ndarray:
        """One Gaussian per class instead of the mixture: close enough to look at, and takes milliseconds."""
        model = cast(ImageVAE, modules["vae"])
        pictures, labels = self._some
        codes = model.codes(pictures.to(model.device))
        values = np.zeros(len(codes), dtype=np.int64) if labels is None else labels.numpy()
        chosen = balanced(np.bincount(values) / len(values), _PREVIEWS)
        spots = np.empty((_PREVIEWS, codes.shape[1]))
        for label in np.unique(chosen):
            mine = codes[values == label]
            ridge = 1e-6 * np.eye(codes.shape[1])
            cov = np.cov(mine, rowvar=False).reshape(ridge.shape) if len(mine) > 1 else 0 * ridge
            rows = chosen == label
            spots[rows] = mine.mean(axis=0) + self._noise.numpy()[rows] @ np.linalg.cholesky(cov + ridge).T
        return to_pictures(model.decode(torch.from_numpy(spots).float().to(model.device)).sigmoid())

    def assess(self, modules: Mapping[str, nn.Module]) -> Mapping[str, float]:
        if self.evaluator is None:
            return {}
        model = cast(ImageVAE, modules["vae"])
        model.fit_prior(self.pictures.to(model.device), self.labels, self.settings.seed)
        return {"fid": self.evaluator.fid(draw(model, self.evaluator.samples_wanted, self.settings.seed))}


def _class_names(images: np.ndarray, labels: np.ndarray | None, settings: VAESettings) -> tuple[str, ...]:
    if labels is None:
        return ()
    if len(labels) != len(images):
        raise ValueError(f"There are {len(images)} images but {len(labels)} labels.")
    low, high = (int(np.min(labels)), int(np.max(labels))) if len(labels) else (0, 0)
    names = settings.classes or tuple(str(value) for value in range(high + 1))
    if low < 0 or high >= len(names):
        raise ValueError(
            f"The labels run from {low} to {high}, but there are {len(names)} class names. "
            f"Labels must run from 0 to {len(names) - 1}."
        )
    return names


def _final_scores(
    model: ImageVAE, evaluator: Evaluator | None, seed: int, step: int, observer: Observer
) -> list[Score]:
    if evaluator is None:
        return []
    scores = evaluator.score(draw(model, evaluator.samples_wanted, seed, observer=observer))
    observer.metric(step, fid=next(score.value for score in scores if score.name == "fid"))
    observer.scores(scores, step)
    return scores


def _report(
    model: ImageVAE,
    outcome: Outcome,
    parts: list[tuple[int, int]],
    settings: VAESettings,
    device: Device,
    scores: list[Score],
) -> dict[str, Any]:
    return {
        "steps": outcome.steps,
        "seconds": round(outcome.seconds, 3),
        "steps_per_second": round(outcome.steps / max(outcome.seconds, 1e-9), 2),
        "ended": outcome.ended,
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "losses": outcome.losses,
        "parts": [list(mark) for mark in parts],
        "plan": outcome.plan,
        "scores": [asdict(score) for score in scores],
        "device": device.name,
        "peak_memory": device.peak_memory(),
        "settings": {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(settings).items()
        },
    }
