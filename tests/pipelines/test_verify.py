"""The same version gives the same values again: seen on the first demo, and seen to be missed where it is not so."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pipelines import running, templates
from pipelines.cli import main
from pipelines.document import Document, Node, Wire
from pipelines.part import Part
from pipelines.service import Service
from pipelines.supervisor import start_worker
from pipelines.worker import Worker
from tests.pipelines.conftest import begin, chain, until


def finished(service: Service, document: Document, pipeline: str | None = None) -> str:
    """A run done by a worker of this process."""
    worker = Worker(service.home, service.catalogue, "cpu")
    run = begin(service, document, pipeline)
    while worker.step():
        pass
    worker.close()
    assert service.run(run).status == "done"
    return run


def drifting(mark: Path) -> Document:
    """a → b → c, of which b counts how often it ran and adds that."""
    nodes = (
        Node("a", "probe.source"), Node("b", "probe.drift", params={"mark": str(mark)}, title="Drift"),
        Node("c", "probe.step"),
    )  # fmt: skip
    return Document(
        "drifting", nodes, (Wire(("a", "scores"), ("b", "scores")), Wire(("b", "scores"), ("c", "scores")))
    )


def test_a_training_of_half_a_second_is_repeated_to_the_byte(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    document = templates.get("digits-vae").document.with_param("vae", "budget", {"seconds": 0.5})
    worker = start_worker(service.home, "cpu")
    try:
        run = running.start(service, document, "digits-vae")
        until(lambda: service.run(run).status not in ("queued", "running"), 120, "the first run")
    finally:
        worker.terminate()
        worker.wait()
    assert service.run(run).status == "done"
    code = main(["verify", "1", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert [output for output in told["outputs"] if not output["same"]] == []
    assert {"vae", "samples", "score"} <= {output["node"] for output in told["outputs"]}
    assert (code, told["same"], told["error"]) == (0, True, None)


def test_an_output_that_differs_is_named_and_the_command_fails(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished(service, drifting(tmp_path / "mark"))
    assert main(["verify", "1"]) == 1
    told = capsys.readouterr().out
    assert "✓ Probe source, scores: same" in told
    assert "2 of 3 outputs of run 1 differ, first that of “Drift”." in told


def test_a_reused_step_follows_the_notes_of_the_step_that_computed_it(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = Document("noted", (Node("a", "probe.noted", params={"mark": str(tmp_path / "mark")}),))
    first = finished(service, document)
    second = begin(service, document, service.run(first).pipeline)
    assert service.steps(second)[0].status == "reused"
    assert main(["verify", "2"]) == 0
    assert "All 1 outputs of run 2 are the same" in capsys.readouterr().out


def test_a_part_is_repeated_as_a_part(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline = service.run(finished(service, chain(2))).pipeline
    document = chain(3)
    started = service.start_run(pipeline, os.urandom(8).hex(), document, Part(only="n2"))
    assert started.run, started.problems
    worker = Worker(service.home, service.catalogue, "cpu")
    while worker.step():
        pass
    worker.close()
    assert main(["verify", "2", "--json"]) == 0
    assert [o["node"] for o in json.loads(capsys.readouterr().out)["outputs"]] == ["n1", "n2"]


def test_what_cannot_be_repeated_is_refused_in_words(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(service, chain(1))
    assert main(["verify", "1"]) == 2
    assert "Run 1 is not done (queued), so there is nothing to compare with." in capsys.readouterr().err
    assert main(["verify", "7"]) == 2
    assert "There is no such run" in capsys.readouterr().err
    other = finished(service, chain(1, value=3))
    with service.home.database.write() as connection:
        connection.execute("UPDATE steps SET key = 'of an older block' WHERE run = ?", (other,))
    assert main(["verify", "2"]) == 2
    assert "“Probe source” was updated since this run" in capsys.readouterr().err
