"""The document: what is read, what is refused and in which words, and what survives a round."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines import reading
from pipelines.document import Document, DocumentError, Node, Problem, Wire, from_json, read

DATA = Path(__file__).parent.parent / "data"
CORPUS = (DATA / "format-1.json").read_text(encoding="utf-8")

ALL_FIELDS = Document(
    name="Every field of format 1 – größer, 数字",
    description="Written once and never changed: this file must load for ever.\nSecond line.",
    seed=7,
    nodes=(
        Node("digits", "dataset.digits", 1, None, {}, (0.0, 200.0)),
        Node(
            "prep_2",
            "preprocess.images",
            1,
            "To 16×16",
            {"channels": "grey", "held_out": 0.28, "seed": 0, "size": 16},
            (340.5, -12.25),
        ),
        Node(
            "vae-1",
            "train.vae",
            3,
            None,
            {
                "budget": {"seconds": 30},
                "classes": [1, 2, None],
                "conditional": True,
                "note": '“quoted” \\ "text"',
            },
            (680.0, 0.0),
        ),
        Node("bare", "someone.elses"),
    ),
    wires=(
        Wire(("digits", "images"), ("prep_2", "images")),
        Wire(("prep_2", "train"), ("vae-1", "images")),
        Wire(("gone", "model"), ("bare", "model")),
    ),
)


def test_format_1_loads_for_ever() -> None:
    assert read(CORPUS) == ALL_FIELDS
    assert read(CORPUS.encode()) == ALL_FIELDS
    assert read(b"\xef\xbb\xbf" + CORPUS.encode()) == ALL_FIELDS


def test_its_hash_never_changes() -> None:
    assert ALL_FIELDS.hash() == "cf3abe4b2a4d2f4307d53c1dc5b9013c00da07c1a6b3323e0cc4f2d1f3b01916"


def test_every_round_gives_the_same() -> None:
    assert from_json(ALL_FIELDS.to_json()) == ALL_FIELDS
    assert from_json(json.loads(json.dumps(ALL_FIELDS.to_json()))) == ALL_FIELDS
    assert read(ALL_FIELDS.text()) == ALL_FIELDS
    assert read(ALL_FIELDS.text()).text() == ALL_FIELDS.text()


def test_text_is_laid_out_for_reading_and_comparing() -> None:
    document = Document(
        "Two",
        (Node("a", "x.y", params={"b": {"seconds": 1}, "a": [1]}), Node("b", "x.z")),
        (Wire(("a", "o"), ("b", "i")),),
    )
    assert (
        document.text()
        == """{
  "format": 1,
  "name": "Two",
  "description": "",
  "seed": 0,
  "nodes": [
    {
      "id": "a",
      "block": "x.y",
      "version": 1,
      "title": null,
      "params": {
        "a": [
          1
        ],
        "b": {
          "seconds": 1
        }
      },
      "position": [0, 0]
    },
    {
      "id": "b",
      "block": "x.z",
      "version": 1,
      "title": null,
      "params": {},
      "position": [0, 0]
    }
  ],
  "wires": [
    {"from": ["a", "o"], "to": ["b", "i"]}
  ]
}
"""
    )
    assert read(Document("None").text()) == Document("None")


def test_what_was_given_is_never_shared() -> None:
    value = ALL_FIELDS.to_json()
    document = from_json(value)
    value["nodes"][2]["params"]["budget"]["seconds"] = 99
    document.to_json()["nodes"][2]["params"]["budget"]["seconds"] = 99
    assert document == ALL_FIELDS


# ---- the hash ----


def changed(**fields: Any) -> dict[str, Any]:
    value = from_json(ALL_FIELDS.to_json()).to_json()
    for path, new in fields.items():
        place: Any = value
        *way, last = [int(name) if name.isdigit() else name for name in path.split("__")]
        for name in way:
            place = place[name]
        place[last] = new
    return value


SAME_RUN = {
    "name": {"name": "Other"},
    "description": {"description": "Other"},
    "position": {"nodes__1__position": [9, 9]},
    "title": {"nodes__1__title": "Other"},
    "a whole number written as a float": {"nodes__1__params__size": 16.0},
    "order of the nodes": {"nodes": ALL_FIELDS.to_json()["nodes"][::-1]},
    "order of the wires": {"wires": ALL_FIELDS.to_json()["wires"][::-1]},
}
OTHER_RUN = {
    "seed": {"seed": 8},
    "block": {"nodes__1__block": "x.y"},
    "version": {"nodes__1__version": 2},
    "parameter": {"nodes__1__params__size": 17},
    "truth instead of one": {"nodes__2__params__conditional": 1},
    "wire": {"wires__0__to": ["prep_2", "other"]},
}


@pytest.mark.parametrize("fields", SAME_RUN.values(), ids=SAME_RUN)
def test_hash_ignores_what_a_run_does_not_need(fields: dict[str, Any]) -> None:
    assert from_json(changed(**fields)).hash() == ALL_FIELDS.hash()


@pytest.mark.parametrize("fields", OTHER_RUN.values(), ids=OTHER_RUN)
def test_hash_sees_what_a_run_needs(fields: dict[str, Any]) -> None:
    assert from_json(changed(**fields)).hash() != ALL_FIELDS.hash()


def test_hash_sees_the_order_of_wires_into_one_port() -> None:
    wires = (Wire(("a", "o"), ("c", "i")), Wire(("b", "o"), ("c", "i")))
    nodes = tuple(Node(id, "x.y") for id in "abc")
    assert Document("D", nodes, wires).hash() != Document("D", nodes, wires[::-1]).hash()


# ---- settings from the command line ----

SET = {
    "number": ("seed", "5", {"seed": 5}),
    "decimal": ("rate", "1e-3", {"rate": 0.001}),
    "truth": ("flag", "true", {"flag": True}),
    "nothing": ("limit", "null", {"limit": None}),
    "text": ("name", "some words", {"name": "some words"}),
    "number kept as text": ("name", '"5"', {"name": "5"}),
    "list": ("sizes", "[1, 2]", {"sizes": [1, 2]}),
    "empty text": ("name", "", {"name": ""}),
    "budget in words": ("budget", "30 s", {"budget": "30 s"}),
    "into an object": ("inner.deep.x", "1", {"inner": {"deep": {"x": 1}, "kept": 2}}),
    "the same unit of a budget": ("budget.seconds", "5", {"budget": {"seconds": 5}}),
    "another unit of a budget": ("budget.steps", "500", {"budget": {"steps": 500}}),
    "not a finite number": ("rate", "NaN", {"rate": "NaN"}),
    "a value that is not text": ("rate", 0.5, {"rate": 0.5}),
}


@pytest.mark.parametrize(("name", "value", "expected"), SET.values(), ids=SET)
def test_with_param(name: str, value: Any, expected: dict[str, Any]) -> None:
    before = {"budget": {"seconds": 30}, "inner": {"kept": 2}}
    document = Document("D", (Node("vae", "train.vae", params=before), Node("b", "x.y")))
    after = document.with_param("vae", name, value)
    assert after.node("vae").params == {**before, **expected}
    assert document.node("vae").params == {"budget": {"seconds": 30}, "inner": {"kept": 2}}
    assert after.node("b") == document.node("b")


BAD_SET = {
    "unknown node": (("vea", "x", "1"), "There is no node “vea” in this pipeline. Did you mean “vae”?"),
    "unlike any node": (("zz", "x", "1"), "There is no node “zz” in this pipeline. It has: vae, b."),
    "no parameter": (("vae", "", "1"), "“” is not the name of a parameter."),
    "a hole": (("vae", "a..b", "1"), "“a..b” is not the name of a parameter."),
    "a value of no kind": (
        ("vae", "a", {1, 2}),
        "Parameter “a” of node “vae” is not a value that JSON knows.",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), BAD_SET.values(), ids=BAD_SET)
def test_with_param_explains(arguments: tuple[str, str, Any], message: str) -> None:
    document = Document("D", (Node("vae", "train.vae"), Node("b", "x.y")))
    with pytest.raises(DocumentError) as caught:
        document.with_param(*arguments)
    assert str(caught.value) == message


def test_with_seed() -> None:
    assert ALL_FIELDS.with_seed(8).seed == 8
    with pytest.raises(DocumentError, match="must be a whole number from 0 to 2,147,483,647, but is -1"):
        ALL_FIELDS.with_seed(-1)


def test_an_empty_pipeline_has_no_node() -> None:
    with pytest.raises(DocumentError, match=r"^There is no node “a” in this pipeline. It has no nodes.$"):
        Document("D").node("a")


# ---- formats ----


def test_older_formats_are_brought_up_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "FORMAT", 3)
    monkeypatch.setattr(
        reading,
        "UPGRADES",
        {
            1: lambda value: {**value, "name": value["name"] + " two"},
            2: lambda value: {**value, "name": value["name"] + " three"},
        },
    )
    assert read('{"format": 1, "name": "D", "nodes": [], "wires": []}').name == "D two three"
    assert read('{"format": 2, "name": "D", "nodes": [], "wires": []}').name == "D three"


def test_every_older_format_has_its_upgrade() -> None:
    assert sorted(reading.UPGRADES) == list(range(1, reading.FORMAT))
    assert {path.name for path in DATA.glob("format-*.json")} == {
        f"format-{n + 1}.json" for n in range(reading.FORMAT)
    }


def test_problems_are_plain_json() -> None:
    problem = Problem("Too small.", "vae", "latent_size")
    assert problem.to_json() == {"message": "Too small.", "node": "vae", "field": "latent_size"}
