"""The state of a training as files and back, and the loop going on from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from generative import checkpoint
from generative.device import Device
from generative.loop import PLAN, LoopSettings, Training
from generative.vae_training import VAERecipe, VAESettings, build_vae, to_tensors, train_vae

NAMES = tuple("0123456789")


def make(digits, settings: VAESettings, observer) -> Training:
    model = build_vae(digits.train, NAMES, settings)
    pictures, labels = to_tensors(digits.train, digits.train_labels)
    recipe = VAERecipe(model, pictures, labels, settings)
    loop = LoopSettings(settings.budget, settings.batch_size, settings.seed)
    return Training(recipe, (pictures,), loop, Device("cpu"), observer)


def equal(one: Any, two: Any) -> bool:
    """Same kinds, same values, same types of tensors, all the way down."""
    if isinstance(one, torch.Tensor):
        return one.dtype == two.dtype and one.shape == two.shape and torch.equal(one, two)
    if isinstance(one, np.ndarray):
        return one.dtype == two.dtype and np.array_equal(one, two)
    if type(one) is not type(two):
        return False
    if isinstance(one, dict):
        return list(one) == list(two) and all(equal(one[key], two[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(equal(a, b) for a, b in zip(one, two, strict=True))
    return bool(one == two)


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    base = torch.arange(12.0)
    state = {
        "step": 7, 3: "a key that is no text", (1, "b"): None, "yes": True, "rate": 1e-300, "text": "ü\n",
        "tuple": (0.9, 0.99), "list": [[], {}, ()], "view": base[2:6], "transposed": base.view(3, 4).T,
        "half": torch.ones(3, dtype=torch.bfloat16), "bytes": torch.get_rng_state(), "scalar": torch.tensor(5),
        "empty": torch.empty(0, 4), "array": np.arange(4, dtype=np.int16), "whole": base,
    }  # fmt: skip
    checkpoint.write(state, tmp_path)
    assert equal(checkpoint.read(tmp_path), state)


def test_what_stands_twice_is_written_once(tmp_path: Path) -> None:
    weight = torch.randn(100_000)
    checkpoint.write({"weights": weight, "averaged": weight.detach()}, tmp_path)
    assert (tmp_path / "tensors.safetensors").stat().st_size < 1.1 * weight.nbytes


def test_what_cannot_be_written_down_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="cannot hold Generator"):
        checkpoint.write({"generator": torch.Generator()}, tmp_path)


class Keeper:
    """Makes an observer keep a checkpoint in a folder after every so many steps."""

    def __init__(self, observer: Any, folder: Path, every: int) -> None:
        self.saved: list[int] = []
        self.folder, self.steps = folder, 0
        observer.checkpoint_due = lambda: self._due(every)
        observer.save_checkpoint = self._save
        observer.load_checkpoint = lambda: checkpoint.read(self._newest()) if self._all() else None

    def _due(self, every: int) -> bool:
        self.steps += 1
        return self.steps % every == 0

    def _save(self, state: dict[str, Any]) -> None:
        self.saved.append(state["step"])
        folder = self.folder / f"{state['step']:06d}"
        folder.mkdir()
        checkpoint.write(state, folder)

    def _all(self) -> list[Path]:
        return sorted(self.folder.iterdir())

    def _newest(self) -> Path:
        return self._all()[-1]


@pytest.mark.parametrize("network", ["mlp", "convolutional"])
def test_a_training_goes_on_from_files_bit_for_bit(digits, recorder, tmp_path: Path, network: str) -> None:
    settings = VAESettings(steps=45, seed=2, network=network, hidden=32)
    whole = train_vae(digits.train, digits.train_labels, settings)
    first = recorder(cancel_at=34)
    keeper = Keeper(first, tmp_path, every=10)
    with pytest.raises(KeyboardInterrupt):
        train_vae(digits.train, digits.train_labels, settings, first)
    assert keeper.saved == [10, 20, 30]
    second = recorder()
    said: list[str] = []
    second.log = said.append  # type: ignore[method-assign]
    Keeper(second, tmp_path, every=1000)
    again = train_vae(digits.train, digits.train_labels, settings, second)
    assert said[0] == "Resumed at step 30."
    assert second.metrics[0][0] > 30
    assert equal(dict(again.model.state_dict()), dict(whole.model.state_dict()))
    assert again.report["losses"] == whole.report["losses"]


def test_the_time_trained_before_counts(digits, recorder) -> None:
    training = make(digits, VAESettings(seconds=2.0), recorder())
    training.run(until=5)
    state = training.state() | {"seconds": 1.8}
    again = make(digits, VAESettings(seconds=2.0), recorder())
    again.restore(state)
    assert again.run().seconds == pytest.approx(2.0, abs=0.6)  # not 3.8


def test_a_checkpoint_of_a_training_that_was_stopped_early_is_not_trained_further(digits, recorder) -> None:
    """The worker died after the training, while it measured; the checkpoint is older than the wish to stop."""
    first = recorder(stop_at=40)
    training = make(digits, VAESettings(steps=500), first)
    training.run(until=20)
    state = training.state()
    outcome = training.run()
    assert (outcome.steps, outcome.ended) == (40, "stopped early")
    second = recorder()
    second.remember(PLAN, first.recall(PLAN))
    again = make(digits, VAESettings(steps=500), second)
    again.restore(state)
    repeated = again.run()
    assert (repeated.steps, repeated.ended) == (40, "stopped early")
    assert repeated.losses == outcome.losses


def test_a_checkpoint_of_the_last_step_needs_no_further_one(digits, recorder) -> None:
    settings = VAESettings(steps=12)
    training = make(digits, settings, recorder())
    training.run()
    again = make(digits, settings, recorder())
    again.restore(training.state())
    assert again.run().steps == 12
    assert equal(dict(again.averages["vae"].state_dict()), dict(training.averages["vae"].state_dict()))


def test_the_reported_losses_do_not_depend_on_the_clock(digits, recorder) -> None:
    """They are means over the last steps, not over what happened since somebody looked."""
    quick, slow = recorder(), recorder()
    slow.metric = lambda step, **values: None  # type: ignore[method-assign]
    count = 0

    def check() -> None:
        nonlocal count
        count += 1
        if count % 20 == 0:
            import time

            time.sleep(0.3)  # longer than the time between two looks at the losses

    slow.check = check  # type: ignore[method-assign]
    settings = VAESettings(steps=90, seed=5)
    losses = [make(digits, settings, observer).run().losses for observer in (quick, slow)]
    assert losses[0] == losses[1]
