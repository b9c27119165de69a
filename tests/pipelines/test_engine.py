"""Runs, in this process: results, reuse with reasons, failures in words. The worker is stepped by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.document import Document, Node, Wire
from pipelines.service import Service
from storage.claims import Claims
from storage.reports import Reports, StepReport
from storage.workers import WorkerRows
from tests.pipelines.conftest import begin, chain

Finish = Callable[[str], str]


def _reasons(service: Service, run: str) -> dict[str, str]:
    return {step.node: step.reason for step in service.steps(run)}


def test_a_chain_passes_its_value_on(service: Service, finish: Finish) -> None:
    run = begin(service, chain(4, value=5))
    assert finish(run) == "done"
    assert [s.scores[0]["value"] for s in service.steps(run)] == [5, 6, 7, 8]
    assert _reasons(service, run) == dict.fromkeys(["n0", "n1", "n2", "n3"], "first run")


def test_a_diamond_waits_for_both_sides(service: Service, finish: Finish) -> None:
    nodes = (
        Node("a", "probe.source"), Node("b", "probe.step"), Node("c", "probe.step"), Node("d", "probe.step")
    )  # fmt: skip
    pairs = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]
    wires = tuple(Wire((a, "scores"), (b, "scores")) for a, b in pairs)
    run = begin(service, Document("diamond", nodes, wires))
    assert finish(run) == "done"
    assert service.steps(run)[-1].scores[0]["value"] == 5  # 1 + (1 + 1) + (1 + 1)


def test_nothing_is_computed_twice_and_it_says_from_which_run(
    service: Service, finish: Finish, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    document = chain(3, mark=str(mark))
    first = begin(service, document)
    finish(first)
    pipeline = service.run(first).pipeline
    again = begin(service, document, pipeline)
    assert service.run(again).status == "done"  # known at once, without a worker
    assert set(_reasons(service, again).values()) == {"reused from run 1"}
    assert len(mark.read_text().splitlines()) == 1
    assert service.steps(again)[2].scores == service.steps(first)[2].scores


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        (lambda d: d.with_param("n1", "value", 3),
         {"n0": "reused from run 1", "n1": "runs: value changed", "n2": "runs: Probe before it changed"}),
        (lambda d: d.with_param("n2", "seed", 3),
         {"n0": "reused from run 1", "n1": "reused from run 1", "n2": "runs: seed changed"}),
        (lambda d: d.with_seed(7),
         {"n0": "runs: seed changed", "n1": "runs: seed changed", "n2": "runs: seed changed"}),
        (lambda d: replace(d, nodes=(*d.nodes, Node("x", "probe.source", params={"value": 9}))),
         {"n0": "reused from run 1", "n1": "reused from run 1", "n2": "reused from run 1", "x": "runs: new block"}),
        (lambda d: replace(d, wires=(*d.wires, Wire(("n0", "scores"), ("n2", "scores")))),
         {"n0": "reused from run 1", "n1": "reused from run 1", "n2": "runs: another wire feeds “scores”"}),
        (lambda d: replace(d, nodes=(d.nodes[0], Node("n1", "probe.source", params={"value": 9}), d.nodes[2]),
                           wires=(d.wires[1],)),
         {"n0": "reused from run 1", "n1": "runs: the block was replaced",
          "n2": "runs: Probe source before it changed"}),
    ],
    ids=["parameter", "own seed", "base seed", "new block", "new wire", "replaced block"],
)  # fmt: skip
def test_a_step_that_runs_says_what_changed(
    service: Service, finish: Finish, change: Callable[[Document], Document], reasons: dict[str, str]
) -> None:
    document = chain(3)
    first = begin(service, document)
    finish(first)
    second = begin(service, change(document), service.run(first).pipeline)
    assert reasons.items() <= _reasons(service, second).items()
    assert finish(second) == "done"


def test_a_result_is_shared_by_pipelines_and_kept_when_its_pipeline_is_deleted(
    service: Service, finish: Finish
) -> None:
    first = begin(service, chain(2))
    finish(first)
    service.delete(service.run(first).pipeline)
    second = begin(service, chain(2))
    assert set(_reasons(service, second).values()) == {"reused from a run that was deleted"}


def test_a_result_whose_artifact_is_gone_is_made_again(service: Service, finish: Finish) -> None:
    import shutil

    first = begin(service, chain(2))
    finish(first)
    output = service.steps(first)[1].outputs["scores"]
    shutil.rmtree(service.home.artifacts.path(output["hash"]))
    second = begin(service, chain(2), service.run(first).pipeline)
    assert _reasons(service, second) == {
        "n0": "reused from run 1",
        "n1": "runs: its stored result was removed",
    }
    assert finish(second) == "done"


def test_an_impure_block_is_never_reused(service: Service, finish: Finish) -> None:
    document = Document("impure", (Node("a", "probe.impure"),))
    first = begin(service, document)
    finish(first)
    second = begin(service, document, service.run(first).pipeline)
    assert service.run(second).status == "queued"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("block", r"^The value is not to my liking\. Choose another\.$"),
        ("bug", r"^Probe source stopped because of a fault in the block itself.*ZeroDivisionError: planted"),
        ("memory", r"^Probe source ran out of memory\. [\d.,]+ [GM]B were free\. Try a smaller batch"),
    ],
)
def test_a_failure_is_told_in_words_and_its_followers_are_skipped(
    service: Service, finish: Finish, how: str, words: str
) -> None:
    import re

    document = chain(3, fail=how)
    document = replace(document, nodes=(*document.nodes, Node("other", "probe.source", params={"value": 4})))
    run = begin(service, document)
    assert finish(run) == "failed"
    states = {s.node: s for s in service.steps(run)}
    assert re.search(words, states["n0"].error or "")
    assert "Traceback" not in (states["n0"].error or "")
    assert "Traceback" in "".join(line["text"] for line in states["n0"].log)
    assert [states[n].status for n in ("n1", "n2", "other")] == ["skipped", "skipped", "done"]
    again = begin(service, document, service.run(run).pipeline)
    assert _reasons(service, again)["n0"] == "runs: it failed last time"
    assert _reasons(service, again)["other"] == "reused from run 1"


def test_one_request_starts_one_run_and_two_tabs_share_one(service: Service) -> None:
    document = chain(2)
    pipeline = service.import_document(document.text().encode()).id
    first = service.start_run(pipeline, "request", document)
    assert service.start_run(pipeline, "request", document) == first
    assert service.start_run(pipeline, "from another tab", document) == first
    other = service.start_run(pipeline, "changed", chain(2, value=2))
    assert other.number == 2


def test_cancel_ends_waiting_steps_at_once(service: Service, finish: Finish) -> None:
    run = begin(service, chain(3))
    service.cancel(run)
    assert service.run(run).status == "cancelled"
    assert finish(run) == "cancelled"
    assert {s.status for s in service.steps(run)} == {"cancelled"}


def test_a_claim_that_was_lost_can_write_nothing(service: Service) -> None:
    run = begin(service, chain(1))
    database = service.home.database
    claims, reports, workers = Claims(database), Reports(database), WorkerRows(database)
    old = claims.claim("ghost")[0]
    workers.bury("ghost")
    new = claims.claim("heir")[0]
    late = StepReport(run, "n0", old["token"], began=1.0, status="done", outputs={}, key=old["key"])
    assert reports.apply([late]) == [late]
    assert service.steps(run)[0].status == "queued"
    assert reports.apply([StepReport(run, "n0", new["token"], began=1.0, status="done", outputs={})]) == []
    assert service.run(run).status == "done"


def test_a_step_whose_worker_dies_three_times_is_given_up(service: Service) -> None:
    run = begin(service, chain(2))
    database = service.home.database
    for death in range(3):
        assert service.steps(run)[0].status == "queued"
        step = Claims(database).claim(f"worker {death}")[0]
        Reports(database).apply([StepReport(run, "n0", step["token"], began=1.0)])
        WorkerRows(database).bury(f"worker {death}")
    first, second = service.steps(run)
    assert (first.status, second.status) == ("failed", "skipped")
    assert (first.error or "").startswith("The worker process stopped 3 times while it ran this block")


def test_a_run_is_refused_with_its_problems(service: Service) -> None:
    document = chain(2).with_param("n0", "seconds", -1)
    pipeline = service.import_document(document.text().encode()).id
    started = service.start_run(pipeline, "r", document)
    assert started.run is None
    assert [(p.node, p.field, p.message) for p in started.problems] == [
        ("n0", "seconds", "“Probe source”: Seconds must be at least 0, but is -1.")
    ]
    assert service.runs() == []


def test_curves_are_thinned_out_and_keep_their_ends(service: Service) -> None:
    from pipelines.curves import MAX_POINTS
    from pipelines.recorder import StepLog

    log = StepLog({"run": "r", "node": "n", "token": "t", "save": 0})  # type: ignore[arg-type]
    for step in range(10_000):
        log.point(step, {"loss": 1.0})
    points = log.take().live["curves"]["loss"]  # type: ignore[index]
    assert MAX_POINTS / 4 < len(points) <= MAX_POINTS
    assert points[0][0] == 0
    assert points[-1][0] > 9_800


def test_the_forecast_says_what_a_run_would_do_before_it_starts(service: Service, finish: Finish) -> None:
    document = chain(3)
    opened = service.import_document(document.text().encode())
    assert service.forecast(opened.id) == dict.fromkeys(["n0", "n1", "n2"], "first run")
    finish(begin(service, document, opened.id))
    assert service.live(opened.id)["forecast"] == dict.fromkeys(["n0", "n1", "n2"], "reused from run 1")
    changed = document.with_param("n1", "value", 4).to_json()
    service.save_draft(opened.id, opened.epoch, 1, changed)
    assert service.forecast(opened.id) == {
        "n0": "reused from run 1", "n1": "runs: value changed", "n2": "runs: Probe before it changed"
    }  # fmt: skip
    service.save_draft(opened.id, opened.epoch, 2, document.with_param("n1", "seconds", -4).to_json())
    assert service.forecast(opened.id) is None


def test_a_copy_of_a_template_shows_the_templates_results_until_its_own_first_run(service: Service) -> None:
    copy = service.copy("template-digits-vae")
    live = service.live(copy.id)
    assert (live["run"], live["stored"]) == (None, True)
    assert {state["status"] for state in live["nodes"].values()} == {"stored"}
    assert live["nodes"]["score"]["scores"]
    assert set(live["forecast"].values()) == {"first run"}
    changed = copy.document
    next(node for node in changed["nodes"] if node["id"] == "samples")["params"]["seed"] = 9
    service.save_draft(copy.id, copy.epoch, copy.rev + 1, changed)
    forecast = service.live(copy.id)["forecast"]
    stale = {node for node, words in forecast.items() if words == "runs: changed since the stored result"}
    assert stale == {"samples", "score"}
