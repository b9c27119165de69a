"""The documentation of blocks is true: its examples run and keep the contract, the reference is current."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from nodes import catalogue, reference
from nodes.api import BlockError
from nodes.testing import FakeContext, NodeContract, fake_images, run_block

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = dict(
    re.findall(
        r"<!-- example: (\w+) -->\n```python\n(.*?)```",
        (ROOT / "docs/blocks.md").read_text(encoding="utf-8"),
        re.S,
    )
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> catalogue.Catalogue:
    """The examples as a user would add them: two files in a folder."""
    folder = tmp_path_factory.mktemp("blocks")
    for name in ("invert", "sharpest"):
        (folder / f"{name}.py").write_text(EXAMPLES[name], encoding="utf-8")
    return catalogue.load(folder)


def test_the_examples_are_blocks(found: catalogue.Catalogue) -> None:
    assert found.problems == []
    assert {"mine.invert", "mine.sharpest"} <= {spec.id for spec in found}


@pytest.mark.parametrize("check", [name for name in dir(NodeContract) if name.startswith("test_")])
def test_the_examples_keep_the_contract(found: catalogue.Catalogue, check: str, tmp_path: Path) -> None:
    blocks = "".join(f"from genloom_blocks_{name} import *\n" for name in ("invert", "sharpest"))
    (tmp_path / "test_mine.py").write_text(blocks + EXAMPLES["test"], encoding="utf-8")
    tests = catalogue._module_at(tmp_path / "test_mine.py")
    for contract in (tests.TestInvert, tests.TestSharpest):
        getattr(contract(), check)()


def test_the_examples_do_what_they_say(found: catalogue.Catalogue) -> None:
    images, ctx = fake_images(20), FakeContext()
    invert, sharpest = found.get("mine.invert"), found.get("mine.sharpest")
    assert invert is not None
    assert sharpest is not None
    whole = run_block(invert.function, ctx, {"images": images, "params": invert.params()})["images"]
    assert np.array_equal(whole.pixels, 255 - images.pixels)  # type: ignore[attr-defined]
    parts = run_block(sharpest.function, ctx, {"images": images, "params": sharpest.params()})
    assert [len(part) for part in parts.values()] == [10, 10]  # type: ignore[arg-type]
    with pytest.raises(BlockError, match="leaves 20 sharp and 0 blurred"):
        run_block(sharpest.function, ctx, {"images": images, "params": sharpest.params(keep=1)})


def test_the_reference_is_current(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert reference.main(["--check"]) == 0
    monkeypatch.setattr(reference, "PAGE", tmp_path / "reference.md")
    assert reference.main(["--check"]) == 1
    assert "python -m nodes.reference" in capsys.readouterr().err
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0


def test_the_reference_names_every_block_port_parameter_and_kind() -> None:
    text = reference.PAGE.read_text(encoding="utf-8")
    for spec in catalogue.own():
        part = text.split(f"`{spec.id}` · ")[1].split("\n### ")[0]
        for name in (*(port.name for port in spec.inputs), *(port.name for port in spec.outputs)):
            assert f"- **{name}**: " in part
        assert all(f"`{name}`" in part for name in spec.params.model_fields)
    assert all(f"| {kind} |" in text for kind in catalogue.own().kinds())
