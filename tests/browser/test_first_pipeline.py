"""The product's main job in a real browser: run the demo, watch it learn, change a copy, run only what changed."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import App, no_traceback, open_pipeline, run_and_wait

pytestmark = pytest.mark.browser
NODES = ("digits", "prep", "vae", "samples", "score")


def _drag(page: Page, source: tuple[str, str], target: tuple[str, str]) -> None:
    """Draw a wire from an output to an input with the mouse."""
    boxes = []
    for node, port in (source, target):
        handle = page.locator(f'.react-flow__handle[data-nodeid="{node}"][data-handleid="{port}"]')
        box = handle.bounding_box()
        assert box, f"{node}.{port} is not on the canvas"
        boxes.append((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
    page.mouse.move(*boxes[0])
    page.mouse.down()
    for part in (0.2, 0.5, 0.8, 1.0):
        page.mouse.move(*(a + (b - a) * part for a, b in zip(*boxes, strict=True)))
        page.wait_for_timeout(30)
    page.mouse.up()


def test_the_demo_runs_and_a_changed_copy_runs_only_what_changed(app: App, page: Page) -> None:
    page.set_default_timeout(20_000)
    page.goto(app.url)
    expect(page.get_by_text("Handwritten digits, drawn by a VAE").first).to_be_visible()
    expect(page.get_by_text("FID").first).to_be_visible()  # the stored result of the template
    page.get_by_role("button", name="Run demo").first.click(delay=90)
    clicked = time.monotonic()

    expect(page.get_by_test_id("status-vae")).to_contain_text("running", timeout=30_000)
    expect(page.get_by_test_id("preview-vae").locator("img")).to_be_visible(timeout=30_000)
    first_picture = page.get_by_test_id("preview-vae").locator("img").get_attribute("src")
    print(f"first sample on the card {time.monotonic() - clicked:.1f} s after the click")
    expect(page.get_by_test_id("status-samples")).to_contain_text("queued")
    expect(page.get_by_test_id("node-vae")).to_contain_text("left")
    expect(page.get_by_test_id("curve-vae")).to_be_visible()
    expect(page.get_by_test_id("run-summary")).to_contain_text("done", timeout=90_000)
    print(f"the demo ended {time.monotonic() - clicked:.1f} s after the click")

    for node in NODES:
        expect(page.get_by_test_id(f"status-{node}")).to_contain_text("done")
    assert page.get_by_test_id("preview-vae").locator("img").get_attribute("src") != first_picture
    expect(page.get_by_test_id("preview-samples").locator("img")).to_be_visible()
    scores = page.get_by_test_id("score-score")
    for word in ("FID", "KID", "floor"):
        expect(scores).to_contain_text(word)
    no_traceback(page)

    page.get_by_test_id("copy-pipeline").click()
    expect(page.get_by_test_id("copy-pipeline")).to_have_count(0)
    page.wait_for_url(lambda url: "template-" not in url)
    page.locator(".react-flow__pane").click(position={"x": 400, "y": 60})
    page.keyboard.press("/")
    page.get_by_test_id("quick-add").locator("input").fill("generate")
    page.keyboard.press("Enter")
    ids = page.evaluate("window.__genloomCanvas.graph().nodes.map(n => n.id)")
    [new] = set(ids) - set(NODES)
    page.get_by_test_id("fit").click()
    page.wait_for_timeout(500)
    _drag(page, ("vae", "model"), (new, "model"))
    page.get_by_test_id(f"node-{new}").click(position={"x": 60, "y": 12})
    page.get_by_test_id("param-seed").fill("7")
    page.keyboard.press("Tab")
    run_and_wait(page)

    expect(page.get_by_test_id(f"status-{new}")).to_contain_text("done")
    expect(page.get_by_test_id(f"preview-{new}").locator("img")).to_be_visible()
    for node in NODES:
        expect(page.get_by_test_id(f"reason-{node}")).to_contain_text("reused from run 1")
    service = app.service()
    newest = service.runs()[0]
    assert {s.node: s.status for s in service.steps(newest.id)} == {
        **dict.fromkeys(NODES, "reused"),
        new: "done",
    }
    assert service.steps(newest.id)[0].reused_from == 1

    page.get_by_role("link", name="Runs").click(delay=90)
    for name in ("Handwritten digits, drawn by a VAE", "(copy)"):
        expect(page.get_by_text(name).first).to_be_visible()
    no_traceback(page)


def test_a_run_outlives_its_tab_and_the_server(app: App, page: Page, browser: Browser) -> None:
    service = app.service()
    copy = service.copy("template-digits-vae")
    document = copy.document
    next(n for n in document["nodes"] if n["id"] == "vae")["params"].update(budget={"seconds": 12}, seed=5)
    service.save_draft(copy.id, copy.epoch, copy.rev + 1, document)
    open_pipeline(page, app, copy.id)
    page.get_by_test_id("run").click()
    expect(page.get_by_test_id("status-vae")).to_contain_text("running", timeout=20_000)

    page.reload()
    expect(page.get_by_test_id("status-vae")).to_contain_text("running")
    second = browser.new_page()
    open_pipeline(second, app, copy.id)
    expect(second.get_by_test_id("status-vae")).to_contain_text("running")
    second.close()
    page.close()

    app.stop()
    app.start()
    again = browser.new_page()
    open_pipeline(again, app, copy.id)
    run = service.runs(pipeline=copy.id)[0]
    expect(again.get_by_test_id("run-summary")).to_contain_text(f"Run {run.number}")
    shown = again.get_by_test_id("status-vae").inner_text()
    assert shown.split()[0].strip("✓ ") in {"running", "done"} or "running" in shown or "done" in shown
    expect(again.get_by_test_id("run-summary")).to_contain_text("done", timeout=60_000)
    assert len(service.runs(pipeline=copy.id)) == 1
    assert service.steps(run.id)[2].attempt == 1  # the worker went on: nothing was started again
    again.close()


def test_two_runs_pressed_at_once_are_one(app: App, page: Page, browser: Browser) -> None:
    service = app.service()
    from tests.pipelines.conftest import chain

    pipeline = service.import_document(chain(2, seconds=8).text().encode()).id
    second = browser.new_page()
    open_pipeline(page, app, pipeline)
    open_pipeline(second, app, pipeline)
    page.get_by_test_id("run").dblclick()
    second.get_by_test_id("run").or_(second.get_by_test_id("cancel")).first.wait_for()
    if second.get_by_test_id("run").count():
        second.get_by_test_id("run").click()
    expect(page.get_by_test_id("run-summary")).to_contain_text("done", timeout=30_000)
    expect(second.get_by_test_id("run-summary")).to_contain_text("done", timeout=10_000)
    assert len(service.runs(pipeline=pipeline)) == 1
    second.close()


def test_cancel_is_shown(app: App, page: Page) -> None:
    from tests.pipelines.conftest import chain

    pipeline = app.service().import_document(chain(2, seconds=40).text().encode()).id
    open_pipeline(page, app, pipeline)
    page.get_by_test_id("run").click()
    expect(page.get_by_test_id("status-n0")).to_contain_text("running", timeout=10_000)
    page.get_by_test_id("cancel").click()
    expect(page.get_by_test_id("run-summary")).to_contain_text("cancelled", timeout=10_000)
    expect(page.get_by_test_id("status-n1")).to_contain_text("cancelled")


@pytest.mark.parametrize("how", ["block", "bug"])
def test_a_failure_is_told_on_the_card_without_a_traceback(app: App, page: Page, how: str) -> None:
    from tests.pipelines.conftest import chain

    pipeline = app.service().import_document(chain(2, fail=how).text().encode()).id
    open_pipeline(page, app, pipeline)
    page.get_by_test_id("run").click()
    expect(page.get_by_test_id("status-n0")).to_contain_text("failed", timeout=10_000)
    words = "Choose another." if how == "block" else "stopped because of a fault in the block itself"
    expect(page.get_by_test_id("node-n0")).to_contain_text(words)
    expect(page.get_by_test_id("status-n1")).to_contain_text("skipped")
    no_traceback(page)


def test_while_a_run_streams_nothing_under_the_hand_moves(app: App, page: Page) -> None:
    """Pan, zoom, selection, an open text field and a drag in flight stay as they are."""
    from tests.pipelines.conftest import chain

    pipeline = app.service().import_document(chain(3, seconds=14).text().encode()).id
    open_pipeline(page, app, pipeline)
    page.get_by_test_id("run").click()
    expect(page.get_by_test_id("status-n0")).to_contain_text("running", timeout=10_000)
    page.get_by_test_id("node-n1").click(position={"x": 60, "y": 12})
    field = page.get_by_test_id("param-mark")
    field.fill("typ")
    view = page.evaluate("JSON.stringify(window.__genloomCanvas.viewport())")
    before = page.get_by_test_id("node-n0").inner_text()
    for letter in "ed slowly":
        page.keyboard.type(letter)
        page.wait_for_timeout(120)
    assert field.input_value() == "typed slowly"
    assert field.evaluate("e => e.getRootNode().activeElement === e")

    box = page.get_by_test_id("node-n2").bounding_box()
    assert box
    start = (box["x"] + 60, box["y"] + 12)
    page.mouse.move(*start)
    page.mouse.down()
    for step in range(1, 21):
        page.mouse.move(start[0] + step * 4, start[1] + step * 3)
        page.wait_for_timeout(60)
    moved = page.get_by_test_id("node-n2").bounding_box()
    assert moved
    assert abs(moved["x"] - box["x"] - 80) < 12  # the grid and the start of the drag take a few pixels
    assert abs(moved["y"] - box["y"] - 60) < 12
    page.mouse.up()
    assert page.evaluate("JSON.stringify(window.__genloomCanvas.viewport())") == view
    expect(page.get_by_test_id("status-n0")).to_contain_text("running")
    assert page.get_by_test_id("node-n0").inner_text() != before  # events did arrive meanwhile
    page.get_by_test_id("cancel").click()
