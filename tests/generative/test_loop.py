"""The training loop: repeatable, resumable, stoppable, and quick to show something."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from generative.budget import Budget
from generative.device import Device
from generative.loop import PLAN, LoopSettings, Shuffle, Training
from generative.sampling import draw
from generative.vae_training import VAERecipe, VAESettings, build_vae, to_tensors, train_vae

NAMES = tuple("0123456789")


def make(digits, settings: VAESettings, observer) -> Training:
    model = build_vae(digits.train, NAMES, settings)
    pictures, labels = to_tensors(digits.train, digits.train_labels)
    recipe = VAERecipe(model, pictures, labels, settings)
    loop = LoopSettings(settings.budget, settings.batch_size, settings.seed)
    return Training(recipe, (pictures,), loop, Device("cpu"), observer)


def weights(training_or_model) -> torch.Tensor:
    model = (
        training_or_model.averages["vae"] if isinstance(training_or_model, Training) else training_or_model
    )
    return torch.cat([weight.flatten() for weight in model.parameters()])


def test_a_budget_in_seconds_replays_bit_for_bit(digits, recorder):
    settings = VAESettings(seconds=1.5, seed=4)
    first = recorder()
    one = train_vae(digits.train, digits.train_labels, settings, first)
    again = recorder()
    again.remember(PLAN, first.recall(PLAN))
    # Another load of the machine is the point of it: the second goes about its work at another speed.
    again.check = lambda: time.sleep(0.0005)  # type: ignore[method-assign]
    two = train_vae(digits.train, digits.train_labels, settings, again)
    assert one.report["steps"] == two.report["steps"] > 20
    assert torch.equal(weights(one.model), weights(two.model))
    assert np.array_equal(draw(one.model, 20, 0), draw(two.model, 20, 0))


def test_a_budget_in_seconds_is_kept(digits, recorder):
    listener = recorder()
    began = time.perf_counter()
    report = train_vae(digits.train, digits.train_labels, VAESettings(seconds=2), listener).report
    assert report["seconds"] == pytest.approx(2, rel=0.25)
    assert time.perf_counter() - began < 5
    assert report["plan"]["measured_at"] < report["steps"]
    assert listener.fractions == sorted(listener.fractions) or max(listener.fractions) <= 1
    assert all(left is None or left >= 0 for left in listener.left)


def test_state_can_be_taken_out_between_steps_and_put_back(digits, recorder):
    settings = VAESettings(steps=60, seed=2)
    whole = make(digits, settings, recorder())
    whole.run()
    first = make(digits, settings, recorder())
    first.run(until=25)
    state = first.state()
    first.run(until=40)  # what happens afterwards must not reach into the state
    second = make(digits, settings, recorder())
    second.restore(state)
    assert second.step == 25
    second.run()
    assert torch.equal(weights(whole), weights(second))


def test_a_state_of_another_model_is_refused(digits, recorder):
    training = make(digits, VAESettings(steps=5), recorder())
    state = training.state()
    state["players"] = {"generator": state["players"]["vae"]}
    with pytest.raises(ValueError, match="another model"):
        training.restore(state)


def test_stopping_early_keeps_a_usable_model(digits, recorder):
    listener = recorder(stop_at=40)
    trained = train_vae(digits.train, digits.train_labels, VAESettings(steps=5000), listener)
    assert trained.report["steps"] == 40
    assert trained.report["ended"] == "stopped early"
    assert draw(trained.model, 5, 0).shape == (5, 16, 16, 1)
    replay = recorder()
    replay.remember(PLAN, listener.recall(PLAN))
    assert train_vae(digits.train, digits.train_labels, VAESettings(steps=5000), replay).report["steps"] == 40


def test_giving_up_leaves_within_one_step(digits, recorder):
    listener = recorder(cancel_at=30)
    training = make(digits, VAESettings(steps=5000), listener)
    with pytest.raises(KeyboardInterrupt):
        training.run()
    assert training.step == 29


def test_the_first_preview_comes_within_a_second_and_previews_grow_rare(digits, recorder):
    listener = recorder()
    seen: list[float] = []
    keep = listener.preview

    def preview(step, make, caption=""):
        keep(step, make, caption)
        seen.append(time.perf_counter() - began)

    listener.preview = preview  # type: ignore[method-assign]
    training = make(digits, VAESettings(seconds=4), listener)
    began = time.perf_counter()
    training.run()
    assert seen[0] < 1
    assert len(seen) >= 3
    gaps = np.diff(seen[:-1])
    assert len(gaps) < 2 or gaps[-1] > gaps[0]  # a busy machine may show only three
    assert listener.previews[0].shape == (16, 16, 16, 1)
    assert not np.array_equal(listener.previews[0], listener.previews[-1])


def test_time_spent_on_showing_does_not_count(digits, recorder):
    listener = recorder()
    listener.preview = lambda step, make, caption="": time.sleep(0.3)  # type: ignore[method-assign]
    training = make(digits, VAESettings(seconds=1), listener)
    began = time.perf_counter()
    outcome = training.run()
    assert outcome.seconds == pytest.approx(1, rel=0.3)
    assert time.perf_counter() - began > outcome.seconds + 0.25


def test_too_few_images_are_explained(digits):
    with pytest.raises(ValueError, match="Batch size is 128 but there are only 40 images"):
        train_vae(digits.train[:40], digits.train_labels[:40], VAESettings(steps=5))


def test_a_loss_that_is_no_number_stops_with_words(digits):
    with pytest.raises(ValueError, match=r"no longer a number.*Lower the learning rate"):
        train_vae(digits.train, digits.train_labels, VAESettings(steps=3000, learning_rate=1e9))


def test_an_order_holds_everything_once():
    shuffle = Shuffle(10, 5, torch.Generator().manual_seed(0))
    first = torch.cat([shuffle.next(), shuffle.next()])
    assert sorted(first.tolist()) == list(range(10))
    assert not torch.equal(first, torch.cat([shuffle.next(), shuffle.next()]))


@pytest.mark.parametrize("budget", [Budget(steps=30), Budget(epochs=3)])
def test_steps_and_epochs_are_exact(digits, recorder, budget):
    settings = VAESettings(steps=budget.steps, epochs=budget.epochs)
    outcome = make(digits, settings, recorder()).run()
    assert outcome.steps == 30  # 1,294 images make 10 batches of 128
    assert set(outcome.losses) == {"loss", "reconstruction", "kl"}
