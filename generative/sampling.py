"""Drawing pictures from a trained model: one door for every family.

A model that can be drawn from has `classes`, `shares` and `draw_block`; nothing else about it matters here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from generative.observer import Observer, Silent

# Pictures are always drawn in blocks of this size, the last one too, and then cut to the count. So the first
# pictures of a longer draw are those of a shorter one, whatever rounding a batch size brings.
BLOCK = 64


class Drawable(Protocol):
    """A trained model of pictures."""

    @property
    def classes(self) -> list[str]:
        """Names of its classes, or an empty list."""

    @property
    def shares(self) -> np.ndarray:
        """How common each class was in the training data [k], summing to 1; [1.0] where there are none."""

    def draw_block(self, labels: Tensor, generator: torch.Generator, temperature: float) -> Tensor:
        """Pictures [n, c, h, w] from 0 to 1, one for each label [n] (int64, on the CPU)."""


def draw(
    model: Drawable,
    count: int,
    seed: int,
    label: int | Sequence[int] | None = None,
    temperature: float = 1.0,
    observer: Observer | None = None,
) -> np.ndarray:
    """Draw new pictures.

    Args:
        count: how many, 1 or more.
        seed: the same seed gives the same pictures, and a larger count begins with the same ones.
        label: a class, or several that are taken in turn; None draws as often as in the training data.
        temperature: 1 is the learned variety; less is safer and more alike, more is bolder.

    Returns:
        uint8 [count, h, w, c].

    Raises:
        ValueError: a count below 1, a temperature below 0, or a label that the model does not know.
    """
    if count < 1:
        raise ValueError(f"The count is {count}; draw at least 1 picture.")
    if not temperature >= 0:
        raise ValueError(f"The temperature is {temperature}; it must be 0 or more.")
    observer = observer or Silent()
    blocks = -(-count // BLOCK)
    labels = torch.from_numpy(_labels(model, label, blocks * BLOCK))
    generator = torch.Generator().manual_seed(seed)
    done: list[np.ndarray] = []
    with torch.no_grad():
        for index, block in enumerate(labels.split(BLOCK)):
            observer.check()
            done.append(to_pictures(model.draw_block(block, generator, temperature)))
            observer.progress((index + 1) / blocks, f"Picture {min(count, (index + 1) * BLOCK)} of {count}")
    return np.concatenate(done)[:count]


def drawn_labels(model: Drawable, count: int, label: int | Sequence[int] | None = None) -> np.ndarray | None:
    """The classes [count] that `draw` gives its pictures, in order; None for a model without classes."""
    return _labels(model, label, count) if model.classes else None


def balanced(shares: np.ndarray, count: int) -> np.ndarray:
    """Classes [count] in proportion to `shares` [k]: at every point the one furthest behind comes next."""
    shares = np.asarray(shares, dtype=np.float64) / np.sum(shares)
    given = np.zeros(len(shares))
    chosen = np.empty(count, dtype=np.int64)
    for index in range(count):
        # Rounded, so that equal classes come in order whatever the last bits say.
        chosen[index] = np.argmax(np.round(shares * (index + 1) - given, 9))
        given[chosen[index]] += 1
    return chosen


def to_pictures(values: Tensor) -> np.ndarray:
    """float [n, c, h, w] from 0 to 1 to uint8 [n, h, w, c]."""
    scaled = values.detach().float().clamp(0, 1).mul(255).round().to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def _labels(model: Drawable, label: int | Sequence[int] | None, count: int) -> np.ndarray:
    if label is None:
        return balanced(model.shares, count)
    wanted = [int(label)] if isinstance(label, int | np.integer) else [int(value) for value in label]
    names = model.classes
    if not names:
        raise ValueError("This model was trained without labels, so it cannot draw a chosen class.")
    unknown = [value for value in wanted if not 0 <= value < len(names)]
    if unknown or not wanted:
        raise ValueError(
            f"There is no class {unknown[0] if unknown else 'in the empty list'}. The model knows 0 to "
            f"{len(names) - 1}: {', '.join(names[:12])}."
        )
    return np.resize(np.array(wanted, dtype=np.int64), count)
