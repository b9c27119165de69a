"""The graph: named cases with their expected order, cycles and neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest

from pipelines.document import Document, Node, Wire
from pipelines.graph import build


def graph_of(nodes: str, wires: str = "") -> Document:
    tied = tuple(Wire((w[0], "out"), (w[1], "in")) for w in wires.split())
    return Document("Test", tuple(Node(id, "x.y") for id in nodes.split()), tied)


@dataclass(frozen=True)
class Case:
    name: str
    nodes: str
    wires: str
    order: str


CASES = [
    Case("empty", "", "", ""),
    Case("one", "a", "", "a"),
    Case("line", "a b c", "ab bc", "a b c"),
    Case("line written backwards", "c b a", "ab bc", "a b c"),
    Case("diamond", "a b c d", "ab ac bd cd", "a b c d"),
    Case("diamond with the second branch first", "a c b d", "ab ac bd cd", "a c b d"),
    Case("two islands keep the order of the document", "x a y b", "xy ab", "x a y b"),
    Case("short and long way", "d a b c", "ab bc cd ad", "a b c d"),
    Case("two wires between the same nodes", "a b", "ab ab", "a b"),
    Case("wires to nowhere are left out", "a b", "ab az zb", "a b"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_order(case: Case) -> None:
    assert build(graph_of(case.nodes, case.wires)).order() == case.order.split()


CYCLES = {
    "none": ("a b c", "ab bc ac", []),
    "to itself": ("a b", "ab bb", ["b b"]),
    "two": ("a b", "ab ba", ["a b a"]),
    "three, told from the first of the document": ("c a b", "ab bc ca", ["c a b c"]),
    "the shortest of two": ("a b c d", "ab bc cd da ba", ["a b a"]),
    "behind a line": ("s a b t", "sa ab ba bt", ["a b a"]),
    "two knots": ("a b c d", "ab ba cd dc bc", ["a b a", "c d c"]),
}


@pytest.mark.parametrize(("nodes", "wires", "expected"), CYCLES.values(), ids=CYCLES)
def test_cycles(nodes: str, wires: str, expected: list[str]) -> None:
    assert build(graph_of(nodes, wires)).cycles() == [cycle.split() for cycle in expected]


def test_a_cycle_has_no_order() -> None:
    with pytest.raises(ValueError, match=r"^no order: a → b → a is a cycle$"):
        build(graph_of("a b", "ab ba")).order()


def test_neighbours() -> None:
    graph = build(graph_of("a b c d e", "ab bc ad"))
    assert graph.ancestors("c") == {"a", "b"}
    assert graph.ancestors("a") == set()
    assert graph.descendants("a") == {"b", "c", "d"}
    assert graph.descendants("e") == set()


def test_inputs_keep_the_order_of_the_wires() -> None:
    document = Document(
        "Test",
        tuple(Node(id, "x.y") for id in "abc"),
        (Wire(("b", "two"), ("c", "in")), Wire(("a", "one"), ("c", "in")), Wire(("a", "one"), ("c", "more"))),
    )
    graph = build(document)
    assert graph.inputs_of("c") == {"in": [("b", "two"), ("a", "one")], "more": [("a", "one")]}
    assert graph.inputs_of("a") == {}


def test_a_long_line_and_a_long_cycle_do_not_overflow() -> None:
    ids = [f"n{i}" for i in range(5_000)]
    wires = [Wire((a, "out"), (b, "in")) for a, b in pairwise(ids)]
    nodes = tuple(Node(id, "x.y") for id in ids)
    assert build(Document("Test", nodes, tuple(wires))).order() == ids
    assert build(Document("Test", nodes, (*wires, Wire((ids[-1], "out"), (ids[0], "in"))))).cycles() == [
        [*ids, "n0"]
    ]
