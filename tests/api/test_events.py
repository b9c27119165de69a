"""Events for other programs: typed, resumable, ended in time; the examples of the page run as they stand there."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from api import events as streams
from pipelines.document import Document, from_json
from pipelines.events import Feed
from pipelines.service import Service
from pipelines.worker import Worker
from tests.api.conftest import HERE, wait_for

ROOT = Path(__file__).parents[2]
PROBES = ROOT / "tests" / "pipelines" / "blocks"


@pytest.fixture
def service(home: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("GENLOOM_BLOCKS", str(PROBES))
    return Service.open(home)


def probe(**params: Any) -> Document:
    nodes = [{"id": "a", "block": "probe.source", "version": 1, "params": params, "position": [0, 0]}]
    return from_json(
        {"format": 1, "name": "Probe", "description": "", "seed": 0, "nodes": nodes, "wires": []}
    )


def begin(service: Service, document: Document) -> str:
    pipeline = service.import_document(document.text().encode()).id
    started = service.start_run(pipeline, str(time.monotonic_ns()), document)
    assert started.run, started.problems
    return started.run


def work(service: Service) -> None:
    worker = Worker(service.home, service.catalogue, "cpu")
    while worker.step():
        pass
    worker.close()


def parsed(text: str) -> list[tuple[str, dict[str, Any], int | None]]:
    """(event, data, id) of every block of a stream."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            id = int(fields["id"]) if "id" in fields else None
            found.append((fields["event"], json.loads(fields["data"]), id))
    return found


def test_a_run_is_told_from_its_start_to_its_end(client: TestClient, service: Service) -> None:
    run = begin(service, probe(seconds=0.5))
    working = threading.Thread(target=work, args=(service,))
    working.start()
    told = parsed(client.get(f"/api/runs/{run}/events").text)  # returns because the run ends
    working.join()
    kinds = [kind for kind, _, _ in told]
    assert {"run", "step", "progress", "metric", "score"} <= set(kinds)
    assert [d["status"] for k, d, _ in told if k == "run"][-1] == "done"
    assert [d["status"] for k, d, _ in told if k == "step"][-2:] == ["running", "done"]
    assert kinds[-1] == "run"
    steps = [p[0] for k, d, _ in told if k == "metric" for p in d["points"]["loss"]]
    assert steps == sorted(set(steps))
    assert len(steps) > 5
    ids = [id for _, _, id in told if id is not None]
    assert ids == sorted(set(ids))
    assert told[-1][2] == ids[-1]


def test_a_reader_goes_on_where_it_was(client: TestClient, service: Service) -> None:
    run = begin(service, probe(fail="bug"))
    first = Feed(service, run)
    before = first.read()
    assert [(e.kind, e.data["status"]) for e in before] == [("run", "queued"), ("step", "queued")]
    work(service)
    answer = client.get(f"/api/runs/{run}/events", headers={"Last-Event-ID": str(first.since)})
    told = parsed(answer.text)
    assert [d["status"] for k, d, _ in told if k == "run"] == ["failed"]
    assert "ZeroDivisionError" in "".join(d["text"] for k, d, _ in told if k == "log")
    again = client.get(f"/api/runs/{run}/events", headers={"Last-Event-ID": str(told[-1][2])})
    assert (again.status_code, again.text) == (204, "")
    lost = parsed(client.get(f"/api/runs/{run}/events", headers={"Last-Event-ID": "999999999"}).text)
    assert lost[0][0] == "step" or lost[0][0] == "run"


def test_a_log_line_comes_once(service: Service) -> None:
    run = begin(service, probe(fail="bug"))
    feed = Feed(service, run)
    feed.read()
    work(service)
    logs = [e for e in feed.read() if e.kind == "log"]
    assert logs
    begin(service, probe(value=9))  # so that there is something newer
    assert [e for e in Feed(service, run, feed.since).read() if e.kind == "log"] == []
    assert [e.data for e in Feed(service, run, 0).read() if e.kind == "log"] == [e.data for e in logs]


def test_events_of_all_runs_begin_now(service: Service) -> None:
    begin(service, probe())
    feed = Feed(service)
    assert feed.read() == []
    second = begin(service, probe(value=2))
    assert {e.data["run"] for e in feed.read()} == {second}
    assert not feed.ended


def test_an_unknown_run_and_too_many_readers_are_refused_in_words(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/api/runs/77/events").status_code == 404
    run = begin(service, probe())
    monkeypatch.setattr(streams, "MOST_READERS", 0)
    answer = client.get(f"/api/runs/{run}/events")
    assert (answer.status_code, "Close one of them" in answer.json()["message"]) == (503, True)


@pytest.fixture
def server(client: TestClient) -> Iterator[tuple[uvicorn.Server, int]]:
    """The same app behind a real server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = uvicorn.Server(uvicorn.Config(client.app, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=made.run)
    thread.start()
    wait_for(lambda: made.started)
    yield made, port
    made.should_exit = True
    thread.join(30)
    assert not thread.is_alive(), "the server waits for its readers"


def test_the_examples_of_the_page_run(server: tuple[uvicorn.Server, int], service: Service) -> None:
    run = begin(service, probe())
    work(service)
    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    curl, code = (re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL)[0] for kind in ("sh", "python"))
    here = [t.replace(HERE, f"http://127.0.0.1:{server[1]}") for t in (curl, code)]
    python = subprocess.run(
        [sys.executable, "-c", here[1]], capture_output=True, text=True, timeout=30, check=True
    )
    assert "step a done" in python.stdout
    assert python.stdout.splitlines()[-1].split() == ["run", "done"]
    if shutil.which("curl"):
        shown = subprocess.run(here[0], shell=True, capture_output=True, text=True, timeout=30, check=True)
        assert parsed(shown.stdout)[-1][1]["run"] == run


def test_a_reader_does_not_keep_the_server_from_stopping(
    server: tuple[uvicorn.Server, int], client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", server[1]), timeout=10) as reader:
        reader.sendall(f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{server[1]}\r\n\r\n".encode())
        heard = b""
        while b"still here" not in heard:
            heard += reader.recv(4096)
        assert b"text/event-stream" in heard
        began = time.monotonic()
        client.hub.stop()  # type: ignore[attr-defined]  # the first signal does this
        server[0].should_exit = True
        while reader.recv(4096):
            pass
        assert time.monotonic() - began < 3


def test_a_reader_that_leaves_is_forgotten(server: tuple[uvicorn.Server, int], client: TestClient) -> None:
    inner = client.app.routes[0].app  # type: ignore[attr-defined]
    with socket.create_connection(("127.0.0.1", server[1]), timeout=10) as reader:
        reader.sendall(f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{server[1]}\r\n\r\n".encode())
        reader.recv(4096)
        wait_for(lambda: len(inner.state.readers) == 1)
    wait_for(lambda: not inner.state.readers)
