"""The templates: every one is complete, valid with the installed blocks, and laid out without overlaps."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest

from nodes import catalogue
from pipelines.document import DocumentError
from pipelines.templates import Template, all_templates, get
from pipelines.validation import problems

CARD = (240, 330)
GAP = 60


@pytest.fixture(params=all_templates(), ids=lambda template: template.slug)
def template(request: pytest.FixtureRequest) -> Template:
    return request.param


def test_the_first_template_is_there() -> None:
    assert "digits-vae" in [template.slug for template in all_templates()]
    assert get("digits-vae").title == "Handwritten digits, drawn by a VAE"


def test_it_runs_with_the_installed_blocks(template: Template) -> None:
    assert problems(template.document, catalogue.load()) == []


def test_it_tells_its_story_and_cost(template: Template) -> None:
    assert template.family
    assert 0 < template.seconds <= 3_600
    assert 100 <= len(template.story) <= 700
    for words in (
        template.story,
        template.data,
        template.hardware,
        template.document.description,
        *template.expects,
    ):
        assert words.endswith("."), words
    assert template.tags
    assert template.expects


def test_its_document_carries_its_name(template: Template) -> None:
    assert template.document.name == template.title


def test_its_cards_do_not_overlap(template: Template) -> None:
    for one, other in combinations(template.document.nodes, 2):
        across, down = (abs(a - b) for a, b in zip(one.position, other.position, strict=True))
        assert across >= CARD[0] + GAP or down >= CARD[1] + GAP, f"{one.id} lies on {other.id}"


def test_its_wires_run_from_left_to_right(template: Template) -> None:
    for wire in template.document.wires:
        left, right = (template.document.node(end[0]).position[0] for end in (wire.source, wire.target))
        assert left < right, f"{wire.source[0]} stands right of {wire.target[0]}"


def test_its_file_is_named_like_it(template: Template) -> None:
    assert template.folder.name == template.slug
    assert template.folder.with_suffix(".json").is_file()


def test_its_summary_is_plain_json(template: Template) -> None:
    summary = json.loads(json.dumps(template.summary()))
    assert {"slug", "title", "family", "seconds"} <= set(summary)


def test_its_stored_pictures_are_all_there(template: Template) -> None:
    named = {
        node["preview"]["hash"]
        for node in (template.results or {}).get("nodes", {}).values()
        if node.get("preview")
    }
    assert [digest for digest in named if template.picture(digest) is None] == []


def copy_of_the_first(folder: Path) -> Path:
    (folder / "digits-vae.json").write_bytes(get("digits-vae").folder.with_suffix(".json").read_bytes())
    (folder / "digits-vae").mkdir()
    return folder / "digits-vae"


RESULTS = {
    "none": (None, False),
    "not JSON": ("{", False),
    "a list": ("[]", False),
    "without nodes": ("{}", False),
    "with odd nodes": ('{"nodes": {"vae": 1}}', False),
    "sound": ('{"nodes": {"vae": {"status": "done"}}, "made": "2025-01-01"}', True),
}


@pytest.mark.parametrize(("text", "read"), RESULTS.values(), ids=RESULTS)
def test_stored_results_are_read_where_they_are_sound(tmp_path: Path, text: str | None, read: bool) -> None:
    folder = copy_of_the_first(tmp_path)
    if text is not None:
        (folder / "results.json").write_text(text)
    [template] = all_templates(tmp_path)
    assert (template.results is not None) == read


def test_a_picture_is_found_by_its_hash_only(tmp_path: Path) -> None:
    folder = copy_of_the_first(tmp_path)
    (folder / f"{'a' * 64}.png").write_bytes(b"png")
    (tmp_path / "secret.png").write_bytes(b"png")
    template = get("digits-vae", tmp_path)
    assert template.picture("a" * 64) == folder / f"{'a' * 64}.png"
    for digest in ("b" * 64, "../secret", "", "a" * 64 + "\n", "A" * 64):
        assert template.picture(digest) is None


@pytest.mark.parametrize(
    ("slug", "message"),
    [
        ("digit-vae", "There is no template “digit-vae”. Did you mean “digits-vae”?"),
        ("../digits-vae.json/x", "There is no template “../digits-vae.json/x”."),
    ],
)
def test_an_unknown_template_is_explained(slug: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        get(slug)
    assert str(caught.value).startswith(message)
