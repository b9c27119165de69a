"""Every page on an empty home, with runs, and with the oddest names: it is shown, in words, without a fault."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from pipelines.service import Service
from tests.ui.conftest import ODD_NAMES, Open, Used, _open, shown
from ui import words


def button(test: AppTest, key: str) -> object:
    return next(one for one in test.button if one.key == key)


@pytest.mark.parametrize("page", ["gallery.py", "build.py", "runs.py"])
def test_pages_open_on_an_empty_home(open_page: Open, page: str) -> None:
    test = open_page(page)
    assert not test.exception
    assert not test.error
    assert shown(test)


@pytest.mark.parametrize("page", ["gallery.py", "build.py", "runs.py"])
def test_pages_open_on_a_home_that_was_worked_in(used: Used, page: str) -> None:
    test = _open(page)
    assert not test.exception
    assert not test.error


def test_the_gallery_tells_what_a_demo_costs_and_does(open_page: Open) -> None:
    test = open_page()
    words_shown = shown(test)
    assert "Handwritten digits, drawn by a VAE" in words_shown
    assert "about" in words_shown
    assert {"Run demo", "Open", "New pipeline", "Import file"} <= {one.label for one in test.button}


def test_searching_looks_through_demos_and_pipelines(used: Used) -> None:
    test = _open()
    test.text_input(key="search").set_value("zebra crossing").run()
    assert "No demo matches" in shown(test)
    assert "None of your pipelines matches" in shown(test)
    test.text_input(key="search").set_value("<SCRIPT>").run()
    assert ODD_NAMES[0] in [text.value for text in test.text]


def test_a_demo_shows_the_score_that_its_stored_run_reached(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from pipelines import templates

    score = {"name": "fid", "value": 1.9, "low": 1.7, "high": 2.2, "floor": 0.6, "n": 1797, "features": "f",
             "meaning": "How far.", "subject": "model", "better": "lower"}  # fmt: skip
    stored = replace(templates.get("digits-vae"), results={"scores": [score], "thumbnail": "0" * 64})
    monkeypatch.setattr(templates, "all_templates", lambda: [stored])
    test = open_page()
    assert not test.exception
    assert "FID 1.90 (1.70 to 2.20)" in shown(test).replace("\\", "")
    assert "real pictures 0.600" in shown(test)


def test_running_a_demo_starts_it_and_opens_its_canvas(open_page: Open) -> None:
    test = open_page()
    button(test, "run digits-vae").click().run()  # type: ignore[attr-defined]
    assert not test.exception
    from ui.session import service

    runs = service().runs()
    assert [run.pipeline for run in runs] == ["template-digits-vae"]
    assert test.query_params["pipeline"] == "template-digits-vae"


def test_a_new_pipeline_opens_on_the_canvas(open_page: Open) -> None:
    from ui.session import service

    test = open_page()
    button(test, "new").click().run()  # type: ignore[attr-defined]
    made = service().pipelines()[0]
    assert test.query_params["pipeline"] == made.id


def test_an_unknown_pipeline_is_a_sentence(open_page: Open) -> None:
    test = open_page("build.py", pipeline="nothing")
    assert not test.exception
    said = shown(test).replace("\\", "")
    assert "There is no such pipeline" in said or "not built" in said
    assert "Open the gallery" in said


@pytest.mark.parametrize("run", ["999", "nothing", "<b>", "-1", "9" * 400, "1.5"])
def test_an_unknown_run_is_a_sentence(open_page: Open, run: str) -> None:
    test = open_page("runs.py", run=run)
    assert not test.exception
    assert not test.error
    assert "There is no run" in shown(test)


def test_the_list_of_runs(used: Used) -> None:
    test = _open("runs.py")
    said = shown(test)
    assert "Handwritten digits, drawn by a VAE" in said.replace("\\", "")
    assert "Waiting, in this order" in said
    assert "FID" in said
    assert {"Done", "Failed", "Waiting"} <= set(badges(test))


def test_the_list_is_filtered_by_status(used: Used) -> None:
    test = _open("runs.py")
    test.get("button_group")[0].set_value("Failed").run()
    assert "Failed" in badges(test)
    assert "Done" not in badges(test)


def badges(test: AppTest) -> list[str]:
    found = [item.value for item in test.markdown if "-badge[" in item.value]
    return [
        name for text in found for name in ("Done", "Failed", "Waiting", "Running", "Reused") if name in text
    ]


def test_a_run_shows_its_steps_scores_pictures_and_settings(used: Used) -> None:
    test = _open("runs.py", run=str(used.done))
    assert not test.exception
    labels = [one.label for one in test.expander]
    assert len(labels) == 5
    assert all("Done" in label and "first run" in label for label in labels)
    said = shown(test)
    assert "Scores" in said
    assert "Real pictures" in said
    assert "Pictures through time" in said
    assert "Settings" in said
    table = test.dataframe[0].value
    assert {"Score", "Model", "Real pictures", "Better"} <= set(table.columns)
    assert "**FID** How far the samples" in said


def test_pictures_through_time_are_chosen_by_a_slider(used: Used) -> None:
    test = _open("runs.py", run=str(used.done))
    slider = test.select_slider[0]
    assert len(slider.options) > 1
    assert slider.value == len(slider.options) - 1
    slider.set_value(0).run()
    assert not test.exception
    assert test.select_slider[0].value == 0


def test_a_failed_run_says_why(used: Used) -> None:
    test = _open("runs.py", run=str(used.failed))
    assert not test.exception
    assert test.error
    assert "Traceback" not in shown(test)


def test_a_waiting_run_can_be_cancelled(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from ui.session import service

    opened = service().open_template("digits-vae")
    started = service().start_run(opened.id, "r")
    test = _open("runs.py", run=str(started.number))
    button(test, f"cancel {started.run}").click().run()  # type: ignore[attr-defined]
    assert not test.exception
    run = service().run(started.run or "")
    assert run.status == "cancelled" or run.message == "cancelling"


def test_a_version_of_a_run_opens_as_a_copy(used: Used) -> None:
    before = len(used.service.pipelines())
    test = _open("runs.py", run=str(used.done))
    button(test, "version").click().run()  # type: ignore[attr-defined]
    assert len(used.service.pipelines()) == before + 1
    newest = used.service.pipelines()[0]
    assert test.query_params["pipeline"] == newest.id
    used.service.delete(newest.id)


def test_odd_names_are_text_everywhere(used: Used) -> None:
    for page, query in (("gallery.py", {}), ("runs.py", {}), ("runs.py", {"run": str(used.waiting)})):
        test = _open(page, **query)
        assert not test.exception
        for kind in ("markdown", "caption", "button", "expander", "warning", "error", "info"):
            for item in test.get(kind):
                said = str(getattr(item, "value", None) or getattr(item, "label", ""))
                assert "<script" not in said
                assert "](http" not in said
                assert ":red[no" not in said
                assert "\u202e" not in said


def test_no_foreign_text_is_ever_html(used: Used) -> None:
    for page, query in (("gallery.py", {}), ("runs.py", {}), ("runs.py", {"run": str(used.waiting)})):
        test = _open(page, **query)
        assert not any(item.allow_html for item in test.markdown)
        sheets = [item.proto.body for item in test.get("html")]
        assert all(sheet.startswith("<style>") for sheet in sheets)


def test_a_fault_of_ours_is_a_sentence(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Service, "runs", broken)
    test = open_page("runs.py")
    assert not test.exception
    assert "secret" not in test.error[0].value
    assert "could not be shown" in test.error[0].value


def test_files_of_pipelines_have_names_that_every_system_takes() -> None:
    from ui.mine import _file_name

    for name in [*ODD_NAMES, "", "..", "con/aux", "a" * 500]:
        made = _file_name(name)
        assert made.endswith(".json")
        assert len(made) < 100
        assert not set(made) & set('/\\<>:"|?*\n')


def test_plain_text_survives_markdown() -> None:
    for name in ODD_NAMES:
        escaped = words.plain(name)
        assert "\n" not in escaped
        assert words.clean(escaped.replace("\\", "")) == " ".join(words.clean(name).replace("\\", "").split())


def test_documents_that_are_saved_as_files_open_again(used: Used) -> None:
    row = used.service.pipelines()[0]
    content = json.dumps(used.service.open_pipeline(row.id).document, indent=2, ensure_ascii=False)
    made = used.service.import_document(content.encode())
    assert made.document["nodes"] == used.service.open_pipeline(row.id).document["nodes"]
    used.service.delete(made.id)
