"""How fast the training loop is beside the plainest correct loop in PyTorch, as a ratio.

    python -m benchmarks.training [--repeats 5] [--steps 600]

The plain loop trains the same model from the same weights with the same batch size, optimiser and average of
the weights, and does nothing else: no clock, no listener, no losses. The two take turns within one process,
so that a busy machine slows both, and medians are compared.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_digits

from generative import pictures
from generative.budget import HOLD, WARM_UP
from generative.device import Device, count_parameters
from generative.observer import Silent
from generative.vae import ImageVAE, to_unit, vae_loss
from generative.vae_training import VAESettings, build_vae, to_tensors, train_vae

SETTINGS = VAESettings(steps=600, seed=0)
TARGET = 0.97


@dataclass(frozen=True)
class Row:
    """Steps a second of one loop: the median, and the ratio to the plain loop of the same repeat (median)."""

    name: str
    steps_per_second: float
    ratio: float


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """The digits to learn from, 16 × 16 pixels, and their labels."""
    raw = load_digits()
    images = pictures.fit(np.rint(raw.images / 16 * 255).astype(np.uint8)[..., None], 16, "stretch")
    learn, _ = pictures.split(len(images), raw.target, 0.28, seed=0)
    return images[learn], raw.target[learn]


def plain_loop(steps: int, settings: VAESettings = SETTINGS) -> tuple[float, ImageVAE]:
    """Train as a short script would. Returns the seconds of training alone, and the averaged model."""
    images, labels = digits()
    names = tuple(str(value) for value in range(int(labels.max()) + 1))
    model = build_vae(images, names, settings).train()
    average = build_vae(images, names, settings)
    data, _ = to_tensors(images, labels)
    generator = torch.Generator().manual_seed(settings.seed)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, betas=(0.9, 0.99), weight_decay=0.0, fused=True
    )
    batch, order, at = settings.batch_size, torch.randperm(len(data), generator=generator), 0
    hold = int(steps * HOLD)
    with Device("cpu").threads(settings.threads or Device("cpu").threads_for(count_parameters(model))):
        began = time.perf_counter()
        for step in range(steps):
            if at + batch > len(data):
                order, at = torch.randperm(len(data), generator=generator), 0
            picked = data[order[at : at + batch]]
            at += batch
            fall = 0.5 * (1 + np.cos(np.pi * max(0, step - hold) / (steps - hold)))
            warm = min(1.0, (step + 1) / WARM_UP)
            for group in optimiser.param_groups:
                group["lr"] = settings.learning_rate * warm * (0.01 + 0.99 * fall)
            beta = settings.beta * min(1.0, (step + 1) / settings.warm_up)
            loss = vae_loss(model, to_unit(picked), beta, generator)["loss"]
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            decay = min(settings.average, (1 + step) / (10 + step))
            with torch.no_grad():
                for target, weight in zip(average.parameters(), model.parameters(), strict=True):
                    target.lerp_(weight, 1 - decay)
        return time.perf_counter() - began, average


def our_loop(steps: int, settings: VAESettings = SETTINGS) -> float:
    """Train with the package's own loop. Returns the seconds of the loop, as it reports them."""
    images, labels = digits()
    fixed = VAESettings(**{**vars(settings), "steps": steps, "seconds": None, "epochs": None})
    report = train_vae(images, labels, fixed, Silent()).report
    assert report["steps"] == steps
    return float(report["seconds"])


def measure(
    repeats: int = 5, steps: int = 600, others: dict[str, Callable[[int], float]] | None = None
) -> list[Row]:
    """Compare the loops, taking turns. `others` adds more: name to a function of steps that gives seconds."""
    loops: dict[str, Callable[[int], float]] = {
        "plain PyTorch": lambda count: plain_loop(count)[0],
        "train_vae": our_loop,
        **(others or {}),
    }
    for loop in loops.values():
        loop(50)  # the first steps of a process load libraries
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    for turn in range(repeats):
        # Each goes first in turn, so that a trend of the machine favours none.
        names = list(loops)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            seconds[name].append(loops[name](steps))
    plain = seconds["plain PyTorch"]
    return [
        Row(
            name,
            steps / statistics.median(taken),
            statistics.median(base / mine for base, mine in zip(plain, taken, strict=True)),
        )
        for name, taken in seconds.items()
    ]


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| loop | steps/s | ratio to plain |", "|---|---|---|"]
    return "\n".join(
        lines + [f"| {row.name} | {row.steps_per_second:.1f} | {row.ratio:.3f} |" for row in rows]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Steps a second of the training loop beside a plain one.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=600)
    given = parser.parse_args()
    print(table(measure(given.repeats, given.steps)))
    print(f"\nTarget: a ratio of at least {TARGET}.")


if __name__ == "__main__":
    main()
