"""Parts of a pipeline and stored results: what runs, what is reused, what is refused, and why, in words."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.document import Document, DocumentError, Node, Wire
from pipelines.part import Part
from pipelines.service import Service
from tests.pipelines.conftest import begin, chain

Finish = Callable[[str], str]


def fork() -> Document:
    """a → b → c, and beside them a → side."""
    nodes = (
        Node("a", "probe.source", title="Start"), Node("b", "probe.step", title="Middle"),
        Node("c", "probe.step", title="End"), Node("side", "probe.step", title="Side", params={"value": 9}),
    )  # fmt: skip
    pairs = [("a", "b"), ("b", "c"), ("a", "side")]
    return Document("fork", nodes, tuple(Wire((a, "scores"), (b, "scores")) for a, b in pairs))


def run_part(service: Service, document: Document, part: Part, pipeline: str | None = None) -> str:
    id = pipeline or service.import_document(document.text().encode()).id
    started = service.start_run(id, os.urandom(8).hex(), document, part)
    assert started.run, started.problems
    return started.run


def refusal(service: Service, document: Document, part: Part) -> str:
    id = service.import_document(document.text().encode()).id
    started = service.start_run(id, os.urandom(8).hex(), document, part)
    assert started.run is None
    return started.problems[0].message


def reasons(service: Service, run: str) -> dict[str, str]:
    return {step.node: step.reason for step in service.steps(run)}


def test_run_to_here_runs_the_block_and_what_it_needs(service: Service, finish: Finish) -> None:
    run = run_part(service, fork(), Part(until="b"))
    assert finish(run) == "done"
    assert reasons(service, run) == {"a": "first run", "b": "first run"}
    rest = begin(service, fork(), service.run(run).pipeline)
    assert reasons(service, rest) == {
        "a": "reused from run 1", "b": "reused from run 1", "c": "runs: new block", "side": "runs: new block",
    }  # fmt: skip
    assert len(service.run_document(run)["nodes"]) == 4  # the version is whole


def test_run_to_here_does_not_mind_what_is_wrong_after_it(service: Service, finish: Finish) -> None:
    broken = fork().with_param("c", "seconds", -1)
    assert finish(run_part(service, broken, Part(until="b"))) == "done"
    assert "Seconds must be at least 0" in refusal(service, broken, Part())


def test_a_block_alone_runs_from_stored_results(service: Service, finish: Finish, tmp_path: Path) -> None:
    document = fork()
    first = run_part(service, document, Part(until="b"))
    finish(first)
    alone = run_part(service, document, Part(only="c"), service.run(first).pipeline)
    assert finish(alone) == "done"
    assert reasons(service, alone) == {"b": "reused from run 1", "c": "runs: new block"}
    assert service.steps(alone)[1].scores[0]["value"] == 3


def test_a_block_alone_is_refused_while_its_inputs_are_not_stored(service: Service, finish: Finish) -> None:
    assert refusal(service, fork(), Part(only="c")) == (
        "“End” cannot run alone: the result of “Middle” before it is not stored for these settings. "
        "Run to here instead."
    )
    finish(begin(service, fork()))
    changed = fork().with_param("a", "value", 5)
    assert "the result of “Start” before it" in refusal(service, changed, Part(only="b"))
    both = replace(fork(), wires=(*fork().wires, Wire(("side", "scores"), ("c", "scores"))))
    assert "the results of “Middle”, “Side” before it are not stored" in refusal(
        service, both.with_seed(4), Part(only="c")
    )


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Part(until="x"), "There is no node “x”"),
        (Part(fresh=("x",)), "There is no node “x”"),
        (Part(until="a", only="b"), "Choose one of"),
        (Part(until="b", fresh=("side",)), "“Side” is no part of this run"),
        (Part(only="b", fresh=("a",)), "“Start” is no part of this run"),
    ],
)
def test_a_part_that_makes_no_sense_is_refused(service: Service, part: Part, words: str) -> None:
    assert words in refusal(service, fork(), part)
    with pytest.raises(DocumentError):
        part.cut(fork())


def test_a_fresh_block_runs_again_with_what_follows_and_replaces_its_result(
    service: Service, finish: Finish, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    document = fork().with_param("b", "mark", str(mark))
    first = begin(service, document)
    finish(first)
    again = run_part(service, document, Part(fresh=("b",)), service.run(first).pipeline)
    assert finish(again) == "done"
    assert reasons(service, again) == {
        "a": "reused from run 1", "side": "reused from run 1",
        "b": "runs: its stored result is not used, as asked", "c": "runs: Middle before it runs again",
    }  # fmt: skip
    assert len(mark.read_text().splitlines()) == 2
    third = begin(service, document, service.run(first).pipeline)
    assert reasons(service, third)["b"] == "reused from run 2"


def test_two_different_parts_at_once_are_two_runs(service: Service) -> None:
    whole = begin(service, fork())
    pipeline = service.run(whole).pipeline
    part = run_part(service, fork(), Part(until="b"), pipeline)
    assert part != whole
    assert run_part(service, fork(), Part(until="b"), pipeline) == part


def test_the_canvas_keeps_showing_what_a_part_leaves_out(service: Service, finish: Finish) -> None:
    opened = service.import_document(fork().text().encode())
    finish(begin(service, fork(), opened.id))
    changed = fork().with_param("b", "value", 4)
    service.save_draft(opened.id, opened.epoch, 1, changed.to_json())
    since = service.changes(0)[0]
    part = run_part(service, changed, Part(until="b"), opened.id)
    assert finish(part) == "done"
    live = service.live(opened.id)
    assert live["run"]["number"] == 2
    assert {node: state["reason"] for node, state in live["nodes"].items()} == {
        "a": "reused from run 1", "b": "runs: value changed", "c": "from run 1", "side": "from run 1",
    }  # fmt: skip
    assert live["nodes"]["c"]["scores"][0]["value"] == 3
    assert set(service.changes(since)[1][opened.id]["nodes"]) == {"a", "b"}


def test_a_whole_run_under_way_stays_visible_beside_a_part(service: Service, finish: Finish) -> None:
    opened = service.import_document(fork().text().encode())
    whole = begin(service, fork(), opened.id)
    run_part(service, fork().with_param("a", "value", 2), Part(until="a"), opened.id)
    assert service.live(opened.id)["nodes"]["c"]["status"] == "queued"
    since = service.changes(0)[0]
    finish(whole)
    delta = service.changes(since)[1][opened.id]["nodes"]
    assert (delta["c"]["status"], delta["c"]["reason"]) == ("done", "from run 1")


def test_a_result_that_vanishes_while_a_run_is_planned_is_planned_again(
    service: Service, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = chain(2)
    first = begin(service, document)
    finish(first)
    plan, times = service._planner.plan, list[int]()

    def plan_and_collect(*given: object) -> object:
        steps = plan(*given)  # type: ignore[arg-type]
        if not times:
            service._runs.forget_results([steps[1].key])
        times.append(1)
        return steps

    monkeypatch.setattr(service._planner, "plan", plan_and_collect)
    second = begin(service, document, service.run(first).pipeline)
    assert len(times) == 2
    assert reasons(service, second) == {
        "n0": "reused from run 1",
        "n1": "runs: its stored result was removed",
    }
    assert finish(second) == "done"


def test_planning_asks_the_store_a_few_times_and_not_once_per_step(service: Service, finish: Finish) -> None:
    document = chain(60)
    first = begin(service, document)
    finish(first)
    asked: list[str] = []
    service.home.database.connection.set_trace_callback(asked.append)
    changed = document.with_param("n30", "value", 2)
    service._planner.plan(changed, service.run(first).pipeline)
    service.home.database.connection.set_trace_callback(None)
    assert len(asked) < 20
