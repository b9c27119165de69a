"""The catalogue: every block this installation has, found in `nodes`, in a folder of the user, and in packages."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import nodes
from nodes import ports
from nodes.ports.base import Port
from nodes.spec import BlockSpec

ENTRY_POINT = "genloom.blocks"


class Catalogue:
    """Blocks by id. A block that fails to load is left out and named in `problems`."""

    def __init__(self, specs: list[BlockSpec], problems: list[str] | None = None) -> None:
        self._specs = {spec.id: spec for spec in specs}
        self.problems = problems or []

    def get(self, id: str) -> BlockSpec | None:
        """The block of that id, or None."""
        return self._specs.get(id)

    def __iter__(self) -> Iterator[BlockSpec]:
        return iter(self._specs.values())

    def __len__(self) -> int:
        return len(self._specs)

    def suggest(self, id: str) -> str | None:
        """The id that looks most like `id`, or None."""
        return next(iter(difflib.get_close_matches(id, self._specs, 1)), None)

    def kinds(self) -> dict[str, type[Port]]:
        """Every kind of port, by name: the product's own and those of the blocks."""
        found = {kind.__name__: kind for name in ports.__all__ if (kind := getattr(ports, name)) is not Port}
        for spec in self:
            found.update((port.kind.__name__, port.kind) for port in (*spec.inputs, *spec.outputs))
        return found

    def describe(self) -> dict[str, Any]:
        """Blocks and kinds as plain JSON. A kind lists every kind that it may stand for in `is`."""
        return {
            "blocks": [spec.describe() for spec in self],
            "kinds": {
                name: {
                    "title": kind.title,
                    "colour": kind.colour,
                    "description": (kind.__doc__ or "").split("\n")[0],
                    "is": [c.__name__ for c in kind.__mro__ if issubclass(c, Port) and c is not Port],
                }
                for name, kind in self.kinds().items()
            },
        }


def load(folder: Path | None = None) -> Catalogue:
    """Find all blocks: ours, those of installed packages, and the files of `folder`."""
    specs, problems = [], []
    for info in pkgutil.walk_packages(nodes.__path__, "nodes."):
        if info.name.count(".") == 2 and not info.name.startswith("nodes.ports."):
            specs += _blocks_of(importlib.import_module(info.name))
    sources: list[tuple[str, Any]] = [(e.name, e.load) for e in entry_points(group=ENTRY_POINT)]
    if folder:
        sources += [(str(path), lambda p=path: _module_at(p)) for path in sorted(folder.glob("*.py"))]
    for name, read in sources:
        try:
            specs += _blocks_of(read())
        except Exception as error:  # a stranger's block must not stop the app
            problems.append(f"Blocks of {name} could not be loaded: {error}")
    return Catalogue(specs, problems)


def _blocks_of(module: ModuleType) -> list[BlockSpec]:
    return [v.__block__ for v in vars(module).values() if isinstance(getattr(v, "__block__", None), BlockSpec)]


def _module_at(path: Path) -> ModuleType:
    import sys

    name = f"genloom_blocks_{path.stem}"
    found = importlib.util.spec_from_file_location(name, path)
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # annotations of the file are looked up here
    found.loader.exec_module(module)
    return module
