"""Numbers, times, statuses and scores in words. Pure functions: nothing here draws."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_MARKS = re.compile(r"[\\`*_{}\[\]()<>#+.!|~$:&^=@\"'/-]")
_SHORTCUTS = re.compile(r":(?=[\w+/-]+:)|[<>~-](?=[-=>])")  # :name: becomes a picture and -> an arrow
_HIDDEN = re.compile("[\u0000-\u0008\u000b-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
JOINER = "\u2060"  # has no width


@dataclass(frozen=True)
class Status:
    """How a status is shown: always a word and an icon beside its colour."""

    word: str
    icon: str
    colour: str


STATUSES = {
    "queued": Status("Waiting", ":material/schedule:", "gray"),
    "running": Status("Running", ":material/progress_activity:", "blue"),
    "paused": Status("Paused", ":material/pause_circle:", "yellow"),
    "done": Status("Done", ":material/check_circle:", "green"),
    "reused": Status("Reused", ":material/history:", "violet"),
    "stored": Status("Stored", ":material/inventory_2:", "violet"),
    "failed": Status("Failed", ":material/error:", "red"),
    "cancelled": Status("Cancelled", ":material/cancel:", "orange"),
    "skipped": Status("Skipped", ":material/skip_next:", "gray"),
    "idle": Status("Not run", ":material/radio_button_unchecked:", "gray"),
}
ACTIVE = ("queued", "running", "paused")

SCORE_NAMES = {
    "fid": "FID",
    "kid": "KID",
    "precision": "Precision",
    "recall": "Recall",
    "density": "Density",
    "coverage": "Coverage",
    "near_copies": "Near copies",
    "kl": "KL",
}


def plain(text: object, longest: int = 300) -> str:
    """Foreign text for a place that reads markdown: it shows exactly these characters, on one line."""
    line = shortened(" ".join(clean(str(text)).split()), longest)
    return _MARKS.sub(r"\\\g<0>", _SHORTCUTS.sub(rf"\g<0>{JOINER}", line))


def clean(text: str) -> str:
    """Without characters that cannot be seen or that turn the direction of writing."""
    return _HIDDEN.sub("", text)


def shortened(text: str, longest: int) -> str:
    """At most `longest` characters, with … where something was cut."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def status(name: str | None) -> Status:
    """How a status is shown; one that is not known shows as its own name."""
    return STATUSES.get(name or "idle") or Status((name or "").capitalize(), ":material/help:", "gray")


def took(seconds: float | None) -> str:
    """A duration: 0.4 s, 41 s, 2 min 05 s, 1 h 12 min."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return "–"
    if seconds < 0.05:
        return "0 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def about(seconds: float | None) -> str:
    """A stated cost: about 40 s, about 2 min."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {round(seconds)} s"
    return f"about {round(seconds / 60)} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"


def ago(moment: float | None, now: float | None = None) -> str:
    """A moment in the past: just now, 5 min ago, 3 h ago, then the date."""
    if not moment:
        return "–"
    past = (now or time.time()) - moment
    if past < 45:
        return "just now"
    if past < 3600:
        return f"{max(1, round(past / 60))} min ago"
    if past < 86400:
        return f"{round(past / 3600)} h ago"
    return time.strftime("%-d %b %Y, %H:%M", time.localtime(moment))


def number(value: float | None) -> str:
    """Three meaningful digits, without powers of ten where a person would not write them."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    if digits > 5:
        return f"{value:.2e}"
    return f"{value:,.{max(0, digits)}f}"


def count(amount: int, one: str, many: str | None = None) -> str:
    """1 run, 2 runs."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def score_name(name: str) -> str:
    """A score's name as people write it."""
    return SCORE_NAMES.get(name.lower()) or name.replace("_", " ").capitalize()


def best_score(scores: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The score to show where there is room for one: the first of the model itself."""
    rows = list(scores)
    return next((row for row in rows if row.get("subject", "model") == "model"), rows[0] if rows else None)


def interval(score: Mapping[str, Any]) -> str:
    """1.70 to 2.20."""
    return f"{number(score['low'])} to {number(score['high'])}"


def score_text(score: Mapping[str, Any]) -> str:
    """FID 1.90 (1.70 to 2.20), as plain text."""
    return f"{score_name(str(score['name']))} {number(score['value'])} ({interval(score)})"
