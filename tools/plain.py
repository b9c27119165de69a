"""What the set-up scripts share: where the project is, how they speak, how they stop."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class SetupError(Exception):
    """Set-up cannot go on; the text tells the user why and what to do."""


def say(text: str) -> None:
    """One line of progress."""
    print(f"» {text}", flush=True)
