"""The shape of a saved pipeline: its fields and their kinds, and how older formats are brought up to date."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pipelines import jsontext
from pipelines.problem import DocumentError, Problem, did_you_mean, listed

FORMAT = 1
MAX_NODES = 5_000
MAX_WIRES = 20_000
MAX_SEED = 2**31 - 1
MAX_SHOWN = 200

UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""`UPGRADES[n]` turns the JSON of format n into format n + 1. It is pure, and stays for ever."""

_PIPELINE = ("format", "name", "description", "seed", "nodes", "wires")
_NODE = ("id", "block", "version", "title", "params", "position")
_WIRE = ("from", "to")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# control characters, and those that turn the direction of text around, never belong in a name
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_HIDDEN_IN_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def document_parts(value: Any) -> dict[str, Any]:
    """The fields of `Document`, checked and of plain values: name, nodes, wires, description, seed, format.

    Raises:
        DocumentError: with every problem that was found.
    """
    found = [_of_fault(value, fault) for fault in jsontext.faults(value)]
    if found:
        raise _error(found)
    if not isinstance(value, dict):
        says = f"A pipeline is a JSON object with “nodes” and “wires”, but this is {jsontext.kind(value)}."
        raise _error([Problem(says)])
    reader = _Reader()
    parts = reader.document(_upgraded(value))
    if reader.problems:
        raise _error(reader.problems)
    return parts


def _upgraded(value: dict[str, Any]) -> dict[str, Any]:
    number = value.get("format", 1)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        says = f"“format” of the pipeline must be a whole number from 1, but is {_shown(number)}."
        raise _error([Problem(says, field="format")])
    if number > FORMAT:
        says = f"This pipeline was saved by a newer version of Genloom (format {number}; "
        says += f"this one reads up to {FORMAT}). Update Genloom to open it."
        raise _error([Problem(says, field="format")])
    while number < FORMAT:
        value = {**UPGRADES[number](value), "format": number + 1}
        number += 1
    return value


class _Reader:
    """Takes a document apart, field by field, and collects what is wrong instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def document(self, value: dict[str, Any]) -> dict[str, Any]:
        of = "of the pipeline"
        self._known(value, _PIPELINE, of, None)
        return {
            "format": FORMAT,
            "name": self._text(value, "name", of, None, 200, needed=True),
            "description": self._text(value, "description", of, None, 20_000),
            "seed": self._whole(value, "seed", of, None, 0, 0, MAX_SEED),
            "nodes": self._nodes(value),
            "wires": [self._wire(i, w) for i, w in enumerate(self._list(value, "wires", MAX_WIRES), 1)],
        }

    def _nodes(self, value: dict[str, Any]) -> list[dict[str, Any]]:
        nodes = [self._node(i, n) for i, n in enumerate(self._list(value, "nodes", MAX_NODES), 1)]
        seen: set[str] = set()
        for node in nodes:
            id = node.get("id", "")
            if id and id in seen:
                self._say(f"Two nodes have the id “{id}”. Every node needs its own.", id, "id")
            seen.add(id)
        return nodes

    def _node(self, number: int, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._say(f"Node {number} must be an object, but is {jsontext.kind(value)}.", None, "nodes")
            return {}
        id = value.get("id")
        if not isinstance(id, str) or not _ID.fullmatch(id):
            self._say(f"“id” of node {number} must be 1 to 64 letters, digits, “-” or “_”, "
                      f"but is {_shown(id)}.", None, "id")  # fmt: skip
            id = ""
        of = f"of node “{id}”" if id else f"of node {number}"
        self._known(value, _NODE, of, id or None)
        return {
            "id": id,
            "block": self._text(value, "block", of, id, 100, needed=True),
            "version": self._whole(value, "version", of, id, 1, 1, 1_000_000),
            "title": self._text(value, "title", of, id, 200) or None,
            "params": self._params(value, of, id),
            "position": self._position(value, of, id),
        }

    def _params(self, value: dict[str, Any], of: str, node: str) -> dict[str, Any]:
        params = value.get("params", {})
        if isinstance(params, dict):
            return dict(jsontext.plain(params))
        self._say(f"“params” {of} must be an object, but is {jsontext.kind(params)}.", node, "params")
        return {}

    def _position(self, value: dict[str, Any], of: str, node: str) -> tuple[float, float]:
        place = value.get("position", (0, 0))
        if (
            isinstance(place, (list, tuple))
            and len(place) == 2
            and all(type(n) in (int, float) for n in place)
        ):
            return float(place[0]), float(place[1])
        self._say(f"“position” {of} must be two numbers, but is {_shown(place)}.", node, "position")
        return 0.0, 0.0

    def _wire(self, number: int, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._say(f"Wire {number} must be an object, but is {jsontext.kind(value)}.", None, "wires")
            return {}
        of = f"of wire {number}"
        self._known(value, _WIRE, of, None)
        return {"source": self._end(value, "from", of), "target": self._end(value, "to", of)}

    def _end(self, value: dict[str, Any], name: str, of: str) -> tuple[str, str]:
        end = value.get(name)
        if isinstance(end, (list, tuple)) and len(end) == 2 and all(isinstance(e, str) for e in end):
            if all(_ID.fullmatch(e) for e in end):
                return end[0], end[1]
            says = f"“{name}” {of} must name a node and a port, but is {_shown(list(end))}."
        else:
            says = f'“{name}” {of} must be a node and a port, such as ["vae", "model"], but is {_shown(end)}.'
        self._say(says, None, "wires")
        return "", ""

    def _list(self, value: dict[str, Any], name: str, most: int) -> list[Any]:
        items = value.get(name)
        if name not in value:
            self._say(f"“{name}” of the pipeline is missing.", None, name)
        elif not isinstance(items, (list, tuple)):
            self._say(f"“{name}” of the pipeline must be a list, but is {jsontext.kind(items)}.", None, name)
        elif len(items) > most:
            self._say(f"This pipeline has {len(items):,} {name}; at most {most:,} are allowed.", None, name)
        else:
            return list(items)
        return []

    def _text(
        self, value: dict[str, Any], name: str, of: str, node: str | None, most: int, *, needed: bool = False
    ) -> str:
        text = value.get(name)
        if text is None and not needed:
            return ""
        if name not in value:
            self._say(f"“{name}” {of} is missing.", node, name)
        elif not isinstance(text, str):
            self._say(f"“{name}” {of} must be text, but is {jsontext.kind(text)}.", node, name)
        elif len(text) > most:
            self._say(
                f"“{name}” {of} has {len(text):,} characters; at most {most:,} are allowed.", node, name
            )
        else:
            clean = (_HIDDEN_IN_TEXT if name == "description" else _HIDDEN).sub("", text)
            if clean.strip() or not needed:
                return clean
            self._say(f"“{name}” {of} is empty.", node, name)
        return ""

    def _whole(
        self, value: dict[str, Any], name: str, of: str, node: str | None, default: int, least: int, most: int
    ) -> int:
        number = value.get(name, default)
        if type(number) is float and number.is_integer():
            number = int(number)
        if type(number) is int and least <= number <= most:
            return number
        says = f"“{name}” {of} must be a whole number from {least:,} to {most:,}, but is {_shown(number)}."
        self._say(says, node, name)
        return default

    def _known(self, value: dict[str, Any], names: tuple[str, ...], of: str, node: str | None) -> None:
        for name in [name for name in value if name not in names][:10]:
            hint = did_you_mean(name, names) or f" There are: {listed(names)}."
            self._say(f"{_shown(name)} {of} is not a known field.{hint}", node, _cut(name))

    def _say(self, message: str, node: str | None, field: str) -> None:
        self.problems.append(Problem(message, node or None, field))


def _of_fault(document: Any, fault: jsontext.Fault) -> Problem:
    """A fault somewhere inside, told with the node and the field in which it stands."""
    path = fault.path
    if len(path) < 2 or path[0] not in ("nodes", "wires") or not isinstance(path[1], int):
        name = _cut(str(path[0])) if path else None
        return Problem(
            f"“{name}” of the pipeline {fault.says}." if path else f"The pipeline {fault.says}.", None, name
        )
    if path[0] == "wires":
        return Problem(f"Wire {path[1] + 1} {fault.says}.", None, "wires")
    node = document["nodes"][path[1]]
    id = node.get("id") if isinstance(node, dict) else None
    id = id if isinstance(id, str) and _ID.fullmatch(id) else None
    where = f"node “{id}”" if id else f"node {path[1] + 1}"
    if len(path) == 2:
        return Problem(f"{where.capitalize() if not id else 'N' + where[1:]} {fault.says}.", id)
    if path[2] == "params" and len(path) > 3:
        field = _cut(str(path[3]))
        return Problem(f"Parameter “{field}” of {where} {fault.says}.", id, field)
    field = _cut(str(path[2]))
    return Problem(f"“{field}” of {where} {fault.says}.", id, field)


def _shown(value: Any) -> str:
    """A value as a few words: short numbers and texts as they are, the rest by its kind."""
    if isinstance(value, str):
        return f"“{_cut(value)}”"
    if type(value) in (int, float):
        return str(value)
    return jsontext.kind(value)


def _cut(text: str) -> str:
    text = _HIDDEN.sub("", text.encode(errors="replace").decode())
    return text if len(text) <= 60 else text[:57] + "…"


def _error(problems: list[Problem]) -> DocumentError:
    more = len(problems) - MAX_SHOWN
    if more > 0:
        problems = [*problems[:MAX_SHOWN], Problem(f"There are {more:,} more problems.")]
    return DocumentError(problems)
