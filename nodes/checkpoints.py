"""The state of a long step as files, for those who may not know what a tensor is."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def write(state: Any, folder: Path) -> None:
    """Write a state of tensors, arrays and plain values into an empty folder."""
    from generative import checkpoint

    checkpoint.write(state, folder)


def read(folder: Path) -> Any:
    """The state in a folder."""
    from generative import checkpoint

    return checkpoint.read(folder)
