"""The one training loop of every family: batches, optimisers, averaging, budget, and what is told meanwhile.

A family hands in a `Recipe`: its players (sets of weights, each moved by its own loss), how to compute a loss,
and how to draw a preview. The loop knows nothing else of it. All of its state can be taken out between two
steps and put back, so that a training can go on elsewhere as if nothing had happened.
"""

from __future__ import annotations

import copy
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from generative import memory
from generative.budget import Budget, Plan
from generative.device import Device, count_parameters
from generative.moving import Moving, Player, Shuffle
from generative.narrator import LAST, Narrator
from generative.observer import Observer
from generative.parts import Parts

PLAN = "training.plan"


class Recipe(Protocol):
    """What a family tells the loop."""

    @property
    def players(self) -> Sequence[Player]:
        """The sets of weights, in the order in which they move at each step."""

    def loss(
        self, player: str, batch: tuple[Tensor, ...], step: int, generator: torch.Generator
    ) -> Mapping[str, Tensor]:
        """The losses of one batch for one player, as scalars. "loss" is made smaller, the rest is shown.

        All randomness comes from `generator`, which lives on the device of the batch. Losses are means over the
        pictures, so that a batch may be learned from in parts where memory is short.
        """

    def preview(self, modules: Mapping[str, nn.Module]) -> np.ndarray:
        """About 16 samples, uint8 NHWC, from noise that is the same each time. `modules` are the averages."""

    def assess(self, modules: Mapping[str, nn.Module]) -> Mapping[str, float]:
        """Figures about the samples so far, for the curves. Empty where there is nothing to measure with."""


@dataclass(frozen=True)
class LoopSettings:
    """`batch_size` pictures a step; `seed` rules order and noise; assessments take at most `assess_share`.

    `accumulate` is the number of parts in which a batch goes through the networks: more need less memory and more
    time, and the gradients are added up to those of the whole batch.
    """

    budget: Budget
    batch_size: int = 128
    seed: int = 0
    assess_share: float = 0.0
    accumulate: int = 1


@dataclass(frozen=True)
class Outcome:
    """What a training came to. `modules` are the averaged weights in evaluation mode, by player."""

    modules: dict[str, nn.Module]
    steps: int
    seconds: float
    losses: dict[str, float]
    plan: dict[str, Any]
    ended: str = "budget"


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
        self.moving = [Moving.begin(player, device) for player in recipe.players]
        self.plan = Plan.begin(settings.budget, n // batch, observer.recall(PLAN))
        self.parts = Parts(batch, settings.accumulate, observer)
        self.recent: dict[str, deque[Tensor]] = {}
        self.step = 0
        self.resumed_at = 0
        self.trained_before = 0.0
        self.parameters = sum(count_parameters(player.module) for player in recipe.players)

    @property
    def averages(self) -> dict[str, nn.Module]:
        """The averaged weights of each player, as they are now."""
        return {one.player.name: one.averaged for one in self.moving}

    def resume(self) -> None:
        """Go on from the checkpoint of an earlier attempt, where there is one."""
        state = self.observer.load_checkpoint()
        if state is None:
            return
        self.restore(state)
        self.resumed_at = self.step
        self.observer.log(f"Resumed at step {self.step:,}.")

    def run(self, until: int | None = None) -> Outcome:
        """Train to the end of the budget, or to step `until` if that comes first.

        Raises:
            ValueError: the loss is no longer a number. Whatever `observer.check` raises passes through.
            OutOfMemory: the memory does not suffice for a batch in twice as many parts either.
        """
        narrator = Narrator(self, self.trained_before)
        ended = self.plan.ended if self._at_end() else ""
        while not ended:
            self.observer.check()
            self._one_step(narrator)
            now = time.perf_counter()
            if now >= narrator.next_read or self._at_end():
                narrator.read(now)
            ended = self._ended(narrator.trained(now), until)
            if self.observer.checkpoint_due():
                narrator.save()
        narrator.read(time.perf_counter(), last=True)
        self.trained_before = narrator.trained(time.perf_counter())
        if ended != "paused":
            self.plan.ended_at, self.plan.ended = self.step, ended
            self.observer.remember(PLAN, self.plan.as_json(complete=True))
        modules = {name: module.eval() for name, module in self.averages.items()}
        losses = {name: float(torch.stack(list(last)).float().mean()) for name, last in self.recent.items()}
        return Outcome(modules, self.step, self.trained_before, losses, self.plan.as_json(True), ended)

    def state(self) -> dict[str, Any]:
        """Everything needed to go on from here: tensors, numbers, text, and lists and dicts of them."""
        return copy.deepcopy(self.snapshot())

    def snapshot(self) -> dict[str, Any]:
        """What `state` gives, but not copied: it holds only until the next step."""
        return {
            "step": self.step,
            "seconds": self.trained_before,
            "plan": self.plan.as_json(),
            "parts": [list(mark) for mark in self.parts.marks],
            "generator": self.generator.get_state(),
            "order": self.shuffle.order,
            "at": self.shuffle.at,
            "recent": {name: torch.stack(list(last)) for name, last in self.recent.items()},
            "players": {one.player.name: one.state() for one in self.moving},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what `state` gave, in a training made with the same recipe, data and settings."""
        missing = {one.player.name for one in self.moving} ^ set(state["players"])
        if missing:
            raise ValueError(f"The checkpoint is of another model: {sorted(missing)} do not match.")
        for one in self.moving:
            one.restore(state["players"][one.player.name])
        self.generator.set_state(state["generator"].cpu())
        self.shuffle.order, self.shuffle.at = state["order"].to(self.device.torch_device), int(state["at"])
        self.recent = {name: deque(last.unbind(), LAST) for name, last in state["recent"].items()}
        self.step, self.trained_before = int(state["step"]), float(state["seconds"])
        saved = Plan.begin(self.settings.budget, self.shuffle.n // self.settings.batch_size, state["plan"])
        # What was remembered may be newer than the checkpoint: how the training was going to end, say.
        if not self.plan.replay and len(self.plan.marks) <= len(saved.marks):
            self.plan = saved
        self.parts.restore(state["parts"])

    def _one_step(self, narrator: Narrator) -> None:
        index = self.shuffle.next()
        rate = self.plan.rate(self.step)
        for one in self.moving:
            before = self.generator.get_state()
            losses = self._learn(one, index)
            if losses is None:
                self.parts.halve(self.step)
                self.generator.set_state(before)
                losses = self._learn(one, index)
            if losses is None:
                raise self.parts.too_little()
            one.end_step(rate, self.step)
            narrator.keep(one.player.name, losses)
        self.step += 1

    def _learn(self, one: Moving, index: Tensor) -> Mapping[str, Tensor] | None:
        """Gather the gradients of one batch. None where memory ran out; then nothing has moved, and all is freed."""
        try:
            one.begin_step()
            return self._gradients(one.player.name, index)
        except (MemoryError, RuntimeError) as error:
            if not memory.ran_out(error):
                raise
            # The error itself is not kept: its traceback holds the tensors of the failed try.
            self.parts.lack = memory.shortage(error, self.device.kind)
        one.begin_step()
        self.device.free_unused()
        return None

    def _gradients(self, player: str, index: Tensor) -> Mapping[str, Tensor]:
        parts = index.tensor_split(self.parts.at(self.step))
        added: dict[str, Tensor] = {}
        for part in parts:
            batch = tuple(tensor.index_select(0, part) for tensor in self.data)
            with self.device.autocast(self.parameters):
                losses = self.recipe.loss(player, batch, self.step, self.generator)
            if len(parts) == 1:
                losses["loss"].backward()
                return losses
            share = len(part) / len(index)
            (losses["loss"] * share).backward()
            for name, value in losses.items():
                value = value.detach() * share
                added[name] = added[name] + value if name in added else value
        return added

    def _at_end(self) -> bool:
        return self.plan.steps is not None and self.step >= self.plan.steps

    def _ended(self, trained: float, until: int | None) -> str:
        """Why the training is over, or nothing."""
        if self._at_end():
            return self.plan.ended
        if self.observer.stopping():
            return "stopped early"
        if self.plan.overdue(trained):
            return "the machine slowed down"
        return "paused" if until is not None and self.step >= until else ""
