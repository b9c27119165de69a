"""The controls of runs on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.service import Service
from tests.pipelines.conftest import begin, chain


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]):
    def call(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        out, error = capsys.readouterr()
        return code, out, error

    return call


def test_runs_are_listed(service: Service, say) -> None:
    assert say("runs") == (0, "No run yet.\n", "")
    begin(service, chain(2))
    begin(service, chain(3, value=2))
    code, out, _ = say("runs")
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ["2", "queued", "0/3", "steps", "chain"], ["1", "queued", "0/2", "steps", "chain"],
    ]  # fmt: skip
    listed = json.loads(say("runs", "--json")[1])
    assert [(run["number"], run["status"], run["steps_total"]) for run in listed] == [
        (2, "queued", 3),
        (1, "queued", 2),
    ]


def test_pause_resume_cancel_and_retry(service: Service, say) -> None:
    run = begin(service, chain(2))
    for word, status in (
        ("pause", "paused"),
        ("resume", "queued"),
        ("cancel", "cancelled"),
        ("retry", "queued"),
    ):
        code, out, error = say(word, "1")
        assert (code, error) == (0, "")
        assert out.split()[:2] == ["1", status]
        assert service.run(run).status == status
        assert ("No worker is running" in out) == (status == "queued")


def test_all_are_cancelled_moved_and_cleared(service: Service, say) -> None:
    for value in range(3):
        begin(service, chain(1, value=value))
    assert say("move", "3", "first")[0] == 0
    assert [run.number for run in service.queue()] == [3, 1, 2]
    assert say("cancel", "--all") == (0, "Runs cancelled: 3.\n", "")
    assert say("clear")[1].startswith("Runs removed from the list: 3.")
    assert service.runs() == []


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("pause", "7"), 1, "There is no such run."),
        (("resume", "1"), 1, "Run 1 waits for a worker, so there is nothing to resume."),
        (("stop", "1", "n0"), 1, "“Probe source” is not running, so there is nothing to stop."),
        (("save", "1", "x"), 1, "Run 1 has no block “x”."),
        (("cancel",), 2, "Give the number of a run, or --all."),
        (("cancel", "1", "--all"), 2, "Give the number of a run, or --all."),
    ],
)
def test_a_refusal_is_a_sentence(service: Service, say, words: tuple[str, ...], code: int, says: str) -> None:
    begin(service, chain(1))
    found = say(*words)
    assert (found[0], found[1]) == (code, "")
    assert found[2].startswith(says)


def test_the_home_is_that_of_the_environment(service: Service, say, tmp_path: Path) -> None:
    begin(service, chain(1))
    assert (tmp_path / "home" / "genloom.db").exists()
    assert say("runs")[1].startswith("    1  queued")
