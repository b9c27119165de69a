"""Pages without a browser, on a home with real runs in it: one that ended well, one that failed, one that waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pipelines.service import Service
from pipelines.templates import get
from pipelines.worker import Worker
from tests.pipelines.conftest import BLOCKS, chain

MAIN = Path(__file__).parents[2] / "ui" / "main.py"

ODD_NAMES = [
    "<script>alert(1)</script>",
    "**bold** _sloped_ `code` [link](http://evil.example) ![x](http://evil.example/x.png)",
    "🧬🔥 naïve :material/home: :smile: -> $x^2$ :red[no]",
    "# Heading\n- list\n> quote",
    "\u202egnp.exe\u202c and \u200bhidden",
    "x" * 200,
]

Open = Callable[..., AppTest]


@dataclass(frozen=True)
class Used:
    """A home that was worked in. Tests only look at it."""

    service: Service
    done: int
    failed: int
    waiting: int


@pytest.fixture
def open_page(home: Path) -> Open:
    """Open a page of the app on an empty home: open_page("runs.py", run="1")."""
    return _open


def _open(page: str = "gallery.py", **query: str) -> AppTest:
    test = AppTest.from_file(str(MAIN), default_timeout=60)
    if page != "gallery.py":
        test.run()
        test.switch_page(page)
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


@pytest.fixture(scope="session")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Used:
    """Runs made by a worker in this process, once for all tests of pages."""
    folder = tmp_path_factory.mktemp("used")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENLOOM_BLOCKS", str(BLOCKS))
        patch.setenv("GENLOOM_HOME", str(folder))
        service = Service.open(folder)
        done = _start(service, service.open_template("digits-vae").id, _quick(), "done")
        chained = chain(2, fail="block").with_param("n0", "value", 2)
        failed = _start(
            service, service.import_document(chained.text().encode()).id, chained.to_json(), "failed"
        )
        worker = Worker(service.home, service.catalogue, "cpu")
        while worker.step():
            pass
        worker.close()
        for name in ODD_NAMES:
            service.import_document(_named(name))
        waiting = _start(service, service.pipelines()[0].id, None, "waiting")
    return Used(service, done, failed, waiting)


@pytest.fixture
def used(used_home: Used, monkeypatch: pytest.MonkeyPatch) -> Used:
    """The home that was worked in, as the pages' own."""
    monkeypatch.setenv("GENLOOM_HOME", str(used_home.service.home.root))
    monkeypatch.setenv("GENLOOM_BLOCKS", str(BLOCKS))
    return used_home


def _quick() -> dict[str, object]:
    """The digits demo with a budget of a few steps."""
    return get("digits-vae").document.with_param("vae", "budget.steps", 40).to_json()


def _named(name: str) -> bytes:
    import json

    content = {**get("digits-vae").document.to_json(), "name": name}
    content["nodes"][0]["title"] = name[:60]
    return json.dumps(content).encode()


def _start(service: Service, pipeline: str, document: dict[str, object] | None, request: str) -> int:
    started = service.start_run(pipeline, request, document)
    assert started.number, started.problems
    return started.number


def shown(test: AppTest) -> str:
    """Everything a page says, as one text."""
    kinds = (
        "title",
        "subheader",
        "markdown",
        "caption",
        "text",
        "button",
        "info",
        "warning",
        "error",
        "expander",
    )
    values = [
        getattr(item, "value", None) or getattr(item, "label", "")
        for kind in kinds
        for item in test.get(kind)
    ]
    return "\n".join(str(value) for value in values)
