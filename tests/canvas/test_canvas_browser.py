"""The canvas as an analyst uses it, in a real Chromium."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.canvas.conftest import Canvas

pytestmark = pytest.mark.browser


def of(kind: str) -> Any:
    """Which pipeline a test opens."""
    return pytest.mark.parametrize("canvas", [kind], indirect=True)


@of("blank")
def test_a_block_is_found_by_typing_and_added_by_enter(canvas: Canvas) -> None:
    canvas.part("palette-search").fill("mnist")
    expect(canvas.part("palette-dataset.digits")).to_be_visible()
    expect(canvas.part("palette-train.vae")).to_have_count(0)
    canvas.part("palette-search").press("Enter")
    canvas.wait("c.graph().nodes.length === 1")
    canvas.part("palette-search").fill("vae")
    canvas.part("palette-train.vae").click()
    assert canvas.nodes() == ["digits", "vae"]
    canvas.saved()
    assert [node["id"] for node in canvas.stored()["nodes"]] == ["digits", "vae"]


@of("blank")
def test_a_block_is_dragged_from_the_palette(canvas: Canvas) -> None:
    box = canvas.part("palette-train.vae").bounding_box()
    start = (box["x"] + 60, box["y"] + 10)
    canvas.drag(start, canvas.empty_spot())
    canvas.wait("c.graph().nodes.length === 1")


@of("blank")
def test_wires_fit_or_are_refused_in_words(canvas: Canvas) -> None:
    for block in ("dataset.digits", "train.vae", "evaluate.images"):
        canvas.part(f"palette-{block}").click()
    canvas.part("layout").click()
    canvas.page.wait_for_timeout(500)
    canvas.wire("digits.train", "vae.images")
    assert canvas.wires() == ["digits.train>vae.images"]
    canvas.wire("vae.model", "images.samples")
    expect(canvas.part("toast")).to_have_text(
        "Image model cannot feed Images. Put a “Generate images” block between."
    )
    canvas.wire("digits.train", "images.train")
    canvas.wire("digits.heldout", "vae.images")
    assert "digits.heldout>vae.images" in canvas.wires()
    assert "digits.train>vae.images" not in canvas.wires()
    canvas.part("undo").click()
    assert "digits.train>vae.images" in canvas.wires()


@of("chain")
def test_undo_and_redo_go_all_the_way(canvas: Canvas) -> None:
    before = canvas.hook("graph()")
    canvas.select("vae")
    canvas.part("param-latent_size").fill("20")
    canvas.part("node-name").fill("My VAE")
    canvas.focus_graph()
    canvas.select("generate")
    canvas.page.keyboard.press("Delete")
    canvas.page.keyboard.press("ArrowRight")
    after = canvas.hook("graph()")
    assert "generate" not in canvas.nodes()
    for _ in range(10):
        canvas.page.keyboard.press("Control+z")
    assert canvas.hook("graph()") == before
    for _ in range(5):
        canvas.page.keyboard.press("Control+Shift+z")
    canvas.page.keyboard.press("Control+y")
    assert canvas.hook("graph()") == after


@of("chain")
def test_keystrokes_of_one_field_are_one_step(canvas: Canvas) -> None:
    canvas.select("vae")
    field = canvas.part("param-latent_size")
    field.click()
    field.press("Control+a")
    canvas.page.keyboard.type("345", delay=30)
    assert canvas.param("vae", "latent_size") == 345
    canvas.part("undo").click()
    assert canvas.param("vae", "latent_size") == 12
    expect(field).to_have_value("12")


@of("chain")
def test_copy_paste_duplicate_delete(canvas: Canvas) -> None:
    canvas.focus_graph()
    canvas.page.keyboard.press("Control+a")
    canvas.page.keyboard.press("Control+c")
    canvas.page.keyboard.press("Control+v")
    canvas.wait("c.graph().nodes.length === 8")
    assert "digits_2.train>vae_2.images" in canvas.wires()
    assert canvas.param("vae_2", "latent_size") == 12
    canvas.page.keyboard.press("Control+d")
    canvas.wait("c.graph().nodes.length === 12")
    canvas.page.keyboard.press("Delete")
    canvas.wait("c.graph().nodes.length === 8")
    canvas.page.keyboard.press("Control+x")
    canvas.page.keyboard.press("Control+a")
    canvas.page.keyboard.press("Control+x")
    canvas.wait("c.graph().nodes.length === 0")
    canvas.page.keyboard.press("Control+v")
    canvas.wait("c.graph().nodes.length === 8")


@of("chain")
def test_blocks_go_from_one_pipeline_to_another(canvas: Canvas) -> None:
    canvas.select("vae")
    canvas.page.keyboard.press("Control+c")
    canvas.id = canvas.id.replace("chain", "blank")
    canvas.open()
    assert canvas.nodes() == []
    canvas.focus_graph()
    canvas.page.keyboard.press("Control+v")
    canvas.wait("c.graph().nodes.length === 1")
    assert canvas.param("vae", "latent_size") == 12


@of("chain")
def test_a_wrong_value_says_what_is_allowed(canvas: Canvas) -> None:
    canvas.select("vae")
    canvas.part("param-latent_size").fill("1000")
    expect(canvas.part("param-error-latent_size")).to_have_text(
        "Latent size must be at most 512, but is 1000."
    )
    canvas.part("param-latent_size").fill("3.5")
    expect(canvas.part("param-error-latent_size")).to_have_text(
        "Latent size must be a whole number, but is 3.5."
    )
    canvas.part("param-learning_rate").fill("fast")
    expect(canvas.part("param-error-learning_rate")).to_have_text(
        "Learning rate must be a number, but is “fast”."
    )
    canvas.part("param-budget").fill("0")
    expect(canvas.part("param-error-budget")).to_have_text("Budget: seconds must be more than 0, but is 0.")
    canvas.part("param-latent_size").fill("32")
    expect(canvas.part("param-error-latent_size")).to_have_count(0)
    canvas.part("reset-latent_size").click()
    expect(canvas.part("param-latent_size")).to_have_value("16")
    canvas.saved()
    params = next(n for n in canvas.stored()["nodes"] if n["id"] == "vae")["params"]
    assert params == {"budget": {"seconds": 0}, "learning_rate": "fast"}


@of("chain")
def test_a_field_shows_when_another_asks_for_it(canvas: Canvas) -> None:
    canvas.select("vae")
    expect(canvas.part("param-depth")).to_have_count(0)
    canvas.part("param-network").select_option(label="Transformer")
    expect(canvas.part("param-depth")).to_be_visible()
    assert canvas.param("vae", "network") == "transformer"


@of("chain")
def test_edits_are_saved_and_sent_again_after_a_failure(canvas: Canvas) -> None:
    canvas.control(fail_saves=1)
    canvas.select("vae")
    canvas.part("param-latent_size").fill("64")
    expect(canvas.part("saved")).to_contain_text("not saved: The disk is full.")
    canvas.saved()
    canvas.open()
    assert canvas.param("vae", "latent_size") == 64


@of("chain")
def test_another_window_is_noticed_and_nothing_is_lost(canvas: Canvas) -> None:
    other = canvas.page.context.new_page()
    second = Canvas.__new__(Canvas)
    second.page, second.server, second.id, second.errors = other, canvas.server, canvas.id, []
    second.open()
    second.select("vae")
    second.part("param-latent_size").fill("99")
    second.saved()
    canvas.select("vae")
    canvas.part("param-latent_size").fill("77")
    expect(canvas.part("saved")).to_contain_text("changed in another window")
    expect(canvas.part("conflict")).to_contain_text("Your edits are kept here")
    assert canvas.param("vae", "latent_size") == 77
    canvas.page.get_by_role("button", name="Save mine over it").click()
    canvas.saved()
    assert next(n for n in canvas.stored()["nodes"] if n["id"] == "vae")["params"]["latent_size"] == 77
    other.close()


@of("chain")
def test_a_wire_dropped_on_empty_canvas_offers_what_fits(canvas: Canvas) -> None:
    canvas.drag(canvas.port("vae", "model", "source"), canvas.empty_spot())
    expect(canvas.part("quick-add")).to_be_visible()
    expect(canvas.part("quick-generate.images")).to_be_visible()
    expect(canvas.part("quick-dataset.digits")).to_have_count(0)
    canvas.page.keyboard.press("Enter")
    canvas.wait("c.graph().nodes.length === 5")
    assert "vae.model>images.model" in canvas.wires()
    canvas.part("undo").click()
    assert len(canvas.nodes()) == 4


@of("chain")
def test_quick_add_by_keys_and_by_double_click(canvas: Canvas) -> None:
    canvas.focus_graph()
    canvas.page.keyboard.press("Tab")
    canvas.page.keyboard.type("compare")
    canvas.page.keyboard.press("Enter")
    canvas.wait("c.graph().nodes.length === 5")
    canvas.focus_graph()
    canvas.page.keyboard.press("/")
    expect(canvas.part("quick-add")).to_be_visible()
    canvas.page.keyboard.press("Escape")
    expect(canvas.part("quick-add")).to_have_count(0)
    canvas.page.mouse.dblclick(*canvas.empty_spot())
    expect(canvas.part("quick-add")).to_be_visible()


@of("chain")
def test_layout_is_tidy_and_undoable(canvas: Canvas) -> None:
    before = [canvas.position(node) for node in canvas.nodes()]
    canvas.part("layout").click()
    places = {node: canvas.position(node) for node in canvas.nodes()}
    assert places["digits"][0] < places["vae"][0] < places["generate"][0] < places["score"][0]
    canvas.part("undo").click()
    assert [canvas.position(node) for node in canvas.nodes()] == before


@of("template")
def test_the_first_edit_of_a_template_makes_a_copy(canvas: Canvas) -> None:
    expect(canvas.part("run")).to_contain_text("Run demo")
    expect(canvas.part("status-vae")).to_have_text("▪stored")
    template = canvas.id
    canvas.select("vae")
    view = canvas.hook("viewport()")
    canvas.part("param-latent_size").fill("24")
    canvas.page.wait_for_url("**/?pipeline=copy-*")
    canvas.id = canvas.hook("id()")
    canvas.saved()
    assert canvas.id.startswith("copy-")
    assert canvas.param("vae", "latent_size") == 24
    assert canvas.hook("viewport()") == view
    assert canvas.hook("selected()") == ["vae"]
    expect(canvas.part("pipeline-name")).to_have_value("Digits with a VAE (copy)")
    expect(canvas.part("status-vae")).to_contain_text("changed")
    expect(canvas.part("status-digits")).to_contain_text("stored")
    assert next(n for n in canvas.stored()["nodes"] if n["id"] == "vae")["params"]["latent_size"] == 24
    canvas.part("undo").click()
    assert canvas.param("vae", "latent_size") == 12
    expect(canvas.part("status-vae")).to_contain_text("stored")
    canvas.saved()
    held = canvas.control(id=template)["row"]
    assert held["rev"] == 1
    assert next(n for n in held["document"]["nodes"] if n["id"] == "vae")["params"]["latent_size"] == 12


@of("chain")
def test_hotkeys_stay_inside(canvas: Canvas) -> None:
    runs = canvas.page.evaluate("performance.getEntriesByType('navigation').length")
    canvas.select("vae")
    for key in ("r", "c", "Escape", "r", "c"):
        canvas.page.keyboard.press(key)
    canvas.page.wait_for_timeout(400)
    assert canvas.page.get_by_text("Clear caches").count() == 0
    assert canvas.page.evaluate("performance.getEntriesByType('navigation').length") == runs
    canvas.select("generate")
    canvas.part("param-prompt").fill("")
    canvas.part("param-prompt").press_sequentially("rcf? /l")
    assert canvas.param("generate", "prompt") == "rcf? /l"
    assert len(canvas.nodes()) == 4


@of("chain")
def test_one_press_is_one_run_and_cancel_stops_it(canvas: Canvas) -> None:
    before = canvas.control()["runs"]
    canvas.part("run").dblclick()
    expect(canvas.part("cancel")).to_be_visible()
    expect(canvas.part("status-vae")).to_contain_text("running")
    assert canvas.control()["runs"] == before + 1
    canvas.part("cancel").click()
    expect(canvas.part("run-summary")).to_contain_text("cancelled")
    expect(canvas.part("status-vae")).to_contain_text("cancelled")
    expect(canvas.part("run")).to_be_visible()


@of("chain")
def test_a_run_shows_pictures_curves_scores_and_reasons(canvas: Canvas) -> None:
    canvas.control(rate=60)
    heights = {n: canvas.part(f"node-{n}").bounding_box()["height"] for n in canvas.nodes()}
    canvas.part("run").click()
    expect(canvas.part("curve-vae")).to_be_visible()
    expect(canvas.part("run-summary")).to_contain_text("done", timeout=30_000)
    expect(canvas.part("preview-vae").locator("img")).to_be_visible()
    expect(canvas.part("reason-digits")).to_have_text("reused from run 41")
    expect(canvas.part("score-score")).to_contain_text("FID1.31[1.20–1.50]floor 0.8")
    assert heights == {n: canvas.part(f"node-{n}").bounding_box()["height"] for n in canvas.nodes()}
    canvas.select("vae")
    canvas.part("param-latent_size").fill("13")
    expect(canvas.part("status-score")).to_contain_text("changed")
    expect(canvas.part("reason-vae")).to_have_text("runs: settings changed")
    canvas.part("undo").click()
    expect(canvas.part("status-score")).to_contain_text("done")
    canvas.part("preview-vae").click()
    expect(canvas.part("large")).to_contain_text("276,104 weights")
    canvas.page.keyboard.press("Escape")
    expect(canvas.part("large")).to_have_count(0)


@of("chain")
def test_what_is_missing_is_listed_and_leads_to_the_block(canvas: Canvas) -> None:
    canvas.select("generate")
    canvas.page.keyboard.press("Delete")
    canvas.part("run").click()
    expect(canvas.part("problems")).to_contain_text("“samples” has no wire. It needs Images.")
    canvas.part("problems").get_by_role("button", name="Evaluate images").click()
    assert canvas.hook("selected()") == ["score"]
    canvas.page.keyboard.press("Control+z")
    expect(canvas.part("problems")).to_have_count(0)


@of("chain")
def test_a_lost_connection_is_said_and_found_again(canvas: Canvas) -> None:
    canvas.control(drop=True)
    expect(canvas.part("connection")).to_have_text("connection lost – editing continues", timeout=3000)
    expect(canvas.part("connection")).to_have_count(0, timeout=5000)


@of("blank")
def test_an_upload_shows_what_is_in_it(canvas: Canvas) -> None:
    canvas.part("palette-dataset.images").click()
    zipped = {"name": "cats.zip", "mimeType": "application/zip", "buffer": b"PK"}
    canvas.part("param-archive-zip").set_input_files(zipped)
    expect(canvas.part("param-archive")).to_contain_text("1 files")
    expect(canvas.part("param-archive")).to_contain_text("1 file was left out")
    assert canvas.param("images", "archive") == {"hash": "cd" * 32, "name": "cats.zip"}
    canvas.part("param-archive-zip").set_input_files({**zipped, "name": "notes.txt"})
    expect(canvas.part("param-archive")).to_contain_text("is no zip archive")


@of("chain")
def test_nothing_is_disturbed_while_events_stream(canvas: Canvas) -> None:
    canvas.control(rate=30)
    page = canvas.page
    canvas.part("run").click()
    expect(canvas.part("status-vae")).to_contain_text("running")
    page.mouse.move(*canvas.empty_spot())
    x, y = canvas.empty_spot()
    canvas.drag((x, y), (x + 60, y - 40))
    page.mouse.wheel(0, -120)
    page.wait_for_timeout(250)
    canvas.select("vae")
    view = canvas.hook("viewport()")
    field = canvas.part("param-latent_size")
    field.click()
    field.press("Control+a")
    page.keyboard.type("2", delay=60)
    page.wait_for_timeout(700)
    page.keyboard.type("48", delay=120)
    expect(field).to_have_value("248")
    expect(field).to_be_focused()
    assert canvas.hook("selected()") == ["vae"]
    assert canvas.hook("viewport()") == view
    card = canvas.part("node-digits").bounding_box()
    start = (card["x"] + 60, card["y"] + 14)
    page.mouse.move(*start)
    page.mouse.down()
    for step in range(1, 13):
        page.mouse.move(start[0] + 8 * step, start[1] + 10 * step)
        page.wait_for_timeout(50)
    during = canvas.part("node-digits").bounding_box()
    assert abs(during["x"] - card["x"] - 96) < 14
    assert abs(during["y"] - card["y"] - 120) < 14
    page.mouse.up()
    assert canvas.hook("live()")["status"] == "running"
    assert canvas.hook("viewport()") == view
    assert canvas.param("vae", "latent_size") == 248
