"""The words match the code: links, commands, blocks, settings and dependencies that the documentation names exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)


def code_of(text: str) -> str:
    """Only what stands in code blocks and between backticks."""
    return "\n".join(block or inline for block, inline in CODE.findall(text))


def named(pattern: str) -> set[str]:
    """What `pattern` finds in the code parts of all pages."""
    return {
        found for page in PAGES for found in re.findall(pattern, code_of(page.read_text(encoding="utf-8")))
    }


@pytest.fixture(scope="module")
def commands() -> set[str]:
    """The commands that `python -m pipelines --help` lists."""
    shown = subprocess.run(
        [sys.executable, "-m", "pipelines", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(re.findall(r"^    (\w+)(?:  |$)", shown.stdout, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    local = [link.split("#")[0] for link in links if not link.startswith(("http:", "https:", "#"))]
    missing = [link for link in local if not (page.parent / link).exists()]
    assert not missing, f"{page.name} links to {missing}"


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    missing = [
        page.name
        for page in (ROOT / "docs").glob("*.md")
        if page.name not in {*re.findall(r"\w+\.md", index)}
    ]
    assert missing in ([], ["index.md"])


def test_every_make_command_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert named(r"\bmake ([a-z]+)") <= targets


def test_every_target_is_explained_to_contributors() -> None:
    targets = set(
        re.findall(r"^([a-z]+):.*# ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    told = set(re.findall(r"\bmake ([a-z]+)", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    assert targets - {"help"} <= told


def test_every_command_exists_and_is_explained(commands: set[str]) -> None:
    page = code_of((ROOT / "docs" / "cli.md").read_text(encoding="utf-8"))
    assert set(re.findall(r"python -m pipelines (\w+)", page)) == commands
    assert named(r"python -m pipelines (\w+)") <= commands


def test_every_option_exists() -> None:
    page = code_of((ROOT / "docs" / "cli.md").read_text(encoding="utf-8"))
    files = [ROOT / "pipelines" / name for name in ("cli.py", "controlling.py")]
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    assert [
        option for option in set(re.findall(r"--[a-z][a-z-]+", page)) if f'"{option}"' not in source
    ] == []


def test_every_module_that_can_be_run_exists() -> None:
    for name in named(r"python -m ([a-z_.]+)"):
        path = ROOT / name.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), f"python -m {name}"


def test_every_block_is_in_the_reference() -> None:
    from nodes.catalogue import load

    reference = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert [spec.id for spec in load() if spec.id not in reference] == []


def test_every_setting_by_environment_exists() -> None:
    folders = ("api", "generative", "nodes", "pipelines", "storage", "tools", "ui", "tests")
    files = [
        ROOT / "app.py",
        ROOT / "Makefile",
        *(path for name in folders for path in (ROOT / name).rglob("*.py")),
    ]
    known = set(re.findall(r"GENLOOM_[A-Z_]+", "\n".join(path.read_text(encoding="utf-8") for path in files)))
    assert named(r"GENLOOM_[A-Z_]+") <= known


def test_every_file_named_in_the_architecture_exists() -> None:
    page = code_of((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))
    places = {place.rstrip("/") for place in re.findall(r"(?<![\w/])(?:[a-z]+/)+[\w./]*\b", page)}
    ours = {place for place in places if place.split("/")[0] in {path.name for path in ROOT.iterdir()}}
    assert [place for place in sorted(ours) if not (ROOT / place).exists()] == []


def test_every_dependency_is_explained() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    words = set(re.findall(r"[@\w/.-]+", page))
    pinned = [
        line.split("==")[0]
        for name in ("requirements.txt", "requirements-dev.txt")
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
        if "==" in line
    ]
    package = json.loads((ROOT / "canvas" / "frontend" / "package.json").read_text(encoding="utf-8"))
    built = [
        name for name in (*package["dependencies"], *package["devDependencies"]) if "@types/" not in name
    ]
    assert [name for name in pinned + built if name not in words] == []
