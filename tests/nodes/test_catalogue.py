"""The catalogue: finding blocks, also those of strangers, and surviving the broken ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nodes.catalogue import FOLDER_VARIABLE, load

GOOD = '''
"""A block of a stranger."""
from __future__ import annotations
from nodes.api import Images, Param, Params, block

class InvertParams(Params):
    amount: float = Param(1.0, ge=0, le=1, title="Amount", description="How much to invert.")

@block("{id}", version=1, title="Invert")
def invert(images: Images, params: InvertParams) -> Images:
    """Swap dark and light."""
    return Images(255 - images.pixels, images.labels, images.classes)
'''

BROKEN = {
    "syntax.py": ("def broken(:", "SyntaxError"),
    "missing.py": ("import no_such_module_here", "no_such_module_here"),
    "exits.py": ("raise SystemExit(3)", "SystemExit"),
    "declares.py": (GOOD.replace("{id}", "No Id"), "must look like"),
    "taken.py": (GOOD.replace("{id}", "dataset.digits"), "exists already"),
}


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def test_a_file_in_the_users_folder_is_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, invert=GOOD.replace("{id}", "mine.invert"), _helper="raise ValueError('never read')")
    catalogue = load(tmp_path)
    assert catalogue.problems == []
    found = catalogue.get("mine.invert")
    assert found is not None
    assert (found.group, found.summary) == ("mine", "Swap dark and light.")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert load().get("mine.invert") is not None
    assert len(load()) == len(catalogue)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named_and_stops_nothing(tmp_path: Path, name: str) -> None:
    text, words = BROKEN[name]
    (tmp_path / name).write_text(text, encoding="utf-8")
    write(tmp_path, zz_good=GOOD.replace("{id}", "mine.invert"))
    catalogue = load(tmp_path)
    assert len(catalogue.problems) == 1
    assert name in catalogue.problems[0]
    assert words in catalogue.problems[0]
    assert catalogue.get("mine.invert") is not None
    digits = catalogue.get("dataset.digits")
    assert digits is not None
    assert digits.title == "Handwritten digits"


def test_two_files_cannot_claim_the_same_id(tmp_path: Path) -> None:
    text = GOOD.replace("{id}", "mine.invert")
    assert load(write(tmp_path, a=text, b=text)).problems == [
        "b.py declares the block mine.invert, which exists already; choose another id."
    ]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "does not exist" in load(tmp_path / "nowhere").problems[0]


def test_a_file_that_uses_one_of_our_blocks_does_not_claim_it(tmp_path: Path) -> None:
    assert load(write(tmp_path, uses="from nodes.dataset.digits import digits\n")).problems == []


def test_ids_are_suggested_and_kinds_say_what_they_stand_for() -> None:
    catalogue = load()
    assert catalogue.suggest("dataset.digit") == "dataset.digits"
    assert catalogue.suggest("zzz") is None
    described = json.loads(json.dumps(catalogue.describe(), allow_nan=False))
    assert described["kinds"]["VAEModel"]["is"] == ["VAEModel", "ImageModel"]
    used = {port["kind"] for one in described["blocks"] for port in (*one["inputs"], *one["outputs"])}
    assert used <= set(described["kinds"])


def test_the_catalogue_loads_without_any_heavy_library() -> None:
    code = (
        "import sys; from nodes.catalogue import load; import nodes.reading, nodes.testing; load(); "
        "print(sorted({'torch', 'diffusers', 'sklearn', 'PIL', 'scipy', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
