"""The buttons of the Runs page that act on runs and on the queue, on a real home without a worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pipelines.service import Service
from storage.claims import Claims
from tests.pipelines.conftest import BLOCKS, begin, chain
from tests.ui.conftest import _open, shown


@pytest.fixture
def waiting(home: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """Three runs that wait."""
    monkeypatch.setenv("GENLOOM_BLOCKS", str(BLOCKS))
    service = Service.open(home)
    for value in range(3):
        begin(service, chain(2, value=value))
    return service


def _press(test: AppTest, key: str) -> AppTest:
    next(one for one in test.button if one.key == key).click().run()
    assert not test.exception
    return test


def _labels(test: AppTest, run: str) -> set[str]:
    return {
        one.label
        for one in test.button
        if one.key and one.key.endswith(run) and not one.key.startswith("show")
    }


def _statuses(service: Service) -> list[str]:
    return [run.status for run in reversed(service.runs())]


def test_pause_and_resume_in_the_list(waiting: Service) -> None:
    first, test = waiting.run(1).id, _open("runs.py")
    assert "Waiting, in this order" in shown(test)
    assert _labels(test, first) == {"Pause", "Cancel", "First", "Up", "Down"}
    test = _press(test, f"pause {first}")
    assert _statuses(waiting) == ["paused", "queued", "queued"]
    assert "In progress" in shown(test)
    assert _labels(test, first) == {"Resume", "Cancel"}
    test = _press(test, f"resume {first}")
    assert _statuses(waiting) == ["queued"] * 3


def test_the_queue_is_reordered(waiting: Service) -> None:
    test = _open("runs.py")
    ids = [waiting.run(number).id for number in (1, 2, 3)]
    state = {one.key: one.disabled for one in test.button}
    assert [state[f"up {id}"] for id in ids] == [True, False, False]
    assert [state[f"down {id}"] for id in ids] == [False, False, True]
    test = _press(test, f"first {ids[2]}")
    assert [run.number for run in waiting.queue()] == [3, 1, 2]
    _press(test, f"down {ids[0]}")
    assert [run.number for run in waiting.queue()] == [3, 2, 1]


def test_all_are_cancelled_one_is_retried_and_the_rest_is_cleared(waiting: Service) -> None:
    test = _press(_open("runs.py"), "cancel all")
    assert _statuses(waiting) == ["cancelled"] * 3
    one = _press(_open("runs.py", run="2"), f"retry {waiting.run(2).id}")
    assert _statuses(waiting) == ["cancelled", "queued", "cancelled"]
    assert _labels(one, waiting.run(2).id) == {"Pause", "Cancel"}
    test = _press(_open("runs.py"), "clear ended")
    assert [run.number for run in waiting.runs()] == [2]
    assert not [one for one in test.button if one.key == "clear ended"]


@pytest.mark.parametrize(("key", "column"), [("stop", "stop"), ("save", "save")])
def test_a_training_that_runs_can_be_stopped_and_saved(
    home: Path, key: str, column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service.open(home)
    opened = service.open_template("digits-vae")
    run = service.start_run(opened.id, "one").run
    assert run is not None
    test = _open("runs.py", run="1")
    assert not [one for one in test.button if one.key == f"{key} vae"]
    Claims(service.home.database).claim("someone")
    with service.home.database.write() as connection:
        connection.execute("UPDATE steps SET status = 'running', token = 't' WHERE node = 'vae'")
    test = _press(_open("runs.py", run="1"), f"{key} vae")
    row = service.home.database.row(f"SELECT {column} AS asked FROM steps WHERE node = 'vae'")
    assert row is not None
    assert row["asked"] == 1


def test_a_button_that_is_late_does_nothing_and_the_page_shows_what_is(waiting: Service) -> None:
    run, test = waiting.run(1).id, _open("runs.py", run="1")
    waiting.cancel(run)  # by someone else, in the meantime
    test = _press(test, f"pause {run}")
    assert waiting.run(1).status == "cancelled"
    assert _labels(test, run) == {"Retry"}
