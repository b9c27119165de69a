"""A service with the probe blocks, and a worker that a test steps by hand."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.document import Document, Node, Wire
from pipelines.service import Service
from pipelines.supervisor import Supervisor
from pipelines.worker import Worker

BLOCKS = Path(__file__).parent / "blocks"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("GENLOOM_BLOCKS", str(BLOCKS))
    monkeypatch.setenv("GENLOOM_HOME", str(tmp_path / "home"))
    return Service.open(tmp_path / "home")


@pytest.fixture
def worker(service: Service) -> Iterator[Worker]:
    made = Worker(service.home, service.catalogue, "cpu")
    yield made
    made.close()


@pytest.fixture
def finish(service: Service, worker: Worker) -> Callable[[str], str]:
    """Run everything that waits, in this process, and give the status of a run."""

    def work(run: str) -> str:
        while worker.step():
            pass
        return service.run(run).status

    return work


@pytest.fixture
def supervised(service: Service) -> Iterator[Service]:
    """The service beside a supervisor that keeps one worker process alive; all of it is gone afterwards."""
    supervisor = Supervisor(service.home, ["cpu"])
    supervisor.start()
    yield service
    supervisor.stop()
    for pid in worker_pids(service):
        os.kill(pid, signal.SIGKILL)


def worker_pids(service: Service) -> list[int]:
    """The processes of workers that nobody has declared dead."""
    rows = service.home.database.rows("SELECT pid FROM workers WHERE status != 'dead'")
    return [row["pid"] for row in rows]


def chain(length: int, **params: object) -> Document:
    """source → step → step …"""
    nodes = [Node("n0", "probe.source", params=dict(params))]
    nodes += [Node(f"n{i}", "probe.step", position=(i * 340.0, 0.0)) for i in range(1, length)]
    wires = [Wire((f"n{i - 1}", "scores"), (f"n{i}", "scores")) for i in range(1, length)]
    return Document("chain", tuple(nodes), tuple(wires))


def begin(service: Service, document: Document, pipeline: str | None = None) -> str:
    """Start a run and give its id."""
    id = pipeline or service.import_document(document.text().encode()).id
    started = service.start_run(id, os.urandom(8).hex(), document)
    assert started.run, started.problems
    return started.run


def until(condition: Callable[[], bool], seconds: float = 30, what: str = "") -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still not true after {seconds} s: {what}"
        time.sleep(0.02)
