"""The judge as a whole: it is steady, and it sees collapse and copying."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

import numpy as np
import pytest

from generative.observer import Silent
from generative.sampling import draw
from generative.scores.evaluator import BASELINE, Evaluator, evaluator_for
from generative.vae_training import VAESettings, train_vae

rng = np.random.default_rng(0)


def figures(rows) -> dict[str, float]:
    return {row.name: row.value for row in rows}


@pytest.fixture(scope="module")
def good(trained) -> np.ndarray:
    return draw(trained.model, 600, 1)


def test_the_same_samples_get_the_same_scores_to_the_digit(digits, evaluator, good):
    fresh = Evaluator(digits.train, digits.train_labels, digits.heldout, digits.heldout_labels, seed=0)
    first = evaluator.score(good)
    assert evaluator.score(good) == first
    assert fresh.score(good) == first
    assert evaluator.fid(good) == figures(first)["fid"]


def test_the_same_data_shares_one_evaluator(digits, evaluator):
    args = digits.train.copy(), digits.train_labels.copy(), digits.heldout, digits.heldout_labels
    assert evaluator_for(*args, seed=0) is evaluator
    assert evaluator_for(*args, seed=1) is not evaluator
    changed = digits.train.copy()
    changed[0, 0, 0, 0] ^= 1
    assert evaluator_for(changed, *args[1:], seed=0) is not evaluator


def test_a_score_says_all_that_is_needed_to_trust_it(evaluator, good):
    rows = evaluator.score(good, subject="mine")
    assert [row.name for row in rows] == ["fid", "kid", "precision", "recall", "near_copies"]
    for row in rows:
        assert row.low <= row.value <= row.high
        assert row.subject == "mine"
        assert row.meaning
        assert row.n > 0
        assert row.better == ("higher" if row.name in ("precision", "recall") else "lower")
        assert row.features == ("pixels" if row.name == "near_copies" else evaluator.features.name)
    json.dumps([asdict(row) for row in rows], allow_nan=False)


def test_a_score_is_quick(evaluator, good):
    evaluator.score(good)
    began = time.perf_counter()
    evaluator.score(np.concatenate([good, good])[:1000])
    assert time.perf_counter() - began < 1.5


def test_real_pictures_score_like_the_floor_and_noise_does_not(digits, evaluator):
    # In random order: the scans stand in the order of their writers.
    real = evaluator.score(digits.train[np.random.default_rng(5).permutation(len(digits.train))[:600]])
    assert all(abs(row.value - row.floor) < 0.15 for row in real if row.name not in ("fid", "near_copies"))
    noise = figures(evaluator.score(rng.integers(0, 256, (600, 16, 16, 1)).astype(np.uint8)))
    floor = next(row.floor for row in real if row.name == "fid")
    assert figures(real)["fid"] < 1.5 * floor
    assert noise["fid"] > 50 * floor
    assert noise["precision"] < 0.05


def test_collapse_raises_the_fid_and_lowers_the_recall(evaluator, trained, good):
    whole = figures(evaluator.score(good))
    collapsed = figures(evaluator.score(draw(trained.model, 600, 1, label=[0, 1])))
    assert collapsed["fid"] > 10 * whole["fid"]
    assert collapsed["kid"] > whole["kid"] + 0.1
    assert collapsed["recall"] < 0.6 * whole["recall"]


def test_a_memoriser_is_caught(digits, evaluator, good):
    picked = rng.integers(0, len(digits.train), 600)
    noise = rng.normal(0, 4, (600, 16, 16, 1))
    copies = np.clip(digits.train[picked] + noise, 0, 255).astype(np.uint8)
    caught = figures(evaluator.score(copies))
    honest = figures(evaluator.score(good))
    assert caught["near_copies"] > 0.95
    assert honest["near_copies"] < 0.05
    index, distance = evaluator.nearest(copies)
    assert (index == picked).mean() > 0.98
    assert distance.max() < 1


def test_the_baseline_stands_near_the_floor(evaluator):
    rows = evaluator.baseline_scores()
    assert {row.subject for row in rows} == {BASELINE}
    fid = next(row for row in rows if row.name == "fid")
    assert fid.value < 3 * fid.floor
    assert evaluator.baseline_scores() == rows


def test_without_labels(digits, trained):
    evaluator = Evaluator(digits.train, None, digits.heldout, None)
    rows = evaluator.score(draw(trained.model, 200, 0))
    assert "principal components" in rows[0].features


def test_training_shows_the_fid_that_the_judge_gives(digits, evaluator, recorder):
    class Listener(recorder):
        rows: list = []

        def scores(self, rows, step=None):
            self.rows = list(rows)

    listener = Listener()
    trained = train_vae(
        digits.train, digits.train_labels, VAESettings(seconds=4), listener, evaluator=evaluator
    )
    curve = [(step, values["fid"]) for step, values in listener.metrics if "fid" in values]
    assert len(curve) >= 2
    samples = draw(trained.model, evaluator.samples_wanted, seed=0)
    assert evaluator.score(samples) == listener.rows
    assert curve[-1] == (trained.report["steps"], figures(listener.rows)["fid"])
    assert trained.report["scores"] == [asdict(row) for row in listener.rows]


def test_drawing_needs_no_listener(trained):
    assert np.array_equal(draw(trained.model, 3, 0, observer=Silent()), draw(trained.model, 3, 0))


@pytest.mark.parametrize(
    ("train", "held", "words"),
    [
        ((3, 8, 8, 1), (40, 8, 8, 1), "at least 5 training images, but there are 3"),
        ((40, 8, 8, 1), (0, 8, 8, 1), "at least 5 held-out images, but there are 0"),
        ((40, 8, 8, 1), (40, 8, 8, 3), "8 × 8 × 1 but the held-out images are uint8 8 × 8 × 3"),
    ],
)
def test_data_that_cannot_be_judged_is_explained(train, held, words):
    with pytest.raises(ValueError, match=words):
        Evaluator(np.zeros(train, np.uint8), None, np.zeros(held, np.uint8))


@pytest.mark.parametrize(
    ("shape", "words"), [((9, 8, 8, 1), "8 × 8 × 1 but the real"), ((2, 16, 16, 1), "there are 2")]
)
def test_samples_that_cannot_be_judged_are_explained(evaluator, shape, words):
    with pytest.raises(ValueError, match=words):
        evaluator.score(np.zeros(shape, np.uint8))
