"""The Python side of the canvas: what it hands to the page, its keys, its build, its generated types."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import canvas
from canvas import build, catalogue_message, typegen
from canvas.messages import CanvasData, Document, OpenDocument
from tests.canvas import blocks, documents, shared


def data(document: dict[str, Any]) -> CanvasData:
    opened = OpenDocument(
        id="p", epoch="e", rev=1, readonly=False, document=Document.model_validate(document)
    )
    return CanvasData(doc=opened, catalogue=catalogue_message(blocks.load().describe()))


def test_types_of_the_messages_are_current() -> None:
    assert typegen.main(["--check"]) == 0


def test_cases_that_both_sides_answer_are_current() -> None:
    assert shared.TARGET.read_text(encoding="utf-8") == shared.text()


def test_a_catalogue_has_the_same_version_until_it_changes() -> None:
    description = blocks.load().describe()
    first = catalogue_message(description).version
    assert catalogue_message(json.loads(json.dumps(description))).version == first
    description["blocks"][0]["title"] = "Other"
    assert catalogue_message(description).version != first


def test_numbers_that_are_not_finite_never_reach_the_page() -> None:
    document = documents.chain()
    document["nodes"][0]["position"] = [float("nan"), 0]
    with pytest.raises(ValidationError):
        data(document)


def test_the_loader_is_text_with_a_line_break_inside_and_names_the_bundle() -> None:
    loader = canvas._LOADER.format(url="canvas-assets/canvas.js?v=abc")
    assert "\n" in loader.strip()
    assert 'new URL("canvas-assets/canvas.js?v=abc", document.baseURI)' in loader


def test_a_missing_bundle_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas, "assets_folder", lambda: tmp_path)
    with pytest.raises(canvas.CanvasNotBuilt, match=r"Run: python -m canvas\.build"):
        canvas.bundle_version()


def test_the_hash_of_the_sources_follows_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "frontend"
    shutil.copytree(build.FRONTEND / "src", folder / "src")
    for name in ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"):
        shutil.copy(build.FRONTEND / name, folder / name)
    before = build.sources_hash()
    monkeypatch.setattr(build, "FRONTEND", folder)
    assert build.sources_hash() == before
    (folder / "src" / "new.test.ts").write_text("")
    assert build.sources_hash() == before
    (folder / "src" / "index.ts").write_text("export default 1;")
    assert build.sources_hash() != before


def test_the_lock_file_names_no_other_registry() -> None:
    lock = json.loads((build.FRONTEND / "package-lock.json").read_text(encoding="utf-8"))
    resolved = {entry["resolved"] for entry in lock["packages"].values() if "resolved" in entry}
    assert all(address.startswith("https://registry.npmjs.org/") for address in resolved)
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)


def test_a_build_that_fails_says_which_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "_is_current", lambda wanted: False)
    monkeypatch.setattr(build, "_packages_are_there", lambda: True)
    monkeypatch.setattr(
        build, "_find_node", lambda: (["python3", "-c", "import sys; sys.exit('no such thing')"], ["npm"])
    )
    assert build.main() == 1
    assert "this command failed" in capsys.readouterr().err
