"""What moves in a training: players with their optimisers and averages, and the order of the data."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from generative.device import Device


@dataclass(frozen=True)
class Player:
    """One set of weights and how it is moved.

    `average` is the largest decay of the moving average of the weights, or None for a player that needs none
    (a discriminator). `clip` bounds the length of the gradient.
    """

    name: str
    module: nn.Module
    learning_rate: float
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.0
    average: float | None = 0.998
    clip: float | None = None


class Shuffle:
    """Endless batches of indices: each round is a new order of all, without the incomplete last batch."""

    def __init__(self, n: int, batch_size: int, generator: torch.Generator) -> None:
        self.n, self.batch_size, self.generator = n, batch_size, generator
        self.order = torch.empty(0, dtype=torch.long, device=generator.device)
        self.at = 0

    def next(self) -> Tensor:
        if self.at + self.batch_size > len(self.order):
            self.order = torch.randperm(self.n, generator=self.generator, device=self.generator.device)
            self.at = 0
        self.at += self.batch_size
        return self.order[self.at - self.batch_size : self.at]


@dataclass
class Moving:
    """A player in motion: its optimiser, its average, and both as flat lists for the fused kernels."""

    player: Player
    optimiser: torch.optim.Optimizer
    averaged: nn.Module
    weights: list[Tensor] = field(default_factory=list)
    targets: list[Tensor] = field(default_factory=list)

    @classmethod
    def begin(cls, player: Player, device: Device) -> Moving:
        """Put a player on a device, at rest."""
        module = player.module.to(device.torch_device).train()
        weights: list[Tensor] = [weight for weight in module.parameters() if weight.requires_grad]
        optimiser = torch.optim.AdamW(
            weights, lr=player.learning_rate, betas=player.betas, weight_decay=player.weight_decay, fused=True
        )
        averaged = module if player.average is None else copy.deepcopy(module).eval().requires_grad_(False)
        targets: list[Tensor] = (
            []
            if player.average is None
            else [
                target
                for target, weight in zip(averaged.parameters(), module.parameters(), strict=True)
                if weight.requires_grad
            ]
        )
        return cls(player, optimiser, averaged, weights, targets)

    def begin_step(self) -> None:
        """Forget the gradients of the step before."""
        self.optimiser.zero_grad(set_to_none=True)

    def end_step(self, rate: float, step: int) -> None:
        """Move the weights by the gradients that were gathered, and the average after them."""
        self.optimiser.param_groups[0]["lr"] = self.player.learning_rate * rate
        if self.player.clip is not None:
            torch.nn.utils.clip_grad_norm_(self.weights, self.player.clip, foreach=True)
        self.optimiser.step()
        if self.player.average is not None:
            decay = min(self.player.average, (1 + step) / (10 + step))
            with torch.no_grad():
                torch._foreach_lerp_(self.targets, self.weights, 1 - decay)

    def state(self) -> dict[str, Any]:
        """Weights, average and optimiser as they are, not copied."""
        return {
            "weights": dict(self.player.module.state_dict()),
            "averaged": dict(self.averaged.state_dict()),
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Put back what `state` gave."""
        self.player.module.load_state_dict(saved["weights"])
        self.averaged.load_state_dict(saved["averaged"])
        # A copy, because load_state_dict keeps tensors that already stand on the device as they are.
        self.optimiser.load_state_dict(copy.deepcopy(saved["optimiser"]))
