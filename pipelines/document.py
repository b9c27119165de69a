"""The document: a pipeline as it is saved, compared and sent. It knows no blocks; `validation` does."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any

from nodes.params import Budget
from pipelines import jsontext
from pipelines.problem import DocumentError, Problem, did_you_mean
from pipelines.reading import FORMAT, document_parts

__all__ = ["Document", "DocumentError", "Node", "Problem", "Wire", "from_json", "read"]


@dataclass(frozen=True)
class Node:
    """One use of a block. `version` is the block's version that `params` were written for."""

    id: str
    block: str
    version: int = 1
    title: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    position: tuple[float, float] = (0.0, 0.0)

    def to_json(self) -> dict[str, Any]:
        """The node as plain JSON."""
        return {
            "id": self.id,
            "block": self.block,
            "version": self.version,
            "title": self.title,
            "params": jsontext.plain(self.params),
            "position": [_short(number) for number in self.position],
        }


@dataclass(frozen=True)
class Wire:
    """A connection from an output to an input, each (node, port)."""

    source: tuple[str, str]
    target: tuple[str, str]

    def to_json(self) -> dict[str, Any]:
        """The wire as plain JSON."""
        return {"from": list(self.source), "to": list(self.target)}


@dataclass(frozen=True)
class Document:
    """A named graph of nodes and wires. It never changes: methods that change something return a copy."""

    name: str
    nodes: tuple[Node, ...] = ()
    wires: tuple[Wire, ...] = ()
    description: str = ""
    seed: int = 0
    format: int = FORMAT

    def node(self, id: str) -> Node:
        """The node of that id.

        Raises:
            DocumentError: there is none; the message names the closest one.
        """
        for node in self.nodes:
            if node.id == id:
                return node
        known = [node.id for node in self.nodes]
        hint = did_you_mean(id, known) or (
            f" It has: {', '.join(known[:20])}." if known else " It has no nodes."
        )
        raise DocumentError([Problem(f"There is no node “{id}” in this pipeline.{hint}", id)])

    def to_json(self) -> dict[str, Any]:
        """The document as plain JSON, which `from_json` reads back to an equal document."""
        return {
            "format": self.format,
            "name": self.name,
            "description": self.description,
            "seed": self.seed,
            "nodes": [node.to_json() for node in self.nodes],
            "wires": [wire.to_json() for wire in self.wires],
        }

    def text(self) -> str:
        """The document as a file: the same document gives the same text, and an edit changes few lines."""
        parts = self.to_json()
        nodes = ",\n".join(_indented(_node_text(node)) for node in parts.pop("nodes"))
        wires = ",\n".join(f"    {_line(wire)}" for wire in parts.pop("wires"))
        head = [f"  {_line(name)}: {_line(value)}" for name, value in parts.items()]
        lists = [f'  "{name}": [\n{body}\n  ]' if body else f'  "{name}": []'
                 for name, body in (("nodes", nodes), ("wires", wires))]  # fmt: skip
        return "{\n" + ",\n".join(head + lists) + "\n}\n"

    def hash(self) -> str:
        """SHA-256 of what a run depends on: blocks, versions, parameters, wires and seed."""
        content = {
            "nodes": [[n.id, n.block, n.version, n.params] for n in sorted(self.nodes, key=lambda n: n.id)],
            "wires": [[*w.target, *w.source] for w in sorted(self.wires, key=lambda w: w.target)],
            "seed": self.seed,
        }
        return hashlib.sha256(_line(_like_javascript(content), sort=True).encode()).hexdigest()

    def with_seed(self, seed: int) -> Document:
        """The same pipeline with another base seed, as it is checked when read."""
        return from_json({**self.to_json(), "seed": seed})

    def with_param(self, node: str, dotted_param: str, value: Any) -> Document:
        """The same pipeline with one parameter set. `budget.seconds` reaches into a parameter.

        A text is read as JSON where it is JSON: "5" is a number, "true" a truth, "abc" and '"5"' are texts.

        Raises:
            DocumentError: there is no such node, or the name of the parameter is empty.
        """
        names = dotted_param.split(".")
        if not all(names):
            raise DocumentError([Problem(f"“{dotted_param}” is not the name of a parameter.", node)])
        given = _as_json(value) if isinstance(value, str) else value
        old = self.node(node)
        new = replace(old, params=_set(old.params, names, given))
        nodes = [new if n is old else n for n in self.nodes]
        return from_json({**self.to_json(), "nodes": [n.to_json() for n in nodes]})


def read(text: str | bytes) -> Document:
    """Read a saved pipeline. Nothing in it is executed or fetched, whatever it holds.

    Raises:
        DocumentError: with every problem that was found.
    """
    try:
        value = jsontext.parse(text)
    except jsontext.NotJson as error:
        raise DocumentError([Problem(str(error))]) from error
    return from_json(value)


def from_json(value: Any) -> Document:
    """The document that plain JSON describes. Blocks and wires are checked by `pipelines.validation`.

    Raises:
        DocumentError: with every problem that was found.
    """
    parts = document_parts(value)
    parts["nodes"] = tuple(Node(**node) for node in parts["nodes"])
    parts["wires"] = tuple(Wire(**wire) for wire in parts["wires"])
    return Document(**parts)


def _set(params: dict[str, Any], names: list[str], value: Any) -> dict[str, Any]:
    if len(names) == 1:
        return {**params, names[0]: value}
    inner = params.get(names[0])
    inner = inner if isinstance(inner, dict) else {}
    if {*inner, names[1]} <= set(Budget.model_fields):
        inner = {}  # a budget is one of seconds, steps or epochs: setting one replaces the other
    return {**params, names[0]: _set(inner, names[1:], value)}


def _as_json(text: str) -> Any:
    try:
        value = jsontext.parse(text)
    except jsontext.NotJson:
        return text
    return text if jsontext.faults(value) else value


def _like_javascript(value: Any) -> Any:
    """Whole floats as integers, as a browser writes them, so that 1.0 and 1 are the same setting."""
    if isinstance(value, dict):
        return {name: _like_javascript(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_like_javascript(item) for item in value]
    return _short(value) if isinstance(value, float) else value


def _short(number: float) -> float:
    return int(number) if abs(number) < 2**53 and number == int(number) else number


def _line(value: Any, sort: bool = False) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=sort, allow_nan=False)


def _node_text(node: dict[str, Any]) -> str:
    params = json.dumps(node["params"], ensure_ascii=False, sort_keys=True, allow_nan=False, indent=2)
    lines = [f"  {_line(k)}: {params.replace(chr(10), chr(10) + '  ') if k == 'params' else _line(v)}"
             for k, v in node.items()]  # fmt: skip
    return "{\n" + ",\n".join(lines) + "\n}"


def _indented(text: str) -> str:
    return "\n".join("    " + line for line in text.split("\n"))
