"""`python -m pipelines collect`: ages and sizes as people write them, and what went, in words."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from pipelines.problem import DocumentError, Problem
from storage.collect import Collector, Garbage
from storage.home import Home

DAYS = 30
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_BYTES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}


def seconds(text: str) -> float:
    """ "30d" as seconds. Raises DocumentError."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*", text.lower())
    if found is None:
        raise DocumentError([Problem(f"“{text}” is no age. Write it like 12h, 30d or 8w.")])
    return float(found[1]) * _SECONDS[found[2]]


def size(text: str) -> int:
    """ "20GB" as bytes. Raises DocumentError."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?b?)\s*", text.lower())
    if found is None:
        raise DocumentError([Problem(f"“{text}” is no size. Write it like 500MB or 20GB.")])
    unit = f"{found[2].rstrip('b')}b"
    return int(float(found[1]) * _BYTES[unit])


def collect(home: Home, older_than: str | None, max_size: str | None, *, dry_run: bool, as_json: bool) -> int:
    """Remove what nothing kept needs, or with `dry_run` say what would go. Returns the exit code."""
    limit = None if max_size is None else size(max_size)
    age = seconds(older_than) if older_than else None if limit is not None else DAYS * 86_400.0
    collector = Collector(home)
    found = collector.look(age, limit)
    gone = found if dry_run else collector.remove(found)
    if as_json:
        print(json.dumps(described(gone, dry_run=dry_run)))
    else:
        _print(gone, limit, dry_run=dry_run)
    return 0


def described(gone: Garbage, *, dry_run: bool) -> dict[str, Any]:
    """What went, as plain JSON."""
    return {
        "dry_run": dry_run,
        "bytes": gone.size,
        "bytes_left": gone.total - gone.size,
        "results": len(gone.results),
        "removed": [{"kind": t.kind, "name": t.name, "bytes": t.size} for t in gone.things],
    }


def _print(gone: Garbage, limit: int | None, *, dry_run: bool) -> None:
    counts = Counter(thing.kind for thing in gone.things)
    if dry_run:
        for thing in gone.things:
            print(f"{thing.kind:<11}{_shown(thing.size):>10}  {thing.name}")
    parts = [
        f"{counts[kind]:,} {kind}{'' if counts[kind] == 1 else 's'}"
        for kind in ("artifact", "file", "checkpoint")
    ]
    verb = "Would remove" if dry_run else "Removed"
    left = gone.total - gone.size
    print(f"{verb} {_shown(gone.size)}: {', '.join(parts[:-1])} and {parts[-1]}. {_shown(left)} are left.")
    if limit is not None and left > limit:
        print("What is left is needed by runs in the list, by pipelines, or was made in the last hour.")


def _shown(count: int) -> str:
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
