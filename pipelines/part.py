"""The part of a pipeline that a run is asked for: all of it, up to a node, or one node from stored inputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pipelines import graph
from pipelines.document import Document
from pipelines.problem import DocumentError, Problem
from storage.database import dump


@dataclass(frozen=True)
class Part:
    """What to run: everything, unless `until` or `only` names a node. Stored results of `fresh` are not used."""

    until: str | None = None
    only: str | None = None
    fresh: tuple[str, ...] = ()

    def text(self) -> str | None:
        """As it is stored with the run; None for a whole run."""
        if self == WHOLE:
            return None
        return dump({"until": self.until, "only": self.only, "fresh": sorted(set(self.fresh))})

    @classmethod
    def from_json(cls, value: dict[str, Any] | None) -> Part:
        """What `text` stored."""
        value = value or {}
        return cls(value.get("until"), value.get("only"), tuple(value.get("fresh", ())))

    def cut(self, document: Document) -> Document:
        """The document without what this part does not need. Raises DocumentError for nodes that are not in it."""
        for node in [*filter(None, (self.until, self.only)), *self.fresh]:
            document.node(node)
        if self.until and self.only:
            says = "Choose one of “until” and “only”: a run goes up to a block, or is of one block alone."
            raise DocumentError([Problem(says)])
        end = self.until or self.only
        if end is None:
            return document
        kept = {end, *graph.build(document).ancestors(end)}
        self._check_fresh(document, {end} if self.only else kept)
        return replace(
            document,
            nodes=tuple(n for n in document.nodes if n.id in kept),
            wires=tuple(w for w in document.wires if w.source[0] in kept and w.target[0] in kept),
        )

    def _check_fresh(self, document: Document, runs: set[str]) -> None:
        found = [
            Problem(
                f"“{document.node(id).title or id}” is no part of this run, so it cannot run again in it.", id
            )
            for id in self.fresh
            if id not in runs
        ]
        if found:
            raise DocumentError(found)


WHOLE = Part()
