"""The whole product, as `make run` starts it, in a home of its own: a server process, a worker process, a browser."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.service import Service

ROOT = Path(__file__).parents[2]
BLOCKS = Path(__file__).parents[1] / "pipelines" / "blocks"


class App:
    """A running app. It can be stopped and started again, as a user would."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.url = f"http://127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        environment = {**os.environ, "GENLOOM_HOME": str(self.home), "GENLOOM_BLOCKS": str(BLOCKS)}
        self.log = (self.home.parent / "app.log").open("ab")
        self._process = subprocess.Popen(
            [*command, "--server.address", "127.0.0.1"],
            cwd=ROOT,
            env=environment,
            stdout=self.log,
            stderr=self.log,
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2):
                    return
            except OSError:
                assert time.monotonic() < deadline, "the app did not start"
                time.sleep(0.1)

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(20) is not None
        self.log.close()

    def service(self) -> Service:
        os.environ["GENLOOM_BLOCKS"] = str(BLOCKS)
        return Service.open(self.home)

    def workers(self) -> list[int]:
        rows = self.service().home.database.rows("SELECT pid FROM workers WHERE status != 'dead'")
        return [row["pid"] for row in rows]

    def wait_for_worker(self) -> None:
        service, deadline = self.service(), time.monotonic() + 60
        while service.worker_state() != "ready":
            assert time.monotonic() < deadline, "no worker"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = App(tmp_path_factory.mktemp("app") / "home", port)
    made.start()
    made.wait_for_worker()
    yield made
    made.stop()
    for pid in made.workers():
        os.kill(pid, signal.SIGKILL)


def open_pipeline(page: Page, app: App, id: str) -> None:
    """Open the canvas of a pipeline and wait until it is there."""
    page.goto(f"{app.url}/build?pipeline={id}")
    expect(page.get_by_test_id("run").or_(page.get_by_test_id("cancel"))).to_be_visible(timeout=20_000)


def run_and_wait(page: Page, seconds: float = 60) -> None:
    """Press Run and wait for the end."""
    page.get_by_test_id("run").click()
    expect(page.get_by_test_id("run-summary")).to_contain_text("done", timeout=seconds * 1000)


def no_traceback(page: Page) -> None:
    """Nothing of Python's inside may ever be visible."""
    text = page.locator("body").inner_text()
    assert "Traceback" not in text, text
    assert "site-packages" not in text, text
