"""The canvas in a real browser: the test server, and a page that shows a pipeline of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIFT = 4  # of the mouse between two positions, so that drags look like a hand


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of the test server, with the bundle built."""
    subprocess.run([sys.executable, "-m", "canvas.build"], cwd=ROOT, check=True, timeout=280)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "tests.canvas.devserver:app",
        "--port",
        str(port),
        "--log-level",
        "warning",
    ]
    environment = {**os.environ, "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(150):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
            break
        except OSError:
            time.sleep(0.2)
    yield address
    process.kill()
    process.wait()


class Canvas:
    """A page with the canvas on it, in the words of the tests."""

    def __init__(self, page: Any, server: str, kind: str) -> None:
        self.page, self.server = page, server
        self.id = f"{kind}-{uuid.uuid4().hex[:8]}"
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.open()

    def open(self) -> None:
        """Load the page."""
        self.page.goto(f"{self.server}/?pipeline={self.id}")
        self.page.wait_for_function("window.__genloomCanvas", timeout=30_000)
        self.part("run").wait_for()
        self.page.wait_for_timeout(400)  # the first view is fitted

    def part(self, test_id: str) -> Any:
        """A part by its test id."""
        return self.page.get_by_test_id(test_id)

    def hook(self, call: str) -> Any:
        """What the test hook tells."""
        return self.page.evaluate(f"window.__genloomCanvas.{call}")

    def nodes(self) -> list[str]:
        """Ids of the nodes."""
        return [node["id"] for node in self.hook("graph()")["nodes"]]

    def wires(self) -> list[str]:
        """Wires as "node.port>node.port"."""
        return [f"{'.'.join(w['from'])}>{'.'.join(w['to'])}" for w in self.hook("graph()")["wires"]]

    def param(self, node: str, name: str) -> Any:
        """A parameter in the document."""
        return next(n for n in self.hook("graph()")["nodes"] if n["id"] == node)["params"].get(name)

    def position(self, node: str) -> list[float]:
        """Where a node stands in the document."""
        found: list[float] = next(n for n in self.hook("graph()")["nodes"] if n["id"] == node)["position"]
        return found

    def wait(self, condition: str, timeout: int = 8000) -> None:
        """Wait until an expression about `c`, the hook, holds."""
        self.page.wait_for_function(
            f"(() => {{ const c = window.__genloomCanvas; return {condition}; }})()", timeout=timeout
        )

    def saved(self) -> None:
        """Wait until everything is saved."""
        self.page.wait_for_timeout(150)
        rev = self.hook("rev()")
        self.page.wait_for_function(
            """(text) => [...document.querySelectorAll('*')].some((e) => e.shadowRoot &&
               e.shadowRoot.querySelector('[data-testid=saved]')?.textContent === text)""",
            arg=f"saved · r{rev}", timeout=8000,
        )  # fmt: skip

    def control(self, **wish: Any) -> dict[str, Any]:
        """Set something at the test server, and see what it holds."""
        body = json.dumps({"id": self.id, **wish}).encode()
        request = urllib.request.Request(
            f"{self.server}/api/control", body, {"Content-Type": "application/json"}
        )
        answer: dict[str, Any] = json.loads(urllib.request.urlopen(request, timeout=5).read())
        return answer

    def stored(self) -> dict[str, Any]:
        """The document that the server holds."""
        document: dict[str, Any] = self.control()["row"]["document"]
        return document

    def select(self, node: str) -> None:
        """Press on the head of a card."""
        self.part(f"node-{node}").click(position={"x": 90, "y": 16})

    def port(self, node: str, port: str, side: str) -> tuple[float, float]:
        """The middle of a port, in pixels of the window."""
        handle = self.page.locator(
            f".react-flow__node[data-id='{node}'] .react-flow__handle.{side}[data-handleid='{port}']"
        )
        box = handle.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, start: tuple[float, float], end: tuple[float, float], *, steps: int = 12) -> None:
        """Drag with the mouse."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(start[0] + SHIFT, start[1] + SHIFT)
        self.page.mouse.move(*end, steps=steps)
        self.page.mouse.up()

    def wire(self, source: str, target: str) -> None:
        """Draw a wire from "node.port" to "node.port"."""
        self.drag(self.port(*source.split("."), "source"), self.port(*target.split("."), "target"))

    def empty_spot(self) -> tuple[float, float]:
        """A point of the graph without a card."""
        box = self.page.locator(".react-flow__pane").bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] - 90

    def focus_graph(self) -> None:
        """Press on empty ground, so that keys go to the graph."""
        self.page.mouse.click(*self.empty_spot())


@pytest.fixture
def canvas(page: Any, server: str, request: pytest.FixtureRequest) -> Iterator[Canvas]:
    """A canvas; the test says of which kind by `@pytest.mark.parametrize("canvas", ["chain"], indirect=True)`."""
    shown = Canvas(page, server, getattr(request, "param", "chain"))
    shown.control(rate=15)
    yield shown
    assert not shown.errors
