"""The one training loop of every family: batches, optimisers, averaging, budget, and what is told meanwhile.

A family hands in a `Recipe`: its players (sets of weights, each moved by its own loss), how to compute a loss,
and how to draw a preview. The loop knows nothing else of it. All of its state can be taken out between two
steps and put back, so that a training can go on elsewhere as if nothing had happened.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from generative.budget import Budget, Plan
from generative.device import Device, count_parameters
from generative.narrator import Narrator
from generative.observer import Observer

PLAN = "training.plan"


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


class Recipe(Protocol):
    """What a family tells the loop."""

    @property
    def players(self) -> Sequence[Player]:
        """The sets of weights, in the order in which they move at each step."""

    def loss(
        self, player: str, batch: tuple[Tensor, ...], step: int, generator: torch.Generator
    ) -> Mapping[str, Tensor]:
        """The losses of one batch for one player, as scalars. "loss" is made smaller, the rest is shown.

        All randomness comes from `generator`, which lives on the device of the batch.
        """

    def preview(self, modules: Mapping[str, nn.Module]) -> np.ndarray:
        """About 16 samples, uint8 NHWC, from noise that is the same each time. `modules` are the averages."""

    def assess(self, modules: Mapping[str, nn.Module]) -> Mapping[str, float]:
        """Figures about the samples so far, for the curves. Empty where there is nothing to measure with."""


@dataclass(frozen=True)
class LoopSettings:
    """`batch_size` pictures a step; `seed` rules order and noise; assessments take at most `assess_share`."""

    budget: Budget
    batch_size: int = 128
    seed: int = 0
    assess_share: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What a training came to. `modules` are the averaged weights in evaluation mode, by player."""

    modules: dict[str, nn.Module]
    steps: int
    seconds: float
    losses: dict[str, float]
    plan: dict[str, Any]
    ended: str = "budget"


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
class _Moving:
    """A player in motion: its optimiser, its average, and both as flat lists for the fused kernels."""

    player: Player
    optimiser: torch.optim.Optimizer
    averaged: nn.Module
    weights: list[Tensor] = field(default_factory=list)
    targets: list[Tensor] = field(default_factory=list)

    @classmethod
    def begin(cls, player: Player, device: Device) -> _Moving:
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

    def step(self, loss: Tensor, rate: float, step: int) -> None:
        self.optimiser.param_groups[0]["lr"] = self.player.learning_rate * rate
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self.player.clip is not None:
            torch.nn.utils.clip_grad_norm_(self.weights, self.player.clip, foreach=True)
        self.optimiser.step()
        if self.player.average is not None:
            decay = min(self.player.average, (1 + step) / (10 + step))
            with torch.no_grad():
                torch._foreach_lerp_(self.targets, self.weights, 1 - decay)


class Training:
    """One training, step by step. Make it, perhaps `restore` it, then `run` it."""

    def __init__(
        self,
        recipe: Recipe,
        data: tuple[Tensor, ...],
        settings: LoopSettings,
        device: Device,
        observer: Observer,
    ) -> None:
        n, batch = len(data[0]), settings.batch_size
        if batch < 1:
            raise ValueError(f"Batch size is {batch}; it must be at least 1.")
        if n < batch:
            raise ValueError(
                f"Batch size is {batch} but there are only {n} images. "
                f"Set the batch size to {n} or less, or give more images."
            )
        self.recipe, self.settings, self.device, self.observer = recipe, settings, device, observer
        self.data = tuple(part.to(device.torch_device) for part in data)
        self.generator = device.generator(settings.seed)
        self.shuffle = Shuffle(n, batch, self.generator)
        self.moving = [_Moving.begin(player, device) for player in recipe.players]
        self.plan = Plan.begin(settings.budget, n // batch, observer.recall(PLAN))
        self.step = 0
        self.trained_before = 0.0
        self.parameters = sum(count_parameters(player.module) for player in recipe.players)

    @property
    def averages(self) -> dict[str, nn.Module]:
        """The averaged weights of each player, as they are now."""
        return {one.player.name: one.averaged for one in self.moving}

    def run(self, until: int | None = None) -> Outcome:
        """Train to the end of the budget, or to step `until` if that comes first.

        Raises:
            ValueError: the loss is no longer a number. Whatever `observer.check` raises passes through.
        """
        narrator = Narrator(self, self.trained_before)
        ended = ""
        while not ended:
            self.observer.check()
            self._one_step(narrator)
            now = time.perf_counter()
            if now >= narrator.next_read or self._at_end():
                narrator.read(now)
            ended = self._ended(narrator.trained(now), until)
        narrator.read(time.perf_counter(), last=True)
        self.trained_before = narrator.trained(time.perf_counter())
        if ended != "paused":
            self.plan.ended_at = self.step
            self.observer.remember(PLAN, self.plan.as_json(complete=True))
        modules = {name: module.eval() for name, module in self.averages.items()}
        return Outcome(
            modules, self.step, self.trained_before, narrator.latest, self.plan.as_json(True), ended
        )

    def state(self) -> dict[str, Any]:
        """Everything needed to go on from here: tensors, numbers, text, and lists and dicts of them."""
        return {
            "step": self.step,
            "seconds": self.trained_before,
            "plan": self.plan.as_json(),
            "generator": self.generator.get_state(),
            "order": self.shuffle.order.clone(),
            "at": self.shuffle.at,
            "players": {
                one.player.name: copy.deepcopy(
                    {
                        "weights": dict(one.player.module.state_dict()),
                        "averaged": dict(one.averaged.state_dict()),
                        "optimiser": one.optimiser.state_dict(),
                    }
                )
                for one in self.moving
            },
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what `state` gave, in a training made with the same recipe, data and settings."""
        missing = {one.player.name for one in self.moving} ^ set(state["players"])
        if missing:
            raise ValueError(f"The checkpoint is of another model: {sorted(missing)} do not match.")
        for one in self.moving:
            saved = state["players"][one.player.name]
            one.player.module.load_state_dict(saved["weights"])
            one.averaged.load_state_dict(saved["averaged"])
            # A copy, because load_state_dict keeps tensors that already stand on the device as they are.
            one.optimiser.load_state_dict(copy.deepcopy(saved["optimiser"]))
        self.generator.set_state(state["generator"].cpu())
        self.shuffle.order, self.shuffle.at = state["order"].to(self.device.torch_device), int(state["at"])
        self.step, self.trained_before = int(state["step"]), float(state["seconds"])
        self.plan = Plan.begin(
            self.settings.budget, self.shuffle.n // self.settings.batch_size, state["plan"]
        )

    def _one_step(self, narrator: Narrator) -> None:
        index = self.shuffle.next()
        batch = tuple(part.index_select(0, index) for part in self.data)
        rate = self.plan.rate(self.step)
        for one in self.moving:
            with self.device.autocast(self.parameters):
                losses = self.recipe.loss(one.player.name, batch, self.step, self.generator)
            one.step(losses["loss"], rate, self.step)
            narrator.keep(one.player.name, losses)
        self.step += 1

    def _at_end(self) -> bool:
        return self.plan.steps is not None and self.step >= self.plan.steps

    def _ended(self, trained: float, until: int | None) -> str:
        """Why the training is over, or nothing."""
        if self._at_end():
            return "budget"
        if self.observer.stopping():
            return "stopped early"
        if self.plan.overdue(trained):
            return "the machine slowed down"
        return "paused" if until is not None and self.step >= until else ""
