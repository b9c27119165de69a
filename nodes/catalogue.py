"""The catalogue: every block this installation has, found in `nodes`, in a folder of the user, and in packages."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import nodes
from nodes import ports
from nodes.ports.base import Port
from nodes.spec import BlockSpec

ENTRY_POINT = "genloom.blocks"
FOLDER_VARIABLE = "GENLOOM_BLOCKS"
_NO_BLOCKS = ("nodes.ports.", "nodes.reading.")


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
            kinds = [port.kind for port in spec.inputs] + [port.kind for port in spec.outputs]
            found.update((kind.__name__, kind) for kind in kinds)
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


def own() -> Catalogue:
    """The blocks that come with the product, and no others."""
    specs: list[BlockSpec] = []
    for info in pkgutil.walk_packages(nodes.__path__, "nodes."):
        if info.name.count(".") == 2 and not info.name.startswith(_NO_BLOCKS):
            specs += _blocks_of(importlib.import_module(info.name))
    return Catalogue(specs)


def load(folder: Path | None = None) -> Catalogue:
    """Find all blocks: ours, those of installed packages, and the files of `folder`.

    Without `folder` the environment variable GENLOOM_BLOCKS may name it. A stranger's block that fails to load, or
    that takes an id already in use, is left out and named in `problems`; it never stops the app.
    """
    specs = list(own())
    problems: list[str] = []
    if folder is None and os.environ.get(FOLDER_VARIABLE):
        folder = Path(os.environ[FOLDER_VARIABLE])
    sources: list[tuple[str, Callable[[], Any]]] = [
        (f"the package entry {entry.name}", entry.load) for entry in entry_points(group=ENTRY_POINT)
    ]
    if folder and not folder.is_dir():
        problems.append(f"The folder of blocks {folder} does not exist.")
    elif folder:
        sources += [(path.name, partial(_module_at, path)) for path in sorted(folder.glob("[!_]*.py"))]
    for name, read in sources:
        try:
            found = _blocks_of(read())
        except (Exception, SystemExit) as error:
            problems.append(f"Blocks of {name} could not be loaded: {type(error).__name__}: {error}")
            continue
        taken = {spec.id: spec for spec in specs}
        for spec in found:
            if spec.id not in taken:
                specs.append(spec)
            elif taken[spec.id] is not spec:
                problems.append(
                    f"{name} declares the block {spec.id}, which exists already; choose another id."
                )
    return Catalogue(specs, problems)


def _blocks_of(found: object) -> list[BlockSpec]:
    """The blocks of a module, or of one function that an entry point names."""
    values = list(vars(found).values()) if isinstance(found, ModuleType) else [found]
    return [spec for value in values if isinstance(spec := getattr(value, "__block__", None), BlockSpec)]


def _module_at(path: Path) -> ModuleType:
    name = f"genloom_blocks_{path.stem}"
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise ImportError(f"{path.name} is not a Python file")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # annotations of the file are looked up here
    try:
        found.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
