"""Garbage: what goes, what never goes, and that a worker or a new run in that moment loses nothing."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from pipelines.collect import seconds, size
from pipelines.document import Document, DocumentError, Node
from pipelines.service import Service
from storage.collect import Collector, Garbage
from tests.pipelines.conftest import begin, chain

Finish = Callable[[str], str]
DAY = 86_400.0


def collector(service: Service) -> Collector:
    return Collector(service.home, artifact_grace=0, file_grace=0)


def hashes(service: Service, run: str) -> list[str]:
    return [output["hash"] for step in service.steps(run) for output in step.outputs.values()]


def unused_for(service: Service, days: float) -> None:
    """Let time pass for every stored result."""
    with service.home.database.write() as connection:
        connection.execute(
            "UPDATE results SET created = created - ?, used = used - ?", (days * DAY, days * DAY)
        )


def cleared(service: Service, finish: Finish, document: Document) -> list[str]:
    """The artifacts of a run that was taken from the list."""
    run = begin(service, document)
    assert finish(run) == "done"
    found = hashes(service, run)
    service.clear(service.run(run).pipeline)
    return found


def test_what_a_run_in_the_list_needs_never_goes(service: Service, finish: Finish) -> None:
    run = begin(service, chain(4))
    finish(run)
    unused_for(service, 1000)
    found = collector(service)
    assert found.remove(found.look(0, 0)).things == []
    assert all(service.home.artifacts.has(h) for h in hashes(service, run))
    assert service.run(begin(service, chain(4), service.run(run).pipeline)).status == "done"


def test_results_go_by_age_once_no_run_needs_them(service: Service, finish: Finish) -> None:
    old = cleared(service, finish, chain(2, value=1))
    unused_for(service, 40)
    new = cleared(service, finish, chain(2, value=100))
    found = collector(service)
    gone = found.remove(found.look(30 * DAY, None))
    assert {t.name for t in gone.things} == set(old)
    assert not any(service.home.artifacts.has(h) for h in old)
    assert all(service.home.artifacts.has(h) for h in new)
    again = begin(service, chain(2, value=1))
    assert [s.status for s in service.steps(again)] == ["queued", "queued"]
    assert finish(again) == "done"


def test_what_was_used_lately_is_not_old(service: Service, finish: Finish) -> None:
    made = cleared(service, finish, chain(2))
    unused_for(service, 40)
    service.clear(service.run(begin(service, chain(2))).pipeline)  # reused just now
    found = collector(service)
    assert found.remove(found.look(30 * DAY, None)).things == []
    assert all(service.home.artifacts.has(h) for h in made)


def test_by_size_the_longest_unused_goes_first(service: Service, finish: Finish) -> None:
    groups = []
    for value in (1, 100, 10_000):
        groups.append(cleared(service, finish, chain(1, value=value)))
        unused_for(service, 1)
    found = collector(service)
    everything = found.look(None, None)
    assert everything.things == []
    gone = found.remove(found.look(None, everything.total - 1))
    assert {t.name for t in gone.things} == set(groups[0])
    assert found.look(None, None).total == everything.total - gone.size
    assert {t.name for t in found.remove(found.look(None, 0)).things} == {*groups[1], *groups[2]}


def test_what_a_waiting_step_would_reuse_stays(service: Service, finish: Finish, monkeypatch: Any) -> None:
    """A second pipeline waits with the same step, planned before the result existed."""
    first, second = begin(service, chain(1)), begin(service, chain(1))
    while service.run(first).status != "done":
        from storage.claims import Claims  # the worker of the test would run both

        step = Claims(service.home.database).claim("other")[0]
        _run_as_other(service, step)
    service.clear(service.run(first).pipeline)
    unused_for(service, 1000)
    found = collector(service)
    assert found.look(0, 0).results == []
    assert found.remove(found.look(0, 0)).things == []
    assert finish(second) == "done"
    assert service.steps(second)[0].status == "reused"


def _run_as_other(service: Service, step: Any) -> None:
    from pipelines.executor import Executor
    from pipelines.recorder import Recorder

    recorder = Recorder(service.home, "other")
    Executor(service.home, service.catalogue, recorder, "cpu").run_chain([step])
    recorder.close()


def test_pictures_and_uploads_stay_as_long_as_something_names_them(service: Service, tmp_path: Path) -> None:
    put = service.home.files.put
    drafted, versioned, forgotten = put(b"in a draft"), put(b"in a version"), put(b"nowhere")
    opened = service.import_document(_with_upload(versioned).text().encode())
    run = begin(service, _with_upload(versioned), opened.id)
    service.cancel(run)
    service.save_draft(opened.id, opened.epoch, 1, _with_upload(drafted).to_json())
    service.clear()
    found = collector(service)
    assert {t.name for t in found.remove(found.look(0, 0)).things} == {forgotten}
    assert service.home.files.path(drafted)
    assert service.home.files.path(versioned)


def _with_upload(digest: str) -> Document:
    return Document("upload", (Node("n", "probe.source", params={"fail": digest}),))


def test_checkpoints_go_with_their_run(service: Service, finish: Finish) -> None:
    run = begin(service, chain(1, fail="block"))
    finish(run)
    service.home.checkpoints.save(run, "n0", lambda folder: _write(folder / "state"))
    found = collector(service)
    assert found.look(0, 0).things == []  # a retry goes on from it
    service._control.clear()  # as if the process had ended before it removed them
    assert [t.kind for t in found.remove(found.look(0, 0)).things] == ["checkpoint"]
    assert service.home.checkpoints.load(run, "n0", lambda folder: True) is None


def _write(path: Path) -> None:
    path.write_text("x")


def test_the_last_hour_stays_because_a_worker_may_be_about_to_name_it(service: Service) -> None:
    stored = service.home.artifacts.put(lambda folder: _write(folder / "a"))
    found = Collector(service.home)
    assert found.look(0, 0).things == []
    long_ago = time.time() - 2 * 3600
    os.utime(stored.path, (long_ago, long_ago))
    garbage = found.look(0, 0)
    assert [t.name for t in garbage.things] == [stored.hash]
    service.home.artifacts.put(lambda folder: _write(folder / "a"))  # a worker made the same value meanwhile
    assert found.remove(garbage).things == []
    assert service.home.artifacts.has(stored.hash)
    os.utime(stored.path, (long_ago, long_ago))
    assert [t.name for t in found.remove(garbage).things] == [stored.hash]


@pytest.mark.parametrize("what", ["reused by a new run", "waited for", "made again"])
def test_what_is_needed_since_the_look_stays(service: Service, finish: Finish, what: str) -> None:
    made = cleared(service, finish, chain(2))
    found = collector(service)
    garbage = found.look(0, None)
    assert {t.name for t in garbage.things} == set(made)
    if what == "waited for":
        service.cancel(run := begin(service, chain(1, value=8)))
        with service.home.database.write() as connection:
            key = connection.execute("SELECT min(key) FROM results").fetchone()[0]
            connection.execute("UPDATE steps SET status = 'queued', key = ? WHERE run = ?", (key, run))
        gone = {t.name for t in found.remove(garbage).things}
        assert len(gone) == 1
        return
    run = begin(service, chain(2))
    if what == "made again":
        service._runs.forget_results(
            [s.key for s in service._planner.plan(chain(2), service.run(run).pipeline)]
        )
        run = begin(service, chain(2))
        assert finish(run) == "done"
    assert found.remove(garbage).things == []
    assert all(service.home.artifacts.has(h) for h in hashes(service, run))


def test_the_command_says_what_would_go_and_then_removes_it(
    service: Service, finish: Finish, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = cleared(service, finish, chain(2))
    unused_for(service, 31)
    long_ago = time.time() - 2 * DAY
    for digest in made:
        os.utime(service.home.artifacts.path(digest), (long_ago, long_ago))
    assert main(["collect", "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["dry_run"], told["results"]) == (True, 2)
    assert {item["name"] for item in told["removed"]} == set(made)
    assert all(service.home.artifacts.has(h) for h in made)
    assert main(["collect"]) == 0
    assert "Removed" in (words := capsys.readouterr().out)
    assert "2 artifacts, 0 files and 0 checkpoints" in words
    assert not any(service.home.artifacts.has(h) for h in made)
    assert main(["collect", "--max-size", "many"]) == 2


def test_ages_and_sizes_as_people_write_them() -> None:
    assert [seconds(t) for t in ("90s", "12h", "30d", "2 w")] == [90, 43_200, 30 * DAY, 14 * DAY]
    assert [size(t) for t in ("10", "5k", "500MB", "1.5 gb", "2T")] == [
        10,
        5000,
        5 * 10**8,
        15 * 10**8,
        2 * 10**12,
    ]
    for wrong in ("", "30", "d", "-1d", "3 years"):
        with pytest.raises(DocumentError):
            seconds(wrong)
    assert Garbage(0).size == 0
