"""Controls in a real browser with a real worker: pause, resume, stop early keeps the model, retry after a failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import App, no_traceback, open_pipeline
from tests.pipelines.conftest import chain

pytestmark = pytest.mark.browser


def _demo_copy(app: App, **params: Any) -> str:
    """A copy of the digits demo with other settings of its training."""
    service = app.service()
    copy = service.copy("template-digits-vae")
    document = copy.document
    next(n for n in document["nodes"] if n["id"] == "vae")["params"].update(params)
    service.save_draft(copy.id, copy.epoch, copy.rev + 1, document)
    return copy.id


def test_a_training_is_paused_resumed_and_stopped_early_and_keeps_its_model(app: App, page: Page) -> None:
    page.set_default_timeout(20_000)
    pipeline = _demo_copy(app, budget={"seconds": 120}, seed=11)
    open_pipeline(page, app, pipeline)
    page.get_by_test_id("run").click()
    expect(page.get_by_test_id("stop-vae")).to_be_visible(timeout=40_000)
    expect(page.get_by_test_id("preview-vae").locator("img")).to_be_visible(timeout=40_000)

    page.get_by_test_id("pause").click()
    expect(page.get_by_test_id("run-summary")).to_contain_text("paused", timeout=10_000)
    expect(page.get_by_test_id("status-vae")).to_contain_text("paused")
    expect(page.get_by_test_id("reason-vae")).to_contain_text("paused at")
    expect(page.get_by_test_id("stop-vae")).to_have_count(0)
    service = app.service()
    other = service.import_document(chain(1, value=77).text().encode()).id  # the device is free
    started = service.start_run(other, "beside the paused one")
    page.wait_for_timeout(3000)
    assert service.run(started.run or "").status == "done"

    page.reload()
    page.get_by_test_id("resume").click()
    expect(page.get_by_test_id("stop-vae")).to_be_visible()
    page.wait_for_timeout(2000)
    page.get_by_test_id("stop-vae").click()
    expect(page.get_by_test_id("run-summary")).to_contain_text("done", timeout=40_000)
    expect(page.get_by_test_id("reason-vae")).to_contain_text("stopped early")
    expect(page.get_by_test_id("preview-samples").locator("img")).to_be_visible()
    steps = {step.node: step for step in service.steps(service.runs(pipeline=pipeline)[0].id)}
    assert steps["vae"].outputs["model"]["kind"] == "VAEModel"
    assert steps["vae"].attempt == 1
    no_traceback(page)


def test_a_failed_run_is_retried_in_place(app: App, page: Page, tmp_path: Path) -> None:
    document = chain(3, mark=str(tmp_path / "first"))
    document = document.with_param("n1", "fail", "block once").with_param(
        "n1", "mark", str(tmp_path / "second")
    )
    pipeline = app.service().import_document(document.text().encode()).id
    open_pipeline(page, app, pipeline)
    page.get_by_test_id("run").click()
    expect(page.get_by_test_id("run-summary")).to_contain_text("failed", timeout=20_000)
    page.get_by_test_id("retry").click()
    expect(page.get_by_test_id("run-summary")).to_contain_text("done", timeout=20_000)
    expect(page.get_by_test_id("retry")).to_have_count(0)
    [run] = app.service().runs(pipeline=pipeline)
    assert run.steps_done == 3
    assert len((tmp_path / "first").read_text().splitlines()) == 1


def test_the_runs_page_pauses_and_resumes(app: App, page: Page) -> None:
    service = app.service()
    pipeline = service.import_document(chain(2, seconds=6, value=78).text().encode()).id
    started = service.start_run(pipeline, "paused on the page")
    page.goto(f"{app.url}/runs")
    row = page.locator(f".st-key-row-{started.run}")
    row.get_by_role("button", name="Pause").click(delay=90)
    expect(row.get_by_text("Paused")).to_be_visible(timeout=15_000)
    row.get_by_role("button", name="Resume").click(delay=90)
    expect(row.get_by_text("Done")).to_be_visible(timeout=30_000)
    no_traceback(page)
