"""The graph of a document: what comes before what. Knows no blocks and no kinds of ports."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from functools import cached_property

import networkx

from pipelines.document import Document


class Graph:
    """Nodes by id, in the order of the document, and the wires between nodes that exist."""

    def __init__(self, document: Document) -> None:
        self._place = {node.id: place for place, node in enumerate(document.nodes)}
        self._inputs: dict[str, dict[str, list[tuple[str, str]]]] = {id: {} for id in self._place}
        self._edges: dict[tuple[str, str], None] = {}
        for wire in document.wires:
            (source, output), (target, port) = wire.source, wire.target
            if source in self._place and target in self._place:
                self._edges[source, target] = None
                self._inputs[target].setdefault(port, []).append((source, output))

    @cached_property
    def _graph(self) -> networkx.DiGraph:
        graph = networkx.DiGraph()
        graph.add_nodes_from(self._place)
        graph.add_edges_from(self._edges)
        return graph

    def order(self) -> list[str]:
        """All nodes, each after what it needs; where the wires leave a choice, in the order of the document.

        Raises:
            ValueError: the wires form a cycle. `pipelines.validation` explains it to the user first.
        """
        found = self._sorted_as_far_as_possible()
        if len(found) < len(self._place):
            raise ValueError(f"no order: {' → '.join(self.cycles()[0])} is a cycle")
        return found

    def _sorted_as_far_as_possible(self) -> list[str]:
        """The nodes that no cycle holds up, in order. By hand: for a plan, networkx would take most of the time."""
        ids = list(self._place)
        missing = [0] * len(ids)
        after: list[list[int]] = [[] for _ in ids]
        for source, target in self._edges:
            after[self._place[source]].append(self._place[target])
            missing[self._place[target]] += 1
        ready = [place for place, count in enumerate(missing) if not count]
        found = []
        while ready:
            place = heapq.heappop(ready)
            found.append(ids[place])
            for follower in after[place]:
                missing[follower] -= 1
                if not missing[follower]:
                    heapq.heappush(ready, follower)
        return found

    def ancestors(self, id: str) -> set[str]:
        """Every node that `id` needs, directly or not."""
        return set(networkx.ancestors(self._graph, id))

    def descendants(self, id: str) -> set[str]:
        """Every node that needs `id`, directly or not."""
        return set(networkx.descendants(self._graph, id))

    def inputs_of(self, id: str) -> dict[str, list[tuple[str, str]]]:
        """For each connected input port of `id`: the (node, port) that feed it, in the order of the wires."""
        return {port: list(sources) for port, sources in self._inputs[id].items()}

    def cycles(self) -> list[list[str]]:
        """One shortest cycle for each knot of nodes that feed each other; the first node stands again last."""
        if len(self._sorted_as_far_as_possible()) == len(self._place):
            return []
        knots = [
            knot for knot in networkx.strongly_connected_components(self._graph) if self._is_cyclic(knot)
        ]
        starts = sorted(
            (min(knot, key=self._place.__getitem__) for knot in knots), key=self._place.__getitem__
        )
        of = {id: knot for knot in knots for id in knot}
        return [self._way_back(start, of[start]) for start in starts]

    def _is_cyclic(self, knot: set[str]) -> bool:
        return len(knot) > 1 or any(self._graph.has_edge(id, id) for id in knot)

    def _way_back(self, start: str, knot: set[str]) -> list[str]:
        before: dict[str, str] = {}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for after in self._sorted(self._graph.successors(here)):
                if after == start:
                    return [start, *_trail(before, here, start)]
                if after in knot and after not in before:
                    before[after] = here
                    queue.append(after)
        raise AssertionError("a knot leads back to each of its nodes")

    def _sorted(self, ids: Iterable[str]) -> list[str]:
        return sorted(ids, key=self._place.__getitem__)


def _trail(before: dict[str, str], last: str, start: str) -> list[str]:
    trail = [start]
    while last != start:
        trail.append(last)
        last = before[last]
    return [*trail[:0:-1], start]


def build(document: Document) -> Graph:
    """The graph of a document. Wires to nodes that do not exist are left out; `validation` names them."""
    return Graph(document)
