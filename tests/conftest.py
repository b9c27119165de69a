"""What every test may use: a store of its own, a free port, and a page in a real Chromium.

No test reaches the network or the user's own folder. Browser tests never skip: where no Chromium is found
they fail and say what to install; `GENLOOM_BROWSER_TESTS=0` leaves them out by explicit wish.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.chromium import find as find_chromium

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "test-results"
WANTED = os.environ.get("GENLOOM_BROWSER_TESTS", "1") != "0"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def pytest_configure(config: pytest.Config) -> None:
    """Point the whole run, and every process it starts, at a temporary store without network."""
    folder = tempfile.mkdtemp(prefix="genloom-tests-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    threads = str(min(2, os.cpu_count() or 1))
    os.environ.update(GENLOOM_HOME=folder, HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    os.environ.setdefault("OMP_NUM_THREADS", threads)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", threads)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave soak tests out unless asked for, and run browser tests last.

    Last, because Playwright keeps an event loop in the main thread, where `asyncio.run` then refuses to
    start.
    """
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    left_out = [item for item in items if not _wanted(item, config)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    kept = [item for item in items if item not in set(left_out)]
    items[:] = sorted(kept, key=lambda item: item.get_closest_marker("browser") is not None)


def _wanted(item: pytest.Item, config: pytest.Config) -> bool:
    if item.get_closest_marker("soak") and "soak" not in (config.getoption("markexpr") or ""):
        return False
    return WANTED or not item.get_closest_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keep a picture of the page when a browser test fails."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and hasattr(page, "screenshot"):
        PICTURES.mkdir(exist_ok=True)
        target = PICTURES / (re.sub(r"[^\w.-]+", "-", item.nodeid) + ".png")
        try:
            page.screenshot(path=str(target), timeout=5000)
            report.sections.append(("page", f"picture: {target.relative_to(ROOT)}"))
        except Exception as problem:  # a closed or crashed page must not hide the test's own failure
            report.sections.append(("page", f"no picture: {problem}"))
    return report


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new, empty GENLOOM_HOME for one test."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("GENLOOM_HOME", str(folder))
    return folder


@pytest.fixture
def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def playwright_driver():
    """Playwright's own process, one for the run."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium or Chrome on this machine."""
    found = find_chromium()
    if found is None:
        pytest.fail("No Chromium found. Install it: `apt-get install chromium`, or `make test`, which tries.")
    return found


@pytest.fixture(scope="session")
def browser(playwright_driver, chromium):
    """One headless Chromium for the whole run."""
    browser = playwright_driver.chromium.launch(executable_path=chromium, headless=True, args=list(QUIET))
    yield browser
    browser.close()


@pytest.fixture
def profile(browser):
    """A new browser profile for one test: no cookies, nothing stored."""
    profile = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    yield profile
    profile.close()


@pytest.fixture
def page(profile):
    """A new page for one test."""
    page = profile.new_page()
    page.set_default_timeout(10_000)
    return page
