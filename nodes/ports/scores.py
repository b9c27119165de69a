"""Measured qualities as they travel along wires."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from nodes.ports.base import Port, read_json, write_json


@dataclass(frozen=True)
class Scores(Port):
    """A table of scores: one dict per row with name, value, low, high, floor, n, features, better, subject, meaning.

    `picture` may hold a PNG that shows what was measured (samples beside their nearest training images).
    """

    rows: tuple[dict[str, Any], ...]
    notes: dict[str, Any] = field(default_factory=dict)
    picture: bytes | None = None

    title: ClassVar[str] = "Scores"
    colour: ClassVar[str] = "#f59e0b"
    port_name: ClassVar[str] = "scores"

    def save(self, folder: Path) -> None:
        content = {"scores": list(self.rows), "notes": self.notes}
        write_json(folder / "scores.json", content, indent=1)
        if self.picture:
            (folder / "picture.png").write_bytes(self.picture)

    @classmethod
    def load(cls, folder: Path) -> Self:
        content = read_json(folder / "scores.json")
        picture = folder / "picture.png"
        return cls(
            tuple(content["scores"]), content["notes"], picture.read_bytes() if picture.exists() else None
        )

    def summary(self) -> str:
        ours = [row for row in self.rows if row.get("subject", "model") == "model"]
        return " · ".join(f"{row['name'].upper()} {row['value']:.3g}" for row in ours[:2]) or "No scores"

    def thumbnail(self) -> bytes | None:
        return self.picture

    def caption(self) -> str:
        return str(self.notes.get("picture", ""))

    def facts(self) -> dict[str, Any]:
        return {"scores": list(self.rows)}
