"""Parameters: what the form shows, how a budget is read, and how a wrong value is explained."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from nodes.params import Budget, Param, Params, Upload, explain, form_fields


class Form(Params):
    count: int = Param(4, ge=1, le=9, unit="px", title="Count", description="How many.")
    rate: float = Param(0.5, gt=0, le=1, title="Rate", description="How fast.", advanced=True, step=0.1)
    mode: Literal["a", "b"] = Param("a", title="Mode", description="Which.", choices={"a": "first"})
    on: bool = Param(True, title="On", description="Whether.", shown_when={"mode": "b"})
    name: str = Param("x", title="Name", description="Which one.")
    limit: int | None = Param(None, ge=2, title="Limit", description="At most.")
    budget: Budget = Param(Budget(seconds=30), title="Budget", description="How long.")


class Needs(Params):
    archive: Upload = Param(title="Images", description="A zip of images.")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"count": 0}, "Count must be at least 1 px, but is 0."),
    ({"count": 10}, "Count must be at most 9 px, but is 10."),
    ({"count": 1.5}, "Count must be a whole number, but is 1.5."),
    ({"count": "many"}, "Count must be a whole number, but is “many”."),
    ({"count": None}, "Count must be a whole number, but is empty."),
    ({"rate": 0}, "Rate must be more than 0, but is 0."),
    ({"rate": float("nan")}, "Rate must be a number, but is not a finite number."),
    ({"rate": float("inf")}, "Rate must be a number, but is not a finite number."),
    ({"rate": []}, "Rate must be a number, but is []."),
    ({"mode": "c"}, "Mode must be one of 'a' or 'b', but is “c”."),
    ({"on": "perhaps"}, "On must be true or false, but is “perhaps”."),
    ({"name": 3}, "Name must be text, but is 3."),
    ({"limit": 1}, "Limit must be at least 2, but is 1."),
    (
        {"size": 1},
        "There is no parameter “size”. This block has: count, rate, mode, on, name, limit, budget.",
    ),
    ({"budget": "soon"}, 'Budget: a budget is written like "30 s", "500 steps" or "20 epochs".'),
    ({"budget": {}}, "Budget: give exactly one of seconds, steps or epochs."),
    ({"budget": {"seconds": 1, "steps": 2}}, "Budget: give exactly one of seconds, steps or epochs."),
    ({"budget": "0 s"}, "Budget: seconds must be more than 0, but is 0.0."),
    ({"budget": "1.5 steps"}, "Budget: steps must be a whole number, but is 1.5."),
    ({"budget": {"hours": 1}}, "Budget: there is no part “hours”."),
]


@pytest.mark.parametrize(("values", "sentence"), WRONG, ids=[str(values) for values, _ in WRONG])
def test_a_wrong_value_is_explained_in_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as error:
        Form.model_validate(values)
    assert explain(error.value, Form) == [(next(iter(values)), sentence)]


def test_a_missing_value_says_what_it_is_for() -> None:
    with pytest.raises(ValidationError) as error:
        Needs.model_validate({})
    assert explain(error.value, Needs) == [("archive", "Images is needed. A zip of images.")]


@pytest.mark.parametrize("hash", ["abc", "../../etc/passwd", "A" * 64, "0" * 63 + "\n", None])
def test_an_upload_is_named_by_its_hash_alone(hash: Any) -> None:
    with pytest.raises(ValidationError) as error:
        Needs.model_validate({"archive": {"hash": hash}})
    ((name, sentence),) = explain(error.value, Needs)
    assert name == "archive"
    assert sentence.startswith("Images: ")


def test_a_long_or_strange_value_is_shown_short() -> None:
    with pytest.raises(ValidationError) as error:
        Form.model_validate({"count": "x" * 1000, "rate": {"a": ["b"] * 500}})
    assert all(len(sentence) < 150 for _, sentence in explain(error.value, Form))


BUDGETS: list[tuple[Any, dict[str, Any], str]] = [
    (30, {"seconds": 30.0}, "30 s"),
    ("30", {"seconds": 30.0}, "30 s"),
    ("30 s", {"seconds": 30.0}, "30 s"),
    ("2.5 seconds", {"seconds": 2.5}, "2.5 s"),
    ("2 min", {"seconds": 120.0}, "120 s"),
    ("1 Minute", {"seconds": 60.0}, "60 s"),
    ("500 steps", {"steps": 500}, "500 steps"),
    ("1e4 steps", {"steps": 10_000}, "10,000 steps"),
    ("1 step", {"steps": 1}, "1 step"),
    ("20 epochs", {"epochs": 20.0}, "20 epochs"),
    ("0.5 epoch", {"epochs": 0.5}, "0.5 epochs"),
    ({"steps": 3}, {"steps": 3}, "3 steps"),
]


@pytest.mark.parametrize(("given", "parts", "words"), BUDGETS, ids=[str(given) for given, *_ in BUDGETS])
def test_a_budget_reads_what_a_person_writes(given: Any, parts: dict[str, Any], words: str) -> None:
    budget = Budget.model_validate(given)
    assert budget.model_dump(exclude_none=True) == parts
    assert budget.words() == words
    assert Budget.model_validate_json(budget.model_dump_json()) == budget


@pytest.mark.parametrize(
    "given", ["", "s", "-3 s", "3 parsecs", "1e999 s", "1..2 s", "nan", True, [], 0, -1, 10**9]
)
def test_a_budget_refuses_the_rest(given: Any) -> None:
    with pytest.raises(ValidationError):
        Budget.model_validate(given)


def test_the_form_has_everything_a_field_needs() -> None:
    fields = {entry["name"]: entry for entry in form_fields(Form)}
    assert json.loads(json.dumps(fields)) == fields
    widgets = ["integer", "number", "choice", "switch", "text", "integer", "budget"]
    assert [entry["widget"] for entry in fields.values()] == widgets
    assert (fields["count"]["minimum"], fields["count"]["maximum"]) == (1, 9)
    assert (fields["count"]["unit"], fields["count"]["required"]) == ("px", False)
    assert (fields["rate"]["minimum"], fields["rate"]["exclusive_minimum"], fields["rate"]["step"]) == (
        0,
        True,
        0.1,
    )
    assert fields["rate"]["advanced"]
    assert fields["mode"]["choices"] == [{"value": "a", "label": "first"}, {"value": "b", "label": "b"}]
    assert fields["on"]["shown_when"] == {"mode": "b"}
    assert (fields["limit"]["nullable"], fields["limit"]["minimum"]) == (True, 2)
    assert fields["budget"]["default"] == {"seconds": 30.0}
    assert form_fields(Needs)[0]["required"]


def test_parameters_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Form().count = 5  # type: ignore[misc]
