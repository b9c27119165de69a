"""`node_keys`: a short text per node that changes when its parameters, inputs or seed do.

The canvas computes the same text (`frontend/src/rules/keys.ts`): where it differs from the key of the shown state,
the card says "changed". It is no cache key; it only has to be equal on both sides.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from canvas.messages import BlockSpec, Document, Node

MARK = "c1:"  # the canvas compares only keys with this mark, and takes any other for unknown


def node_keys(document: Document, blocks: Mapping[str, BlockSpec]) -> dict[str, str]:
    """The key of every node of `document`; `blocks` are those of the catalogue, by id."""
    keys: dict[str, str] = {}
    nodes = {node.id: node for node in document.nodes}
    sources: dict[str, list[tuple[str, str, str]]] = {node.id: [] for node in document.nodes}
    for wire in document.wires:
        if wire.target[0] in sources and wire.source[0] in nodes:
            sources[wire.target[0]].append((wire.target[1], wire.source[0], wire.source[1]))
    open_nodes: set[str] = set()

    def visit(id: str) -> str:
        if id not in keys:
            if id in open_nodes:
                return "loop"
            open_nodes.add(id)
            inputs = sorted(f"{port}<{visit(source)}.{out}" for port, source, out in sources[id])
            keys[id] = _hash(
                _own_text(nodes[id], blocks.get(nodes[id].block), document.seed) + "|" + ",".join(inputs)
            )
        return keys[id]

    for id in nodes:
        visit(id)
    return keys


def _own_text(node: Node, spec: BlockSpec | None, seed: int) -> str:
    fields = spec.fields if spec else []
    params = {field.name: field.default for field in fields} | node.params
    parts = [node.block, _canonical(node.version), _canonical(params)]
    if any(field.name == "seed" for field in fields):
        parts.append(_canonical(seed))
    return "|".join(parts)


def _canonical(value: Any) -> str:
    """A value as text that Python and JavaScript write alike; numbers by their bits."""
    if value is None:
        return "n"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int | float):
        return "d" + struct.pack(">d", float(value) or 0.0).hex()
    if isinstance(value, list | tuple):
        return "[" + ",".join(_canonical(item) for item in value) + "]"
    if isinstance(value, dict):
        shown = sorted((str(name), item) for name, item in value.items() if item is not None)
        return "{" + ",".join(f"{name}:{_canonical(item)}" for name, item in shown) + "}"
    text = str(value)
    return f"s{len(text.encode())}:{text}"


def _hash(text: str) -> str:
    """Two 32-bit FNV-1a sums over UTF-8, as 16 hexadecimal digits behind the mark."""
    first, second = 0x811C9DC5, 0x9747B28C
    for byte in text.encode():
        first = ((first ^ byte) * 0x01000193) & 0xFFFFFFFF
        second = ((second ^ byte) * 0x01000193) & 0xFFFFFFFF
    return f"{MARK}{first:08x}{second:08x}"
