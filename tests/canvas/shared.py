"""Cases that the canvas and the server must answer alike; `python -m tests.canvas.shared` writes them for vitest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pydantic

from canvas import catalogue_message
from nodes.params import explain
from tests.canvas import blocks, documents

TARGET = Path(__file__).parents[2] / "canvas" / "frontend" / "src" / "rules" / "shared.test.json"

VALUES: list[tuple[str, str, list[Any]]] = [
    ("train.vae", "latent_size", [16, 1, 2, 512, 513, 1_000_000, 3.5, "abc", "", None]),
    ("train.vae", "learning_rate", [0.002, 0, -1, 0.1, 0.2, "fast", None, 1e-7, 123_456_789]),
    ("train.vae", "network", ["auto", "dense", "huge", None, 3]),
    ("train.vae", "budget", [{"seconds": 30}, {"seconds": 0}, {"seconds": -1}, {"steps": 0}, {"steps": 2.5}]),
    ("train.vae", "budget", [{"epochs": 2_000_000}, {"seconds": 10_000_000}, {"seconds": 1, "steps": 2}, {}]),
    ("train.vae", "budget", [{"steps": 100}, {"seconds": None}, {"epochs": 0.5}, {"seconds": "soon"}]),
    ("dataset.digits", "limit", [None, 10, 9, 2001, "many"]),
    ("preprocess.images", "size", [16, 3, 300]),
    ("preprocess.images", "grey", [True, False, "maybe", None]),
    ("generate.images", "prompt", ["x", 3, None]),
    ("dataset.images", "archive", [{"hash": "ab" * 32, "name": "x"}]),
]


def text() -> str:
    """All cases as JSON."""
    known = blocks.load()
    catalogue = catalogue_message(known.describe())
    checks = [_check(known, block, name, value) for block, name, values in VALUES for value in values]
    cases = {
        "catalogue": json.loads(catalogue.model_dump_json(by_alias=True)),
        "chain": documents.chain(),
        "checks": checks,
    }
    return json.dumps(cases, ensure_ascii=False, indent=1) + "\n"


def _check(known: Any, block: str, name: str, value: Any) -> dict[str, Any]:
    params = known.get(block).params
    says = None
    try:
        params.__pydantic_validator__.validate_assignment(params.model_construct(), name, value)
    except pydantic.ValidationError as error:
        says = dict(explain(error, params)).get(name)
    return {"block": block, "field": name, "value": value, "says": says}


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
