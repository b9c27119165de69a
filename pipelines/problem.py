"""`Problem`: one thing that is wrong with a document, in words for the user. `DocumentError` carries them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, at a node and a field (a parameter or a port) where known."""

    message: str
    node: str | None = None
    field: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The problem as plain JSON."""
        return asdict(self)


class DocumentError(Exception):
    """A document cannot be used as it is. Its text is the problems, one per line."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(problem.message for problem in problems))
        self.problems = problems


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """ " Did you mean “x”?" with the known word that looks most like `word`, or nothing."""
    close = difflib.get_close_matches(word[:100], known, 1)
    return f" Did you mean “{close[0]}”?" if close else ""


def listed(words: Iterable[str]) -> str:
    """Words in quotes, with commas: “a”, “b”."""
    return ", ".join(f"“{word}”" for word in words)
