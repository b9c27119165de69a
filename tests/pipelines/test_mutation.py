"""Mutated and heavy documents: whatever a file holds, the answer is a document or its problems, at once."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.document import Document, DocumentError, Problem, from_json, read
from pipelines.templates import get
from pipelines.validation import problems
from tests.pipelines.small import CATALOGUE, document

SEEDS = [
    get("digits-vae").document.to_json(),
    document(
        "d:make.files p:change.prepare v:learn.vae s:draw.images m:measure.scores",
        "d.images>p.images p.train>v.images v.model>s.model s.images>m.samples p.train>m.train",
        {"v": {"latent_size": 8, "budget": {"steps": 5}}},
    ).to_json(),
]
ODD: list[Any] = [
    None, True, -1, 0, 1.5, 10**5_000, float("nan"), float("inf"), "", "a", "../../etc/passwd", "http://127.0.0.1/",
    "{{7*7}}", "\u202eabc", "\u200b", "\x00", "\ud800", "x" * 100_000, [], {}, [[]], {"a": {}}, [1] * 100,
    {"id": "vae"}, ["vae", "model"], ["vae", "vae"], {"from": ["vae", "model"], "to": ["vae", "images"]},
    {"seconds": {"seconds": 1}}, b"bytes", {1: 2}, (1, 2), {1, 2}, "learn.vae", "make.digits", "vae", "samples",
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, item in items for place in places(item, (*path, name)))]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    value = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(places(value)[1:] or [()]))
        if not path:
            return value
        holder = value
        for name in path[:-1]:
            holder = holder[name]
        odd = copy.deepcopy(draw(st.sampled_from(ODD)))
        match draw(st.sampled_from(["replace", "remove", "add", "double"])):
            case "replace":
                holder[path[-1]] = odd
            case "remove":
                del holder[path[-1]]
            case "add" if isinstance(holder, dict):
                holder[draw(st.sampled_from(["new", "id", "params", "\ud800", "format"]))] = odd
            case "double" if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[path[-1]]))
    return value


def answer(call: Any) -> tuple[float, list[Problem]]:
    start = time.perf_counter()
    try:
        made: Document = call()
        assert from_json(made.to_json()) == read(made.text()) == made
        assert len(made.hash()) == 64
        found = problems(made, CATALOGUE)
    except DocumentError as error:
        found = error.problems
        assert found
    for problem in found:
        assert problem.message.endswith((".", "?"))
        json.dumps(problem.to_json(), ensure_ascii=False).encode()
    return time.perf_counter() - start, found


TIMES: list[float] = []


@settings(max_examples=600, deadline=1_000, derandomize=True, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_mutated_documents_are_answered(value: Any) -> None:
    TIMES.append(answer(lambda: from_json(value))[0])


@settings(max_examples=400, deadline=1_000, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 5_000), st.text(max_size=3)), min_size=1, max_size=4),
)
def test_mutated_texts_are_answered(value: Any, edits: list[tuple[int, str]]) -> None:
    written = json.dumps(value)
    for place, new in edits:
        place %= len(written)
        written = written[:place] + new + written[place + 1 :]
    TIMES.append(answer(lambda: read(written))[0])


def test_answers_come_at_once() -> None:
    assert len(TIMES) >= 900
    assert sorted(TIMES)[len(TIMES) * 99 // 100] < 0.05


HEAVY = {
    "5 MB of lists": "[" + "[]," * 1_600_000 + "[]]",
    "5 MB of one text": '{"name": "' + "x" * 4_900_000 + '"}',
    "5 MB of names": "{" + ",".join(f'"{i}":1' for i in range(450_000)) + "}",
    "5,000 nodes in a line": json.dumps(
        {
            "name": "D",
            "nodes": [
                {"id": f"n{i}", "block": "learn.vae", "params": {"latent_size": i}} for i in range(5_000)
            ],
            "wires": [{"from": [f"n{i}", "model"], "to": [f"n{i + 1}", "images"]} for i in range(4_999)],
        }
    ),
}


@pytest.mark.parametrize("written", HEAVY.values(), ids=HEAVY)
def test_heavy_documents_are_answered_within_seconds(written: str) -> None:
    seconds, found = answer(lambda: read(written))
    assert found
    assert seconds < 3
