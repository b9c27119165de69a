"""What would keep a document from running: every problem at once, in words that say what to do."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

import pydantic

from nodes.catalogue import Catalogue
from nodes.params import Params, explain
from nodes.ports.base import Port
from nodes.spec import BlockSpec
from pipelines.document import Document, DocumentError, Node, Problem, Wire
from pipelines.graph import Graph, build
from pipelines.problem import did_you_mean, listed
from storage.database import dump

MAX_CHECKED = 5_000  # settings of nodes whose check is remembered
MAX_HINTS = 20  # looking for similar names is slow, and nobody reads more hints than this


def problems(document: Document, catalogue: Catalogue) -> list[Problem]:
    """Every problem of a document, node by node and then the wires. Empty: it can run."""
    return _Check(document, catalogue).everything()


class Checked(NamedTuple):
    """The settings of a node once they are checked. Shared by all that ask: never to be changed."""

    params: Params
    plain: dict[str, Any]  # as JSON, with the seed
    text: str  # as JSON, without the seed, in order of name: the part of the cache key


_remembered: dict[tuple[Any, ...], Checked] = {}


def checked_params(node: Node, spec: BlockSpec) -> Params:
    """The parameters of a node, brought up to the installed version of its block and checked.

    Raises:
        DocumentError: with one problem for each parameter that is wrong.
    """
    return checked(node, spec).params


def checked(node: Node, spec: BlockSpec) -> Checked:
    """`checked_params`, with what a plan needs of them. Equal settings of a block are checked once per process."""
    known = (spec.function, spec.params, spec.version, node.version, repr(node.params))
    found = _remembered.get(known)
    if found is None:
        params = _check_params(node, spec)
        plain = params.model_dump(mode="json")
        unseeded = {name: plain[name] for name in sorted(plain) if name != "seed"}
        if len(_remembered) >= MAX_CHECKED:
            _remembered.clear()
        found = _remembered[known] = Checked(params, plain, dump(unseeded))
    return found


def _check_params(node: Node, spec: BlockSpec) -> Params:
    label = node.title or spec.title
    given = _upgraded(node, spec, label)
    try:
        return spec.params.model_validate(given)
    except pydantic.ValidationError as error:
        found = dict.fromkeys(explain(error, spec.params))
        says = [Problem(f"“{label}”: {sentence}", node.id, name or None) for name, sentence in found]
        raise DocumentError(says) from None


def _upgraded(node: Node, spec: BlockSpec, label: str) -> dict[str, Any]:
    given = dict(node.params)
    for version in range(node.version, spec.version):
        upgrade = spec.upgrades.get(version)
        try:
            given = upgrade(given) if upgrade else given
        except Exception as error:  # the parameters come from a file, and may be anything
            says = (
                f"“{label}”: its settings are of version {version} of the block and cannot be brought to "
                f"version {spec.version}. Replace it by a new block of the same kind."
            )
            raise DocumentError([Problem(says, node.id)]) from error
    return given


class _Check:
    """One look at one document."""

    def __init__(self, document: Document, catalogue: Catalogue) -> None:
        self.document = document
        self.catalogue = catalogue
        self.found: list[Problem] = []
        self.nodes = {node.id: node for node in document.nodes}
        self.specs = {node.id: spec for node in document.nodes if (spec := catalogue.get(node.block))}
        self.labels = _labels(document, self.specs)
        self.hints_left = MAX_HINTS

    def everything(self) -> list[Problem]:
        if not self.document.nodes:
            return [Problem("This pipeline has no blocks yet. Add one from the palette.")]
        into = defaultdict(list)
        for wire in self.document.wires:
            into[wire.target].append(wire)
        for node in self.document.nodes:
            spec = self.specs.get(node.id)
            if spec is None:
                self._unknown_block(node)
            else:
                self._params(node, spec)
                self._inputs(node, spec, into)
        for wire in self.document.wires:
            self._wire(wire)
        self._cycles(build(self.document))
        return self.found

    def _say(self, message: str, node: str | None = None, field: str | None = None) -> None:
        self.found.append(Problem(message, node, field))

    def _hint(self, word: str, known: Any) -> str:
        self.hints_left -= 1
        return did_you_mean(word, known) if self.hints_left >= 0 else ""

    # ---- nodes ----

    def _unknown_block(self, node: Node) -> None:
        hint = self._hint(node.block, [spec.id for spec in self.catalogue])
        says = f"There is no block “{node.block}” in this installation.{hint}"
        self._say(
            says if hint else f"{says} Install the package that brings it, or remove this node.", node.id
        )

    def _params(self, node: Node, spec: BlockSpec) -> None:
        if node.version > spec.version:
            self._say(
                f"“{self.labels[node.id]}” was made with version {node.version} of this block, but version "
                f"{spec.version} is installed. Update Genloom, or replace it by a new block.",
                node.id,
            )
            return
        try:
            checked_params(node, spec)
        except DocumentError as error:
            self.found += error.problems

    def _inputs(self, node: Node, spec: BlockSpec, into: dict[tuple[str, str], list[Wire]]) -> None:
        label = self.labels[node.id]
        for port in spec.inputs:
            wires = into.get((node.id, port.name), [])
            if not wires and not port.optional:
                self._say(
                    f"“{port.name}” of “{label}” is not connected. It needs {port.kind.title}"
                    f"{self._givers(port.kind, node.id)}.",
                    node.id,
                    port.name,
                )
            elif len(wires) > 1 and not port.multiple:
                self._say(
                    f"“{port.name}” of “{label}” takes one wire, but {len(wires)} are connected, from "
                    f"{_joined([self._end(w.source) for w in wires[:5]])}. Remove all but one.",
                    node.id,
                    port.name,
                )
            elif len({wire.source for wire in wires}) < len(wires):
                self._say(f"The same wire leads to “{port.name}” of “{label}” twice.", node.id, port.name)

    def _givers(self, kind: type[Port], but: str) -> str:
        """ ", which “a” and “b” give": nodes of the document that give a kind, else blocks of the palette."""
        here = [id for id, spec in self.specs.items() if id != but and _gives(spec, kind)]
        if here:
            return f", which {_joined([f'“{self.labels[id]}”' for id in here[:3]])} {'give' if here[1:] else 'gives'}"
        blocks = [f"“{spec.title}”" for spec in self.catalogue if _gives(spec, kind)][:3]
        return f". Blocks that give it: {_joined(blocks)}" if blocks else ""

    # ---- wires ----

    def _wire(self, wire: Wire) -> None:
        if not self._ends_exist(wire):
            return
        (source, output), (target, port) = wire.source, wire.target
        giver, taker = self.specs.get(source), self.specs.get(target)
        given = giver.output(output) if giver else None
        taken = taker.input(port) if taker else None
        if giver and not given:
            names = [p.name for p in giver.outputs]
            says = f"“{self.labels[source]}” has no output “{output}”. {_have(names, 'outputs')}"
            self._say(says, source, output)
        if taker and not taken:
            names = [p.name for p in taker.inputs]
            says = f"“{self.labels[target]}” has no input “{port}”. {_have(names, 'inputs')}"
            self._say(says, target, port)
        if given and taken and not issubclass(given.kind, taken.kind):
            self._say(
                f"{self._end(wire.source)} gives {given.kind.title}, but {self._end(wire.target)} needs "
                f"{taken.kind.title}.{self._between(given.kind, taken.kind, target)}",
                target,
                port,
            )

    def _ends_exist(self, wire: Wire) -> bool:
        missing = [id for id in (wire.source[0], wire.target[0]) if id not in self.nodes]
        for id in dict.fromkeys(missing):
            other = wire.target if id == wire.source[0] else wire.source
            way = "to" if id == wire.source[0] else "from"
            near = other[0] if other[0] in self.nodes else None
            hint = self._hint(id, self.nodes) or " Remove the wire."
            end = f" {way} {self._end(other)}" if near else ""
            self._say(
                f"A wire{end} is tied to a node “{id}” that does not exist.{hint}",
                near,
                other[1] if near else None,
            )
        return not missing

    def _between(self, given: type[Port], taken: type[Port], target: str) -> str:
        """What to do about a wire of the wrong kind: a block that converts, else where the right kind comes from."""
        for spec in self.catalogue:
            needed = [port for port in spec.inputs if not port.optional]
            if len(needed) == 1 and issubclass(given, needed[0].kind) and _gives(spec, taken):
                return f" Put “{spec.title}” between them."
        here = [id for id, spec in self.specs.items() if id != target and _gives(spec, taken)]
        if here:
            return f" Connect {_joined([f'“{self.labels[id]}”' for id in here[:3]], 'or')} instead."
        blocks = [f"“{spec.title}”" for spec in self.catalogue if _gives(spec, taken)][:3]
        return f" Blocks that give it: {_joined(blocks)}." if blocks else " No installed block gives that."

    def _cycles(self, graph: Graph) -> None:
        for cycle in graph.cycles():
            names = [f"“{self.labels[id]}”" for id in cycle]
            if len(cycle) == 2:
                self._say(f"{names[0]} is wired to itself. Remove that wire.", cycle[0])
            else:
                shown = names if len(names) <= 12 else [*names[:10], f"… {len(names) - 11} more …", names[-1]]
                self._say(
                    f"These blocks wait for each other in a circle: {' → '.join(shown)}. Remove one of the wires.",
                    cycle[0],
                )

    def _end(self, end: tuple[str, str]) -> str:
        return f"“{end[1]}” of “{self.labels.get(end[0], end[0])}”"


def _labels(document: Document, specs: dict[str, BlockSpec]) -> dict[str, str]:
    """The name of each node as its card shows it; with its id where several cards show the same."""
    names = {n.id: n.title or (specs[n.id].title if n.id in specs else n.block) for n in document.nodes}
    used: dict[str, int] = defaultdict(int)
    for name in names.values():
        used[name] += 1
    return {id: name if used[name] == 1 else f"{name} ({id})" for id, name in names.items()}


def _gives(spec: BlockSpec, kind: type[Port]) -> bool:
    return any(issubclass(port.kind, kind) for port in spec.outputs)


def _have(names: list[str], what: str) -> str:
    return f"Its {what} are: {listed(names)}." if names else f"It has no {what}."


def _joined(words: list[str], last: str = "and") -> str:
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
