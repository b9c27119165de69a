"""Values between steps: what a block returned, stored as artifacts, and handed to the blocks that need it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from sqlite3 import Row
from typing import Any

from nodes.catalogue import Catalogue
from nodes.ports.base import Port
from nodes.spec import BlockSpec
from pipelines.context import store_picture
from storage.artifacts import Staged
from storage.home import Home
from storage.runs import column

KEPT_VALUES = 32
# A value up to this size waits for its neighbours, to be made durable together with them by the recorder.
SMALL_BYTES = 16 * 1024 * 1024


@dataclass
class Kept:
    """The outputs of one step as they are recorded, and what has to be made durable before that."""

    outputs: dict[str, Any] = field(default_factory=dict)
    artifacts: list[tuple[str, str, int]] = field(default_factory=list)  # hash, kind, size
    staged: list[Staged] = field(default_factory=list)


class Values:
    """Stores and loads values for one worker, and holds those used last in memory, so that a chain stays warm."""

    def __init__(self, home: Home, catalogue: Catalogue, settle: Callable[[], None]) -> None:
        """`settle` makes everything durable that still waits."""
        self._home = home
        self._catalogue = catalogue
        self._settle = settle
        self._loaded: OrderedDict[str, Port] = OrderedDict()
        self._outputs: dict[tuple[str, str], dict[str, Any]] = {}

    @cached_property
    def _kinds(self) -> dict[str, type[Port]]:
        return self._catalogue.kinds()

    def begin_chain(self) -> None:
        """Forget what earlier steps gave: another worker may have gone on from there."""
        self._outputs.clear()

    def note(self, run: str, node: str, outputs: dict[str, Any]) -> None:
        """What a step has given, before it is recorded."""
        self._outputs[run, node] = outputs

    def holds(self) -> set[str]:
        """The hashes of the values in memory."""
        return set(self._loaded)

    def input_bytes(self, step: Row) -> int:
        """The size of what the steps before this one gave, once its inputs are loaded."""
        sources = {node for wires in (column(step, "inputs") or {}).values() for node, _ in wires}
        return sum(output["size"] for node in sources for output in self._outputs[step["run"], node].values())

    def inputs(self, step: Row, spec: BlockSpec) -> dict[str, Any]:
        """The arguments of a block for its input ports."""
        wires = column(step, "inputs") or {}
        arguments: dict[str, Any] = {}
        for port in spec.inputs:
            values = [self._get(step["run"], node, output) for node, output in wires.get(port.name, [])]
            arguments[port.name] = values if port.multiple else values[0] if values else None
        return arguments

    def keep(self, spec: BlockSpec, value: Any) -> Kept:
        """Write what a block returned, and describe it."""
        values = value if isinstance(value, tuple) else (value,) if spec.outputs else ()
        kept = Kept()
        for port, item in zip(spec.outputs, values, strict=True):
            if not isinstance(item, port.kind):
                raise TypeError(
                    f"{spec.id} declares {port.kind.__name__} for {port.name}, but returned {type(item)}"
                )
            kept.outputs[port.name] = self._keep(item, kept)
        return kept

    def _keep(self, item: Port, kept: Kept) -> dict[str, Any]:
        staged = self._home.artifacts.stage(item.save)
        if staged.size > SMALL_BYTES or item.refers_to_folder:
            self._home.artifacts.publish([staged])
        else:
            kept.staged.append(staged)
        loaded = type(item).load(staged.path)
        self._remember(staged.hash, loaded)
        kept.artifacts.append((staged.hash, type(item).__name__, staged.size))
        thumbnail = loaded.thumbnail()
        return {
            "kind": type(item).__name__,
            "hash": staged.hash,
            "size": staged.size,
            "summary": loaded.summary(),
            "picture": store_picture(self._home, thumbnail, loaded.caption()) if thumbnail else None,
            "facts": loaded.facts(),
        }

    def _get(self, run: str, node: str, output: str) -> Port:
        outputs = self._outputs.get((run, node))
        if outputs is None:
            row = self._home.database.row("SELECT outputs FROM steps WHERE run = ? AND node = ?", (run, node))
            assert row is not None, f"{node} is not in run {run}"
            outputs = self._outputs[run, node] = column(row, "outputs")
        described = outputs[output]
        found = self._loaded.get(described["hash"])
        if found is None:
            folder = self._home.artifacts.path(described["hash"])
            if not folder.exists():
                self._settle()
            found = self._kinds[described["kind"]].load(folder)
            self._remember(described["hash"], found)
        self._loaded.move_to_end(described["hash"])
        return found

    def _remember(self, digest: str, value: Port) -> None:
        self._loaded[digest] = value
        while len(self._loaded) > KEPT_VALUES:
            self._loaded.popitem(last=False)
