"""Bad input through the pages: a plain message each time, nothing lost, and no traceback anywhere."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.document import Document, Node
from tests.browser.conftest import App, no_traceback, open_pipeline

pytestmark = pytest.mark.browser


def _png(colour: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (20, 20), (colour, 90, 120)).save(out, "PNG")
    return out.getvalue()


def _zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def upload_page(app: App, page: Page) -> Page:
    document = Document("uploads", (Node("pictures", "dataset.images"),))
    open_pipeline(page, app, app.service().import_document(document.text().encode()).id)
    page.get_by_test_id("node-pictures").click(position={"x": 60, "y": 12})
    return page


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (None, "is not a zip archive but text"),
        ({"../../evil.png": _png(1)}, "leads out of"),
        ({"notes.txt": b"no picture here"}, "holds no PNG"),
    ],
    ids=["not a zip", "escaping path", "no image"],
)
def test_a_bad_upload_is_refused_in_words(
    upload_page: Page, tmp_path: Path, files: dict[str, bytes] | None, words: str
) -> None:
    path = tmp_path / "upload.zip"
    path.write_bytes(b"this is text") if files is None else _zip(path, files)
    upload_page.locator('input[type="file"]').first.set_input_files(str(path))
    expect(upload_page.get_by_text(words).first).to_be_visible(timeout=10_000)
    assert upload_page.evaluate("window.__genloomCanvas.graph().nodes[0].params.archive") is None
    no_traceback(upload_page)


def test_a_broken_image_is_skipped_counted_and_named(upload_page: Page, tmp_path: Path) -> None:
    files = {f"{kind}/{n}.png": _png(n * 9) for kind in ("cats", "dogs") for n in range(6)}
    path = _zip(tmp_path / "upload.zip", {**files, "cats/broken.png": _png(3)[:40]})
    upload_page.locator('input[type="file"]').first.set_input_files(str(path))
    expect(upload_page.get_by_text("12 images").first).to_be_visible(timeout=10_000)
    upload_page.get_by_test_id("run").click()
    expect(upload_page.get_by_test_id("run-summary")).to_contain_text("done", timeout=30_000)
    expect(upload_page.get_by_test_id("node-pictures")).to_contain_text("1 skipped")
    no_traceback(upload_page)


def test_a_run_with_problems_names_them_and_starts_nothing(app: App, page: Page) -> None:
    nodes = (Node("vae", "train.vae", params={"latent_size": 1}), Node("odd", "train.gone"))
    service = app.service()
    pipeline = service.import_document(Document("problems", nodes).text().encode()).id
    open_pipeline(page, app, pipeline)
    page.get_by_test_id("run").click()
    problems = page.get_by_test_id("problems")
    expect(problems).to_contain_text("at least 2")
    expect(problems).to_contain_text("train.gone")
    assert service.runs(pipeline=pipeline) == []
    no_traceback(page)


@pytest.mark.parametrize(
    ("content", "words"),
    [("{not json", "JSON"), ('{"format": 7, "name": "x", "nodes": [], "wires": []}', "newer version")],
    ids=["not JSON", "unknown format"],
)
def test_a_file_that_is_no_pipeline_is_explained(
    app: App, page: Page, tmp_path: Path, content: str, words: str
) -> None:
    path = tmp_path / "pipeline.json"
    path.write_text(content)
    page.goto(app.url)
    page.get_by_role("button", name="Import file").click(delay=90)
    page.locator('input[type="file"]').first.set_input_files(str(path))
    expect(page.get_by_text(words).first).to_be_visible(timeout=15_000)
    no_traceback(page)


@pytest.mark.parametrize("address", ["build?pipeline=nothing", "runs?run=999999", "build?pipeline=../../etc"])
def test_an_address_that_leads_nowhere_says_so(app: App, page: Page, address: str) -> None:
    page.goto(f"{app.url}/{address}")
    expect(page.get_by_text(re.compile("There is no (such|run)")).first).to_be_visible(timeout=15_000)
    no_traceback(page)
