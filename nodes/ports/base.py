"""`Port`: the base of every value that travels along a wire. A port owns its colour, preview and file codec."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar, Self


class Port:
    """Base of the typed values. Subclasses are small frozen dataclasses that state dtype, range and layout.

    A port accepts its own class and every subclass of it. Values are never changed after they are made.
    """

    title: ClassVar[str] = "Value"
    colour: ClassVar[str] = "#8a8f98"
    port_name: ClassVar[str] = "value"
    refers_to_folder: ClassVar[bool] = False  # the loaded value reads from its folder later on

    def save(self, folder: Path) -> None:
        """Write the value into the empty `folder`. The same value always writes the same bytes."""
        raise TypeError(f"{type(self).__name__} does not say how it is saved")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        raise TypeError(f"{cls.__name__} does not say how it is loaded")

    def summary(self) -> str:
        """A few words for the card, such as "1,297 images · 16×16 · grey"."""
        return self.title

    def thumbnail(self) -> bytes | None:
        """A PNG for the card, or None."""
        return None

    def caption(self) -> str:
        """What the thumbnail shows, where that is not plain to see."""
        return ""

    def facts(self) -> dict[str, Any]:
        """Small JSON kept beside the value, readable without loading it (scores put their rows here)."""
        return {}


def write_json(path: Path, value: Any, indent: int | None = None) -> None:
    """Write JSON so that equal values give equal bytes on every system."""
    path.write_text(json.dumps(value, indent=indent, sort_keys=True, ensure_ascii=False), encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read what `write_json` wrote."""
    return json.loads(path.read_text(encoding="utf-8"))
