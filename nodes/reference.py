"""The reference of all blocks, generated from their declarations: `python -m nodes.reference [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from nodes import catalogue
from nodes.params import Budget
from nodes.spec import BlockSpec

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference.md"
_HEAD = """\
# All blocks

Made from the blocks' own declarations by `python -m nodes.reference`; change those, not this page. How to write a
block of your own stands in [blocks.md](blocks.md).
"""


def page(found: catalogue.Catalogue) -> str:
    """The whole reference as Markdown: every block with its ports and parameters, by group."""
    described = found.describe()
    parts = [_HEAD]
    group = ""
    for spec in sorted(found, key=lambda spec: spec.id):
        if spec.group != group:
            group = spec.group
            parts.append(f"## {group.capitalize()}\n")
        parts.append(_block(spec))
    parts.append("## Kinds of values\n")
    parts.append(_kinds(described["kinds"]))
    return "\n".join(parts)


def _block(spec: BlockSpec) -> str:
    described = spec.describe()
    lines = [
        f"### {spec.title}",
        "",
        f"`{spec.id}` · version {spec.version} · {_runs_on(spec)}",
        "",
        spec.summary,
        "",
    ]
    lines += [spec.help, ""]
    inputs = [f"- **{port['name']}**: {port['kind']}{_manner(port)}" for port in described["inputs"]]
    outputs = [f"- **{port['name']}**: {port['kind']}" for port in described["outputs"]]
    lines += ["Takes:", "", *inputs, ""] if inputs else []
    lines += ["Gives:", "", *outputs, ""] if outputs else []
    if described["fields"]:
        lines += ["| parameter | default | range | meaning |", "|---|---|---|---|"]
        lines += [_row(entry) for entry in described["fields"]] + [""]
    return "\n".join(lines)


def _runs_on(spec: BlockSpec) -> str:
    return "uses a GPU where there is one" if spec.device == "accelerator" else "runs on the CPU"


def _manner(port: dict[str, Any]) -> str:
    return ", optional" if port["optional"] else ", several wires" if port["multiple"] else ""


def _row(entry: dict[str, Any]) -> str:
    name = f"{entry['title']} `{entry['name']}`" + (" (advanced)" if entry["advanced"] else "")
    cells = [name, _default(entry), _range(entry), entry["description"]]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(entry: dict[str, Any]) -> str:
    if entry["required"]:
        return "needed"
    value = entry["default"]
    if entry["widget"] == "budget":
        return Budget.model_validate(value).words()
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return "on" if value else "off"
    if entry["widget"] == "choice":
        return next(str(choice["label"]) for choice in entry["choices"] if choice["value"] == value)
    return f"{value}{_unit(entry)}"


def _range(entry: dict[str, Any]) -> str:
    if entry["widget"] == "choice":
        return ", ".join(f"{choice['label']} (`{choice['value']}`)" for choice in entry["choices"])
    if entry["widget"] == "budget":
        return "seconds, steps or epochs"
    if entry["widget"] in ("switch", "upload", "text"):
        return {"switch": "on or off", "upload": "an upload", "text": "text"}[entry["widget"]]
    low, high = entry["minimum"], entry["maximum"]
    if low is None and high is None:
        return "any number"
    start = "up to" if low is None else f"above {low:,} to" if entry["exclusive_minimum"] else f"{low:,} to"
    words = f"{start} {high:,}{_unit(entry)}" if high is not None else f"{low:,} or more{_unit(entry)}"
    return words + (", or empty" if entry["nullable"] else "")


def _unit(entry: dict[str, Any]) -> str:
    return f" {entry['unit']}" if entry["unit"] else ""


def _kinds(kinds: dict[str, Any]) -> str:
    lines = [
        "A port takes its own kind and every kind that also counts as it.",
        "",
        "| kind | also counts as | meaning |",
        "|---|---|---|",
    ]
    for name, kind in sorted(kinds.items()):
        also = ", ".join(kind["is"][1:]) or "–"
        lines.append(f"| {name} | {also} | {kind['description']} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` say whether it is up to date; the exit code."""
    text = page(catalogue.own())
    if "--check" not in arguments:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print("docs/reference.md is out of date. Run: python -m nodes.reference", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
