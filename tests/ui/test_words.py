"""Numbers, times and scores in words."""

from __future__ import annotations

import pytest

from ui import scores, words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0.04, "0 s"), (3.21, "3.2 s"), (9.96, "10 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"),
     (3600, "1 h 00 min"), (float("nan"), "–"), (-1, "–")],
)  # fmt: skip
def test_durations(seconds: float | None, text: str) -> None:
    assert words.took(seconds) == text


@pytest.mark.parametrize(
    ("past", "text"), [(5, "just now"), (50, "1 min ago"), (600, "10 min ago"), (7200, "2 h ago")]
)
def test_moments(past: float, text: str) -> None:
    assert words.ago(1_000_000 - past, 1_000_000) == text
    assert words.ago(None) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1.8974, "1.90"), (0.0123, "0.0123"), (123.4, "123"), (1234567, "1,234,567"), (2e-5, "2.00e-05"),
     (0.00123, "0.00123"), (2e-8, "2.00e-08"), (-0.0348, "-0.0348"), (None, "–"), (float("inf"), "–")],
)  # fmt: skip
def test_numbers(value: float | None, text: str) -> None:
    assert words.number(value) == text


def test_a_status_always_has_a_word_and_an_icon() -> None:
    for name in [*words.STATUSES, "something new", None]:
        shown = words.status(name)
        assert shown.word
        assert shown.icon.startswith(":material/")


def row(**more: object) -> dict[str, object]:
    base = {"name": "fid", "value": 1.9, "low": 1.7, "high": 2.2, "floor": 0.6, "n": 1797, "features": "f",
            "meaning": "m", "subject": "model", "better": "lower", "node": "a"}  # fmt: skip
    return {**base, **more}


def test_scores_of_one_model_stand_beside_its_baseline() -> None:
    table = scores.table([row(), row(subject="baseline: mixture", value=3.0, floor=0.5)], {"a": "Score"})
    assert len(table) == 1
    assert table[0]["Model"] == "1.90 (1.70 to 2.20)"
    assert table[0]["Baseline"].startswith("3.00")
    assert table[0]["Real pictures"] == "0.600"
    assert "Of" not in table[0]


def test_scores_of_several_models_name_each() -> None:
    table = scores.table([row(), row(node="b", value=2.5)], {"a": "VAE", "b": "GAN"})
    assert [line["Of"] for line in table] == ["VAE", "GAN"]


def test_the_score_for_little_room_is_the_models_own() -> None:
    assert words.best_score([row(subject="baseline"), row(value=5)])["value"] == 5  # type: ignore[index]
    assert words.best_score([]) is None
    assert words.score_text(row()) == "FID 1.90 (1.70 to 2.20)"
