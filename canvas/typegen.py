"""Writes `frontend/src/messages.gen.ts` from `messages.py`, so that both sides share one declaration.

`python -m canvas.typegen` writes the file; with `--check` it only fails when the file is stale.
"""

from __future__ import annotations

import sys
import typing
from pathlib import Path
from typing import Any, Literal

from canvas import messages

TARGET = Path(__file__).parent / "frontend" / "src" / "messages.gen.ts"
HEAD = "// Generated from canvas/messages.py by `python -m canvas.typegen`. Do not edit.\n"


def generate() -> str:
    """The TypeScript text for every message and every named literal, in declared order."""
    literals = {n: v for n, v in vars(messages).items() if typing.get_origin(v) is Literal and n != "Literal"}
    names = {_union(typing.get_args(v)): n for n, v in literals.items()}
    parts = [HEAD]
    parts += [f"export type {name} = {_union(typing.get_args(value))};\n" for name, value in literals.items()]
    parts += [_interface(model, names) for model in _models()]
    return "\n".join(parts)


def _models() -> list[type[messages.Message]]:
    found = [v for v in vars(messages).values() if isinstance(v, type) and issubclass(v, messages.Message)]
    return [model for model in found if model is not messages.Message]


def _interface(model: type[messages.Message], names: dict[str, str]) -> str:
    schema = model.model_json_schema(by_alias=True, mode="serialization")
    lines = [f"/** {_first_line(model.__doc__)} */", f"export interface {model.__name__} {{"]
    for name, part in schema.get("properties", {}).items():
        lines.append(f"  {name}: {_type(part, names)};")
    return "\n".join([*lines, "}\n"])


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n")[0]


def _type(part: dict[str, Any], names: dict[str, str]) -> str:
    """One JSON schema as a TypeScript type."""
    if "$ref" in part:
        return str(part["$ref"].rsplit("/", 1)[1])
    if "anyOf" in part:
        return " | ".join(_type(option, names) for option in part["anyOf"])
    if "const" in part:
        return _union((part["const"],))
    if "enum" in part:
        union = _union(tuple(part["enum"]))
        return names.get(union, union)
    match part.get("type"):
        case "array" if "prefixItems" in part:
            return "[" + ", ".join(_type(item, names) for item in part["prefixItems"]) + "]"
        case "array":
            item = _type(part.get("items", {}), names)
            return f"({item})[]" if " | " in item else f"{item}[]"
        case "object":
            extra = part.get("additionalProperties")
            return f"Record<string, {_type(extra, names) if isinstance(extra, dict) else 'unknown'}>"
        case "integer" | "number":
            return "number"
        case "string":
            return "string"
        case "boolean":
            return "boolean"
        case "null":
            return "null"
        case _:
            return "unknown"


def _union(values: tuple[Any, ...]) -> str:
    return " | ".join(f'"{v}"' if isinstance(v, str) else str(v).lower() for v in values)


def main(arguments: list[str]) -> int:
    """Write the file, or with `--check` compare it. Returns the exit code."""
    text = generate()
    if "--check" in arguments:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            print(f"{TARGET.name} is stale. Run: python -m canvas.typegen")
            return 1
        return 0
    TARGET.write_text(text, encoding="utf-8")
    print(f"Wrote {TARGET.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
