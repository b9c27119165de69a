"""Running out of memory: how it shows, what was asked for, and what there was.

Nothing here loads PyTorch, and nothing keeps an error: its traceback would hold on to the memory that is short.
"""

from __future__ import annotations

import os
import re
import resource
from dataclasses import dataclass
from pathlib import Path

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40, "P": 2**50, "E": 2**60}
_AMOUNT = r"([\d.]+) ?([KMGTPE]?)(?:i?B|bytes)\b"
# What PyTorch's CPU allocator, its CUDA allocator and numpy say of the bytes they could not get.
_ASKED = re.compile(rf"(?:tried to allocate|Unable to allocate) {_AMOUNT}", re.IGNORECASE)
_LEFT = re.compile(rf"of which {_AMOUNT} is free", re.IGNORECASE)
_WORDS = ("can't allocate memory", "not enough memory", "out of memory", "cannot allocate memory")
_ENOMEM = 12


@dataclass(frozen=True)
class Shortage:
    """Bytes that were asked for in one piece, and bytes that were free then; None where nobody said."""

    asked: int | None
    free: int | None

    def __str__(self) -> str:
        """A sentence, or nothing where nothing is known."""
        asked = "" if self.asked is None else f"{size(self.asked)} more were needed"
        free = "" if self.free is None else f"{size(self.free)} were free"
        words = " and ".join(part for part in (asked, free) if part)
        return f"{words[0].upper()}{words[1:]}." if words else ""


class OutOfMemory(MemoryError):
    """The memory does not suffice although less was tried. Its text says what was needed and what there was."""


def ran_out(error: BaseException) -> bool:
    """Whether an error says that there was not enough memory, of the device or of the machine."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError):
        return error.errno == _ENOMEM
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _WORDS)


def shortage(error: BaseException, device: str = "cpu") -> Shortage:
    """What is known of a lack of memory. To be called while the error is handled, before anything is freed."""
    text = str(error)
    left = _bytes(_LEFT.search(text))
    if left is None and device == "cpu":
        left = free_bytes()
    return Shortage(_bytes(_ASKED.search(text)), left)


def free_bytes() -> int | None:
    """Bytes that this process may still take, by the machine and by every limit set on it; None if unknown."""
    known = [
        left
        for left in (_free_of_machine(), _free_of_limit(), *_free_of_groups(Path("/sys/fs/cgroup")))
        if left is not None
    ]
    return max(0, min(known)) if known else None


def size(count: int) -> str:
    """Bytes in words: "1.2 GB", "310 MB"."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"


def _bytes(found: re.Match[str] | None) -> int | None:
    return None if found is None else int(float(found[1]) * _UNITS[found[2].upper()])


def _free_of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    found = [line.split() for line in lines if line.startswith("MemAvailable:")]
    return int(found[0][1]) * 1024 if found else None


def _free_of_limit() -> int | None:
    """What is left of the address space, where it is limited."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return None
    return limit - pages * os.sysconf("SC_PAGE_SIZE")


def _free_of_groups(root: Path) -> list[int | None]:
    """What is left in the control group of a container, of either version."""
    pairs = (("memory.max", "memory.current"),
             ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"))  # fmt: skip
    return [_difference(root / limit, root / used) for limit, used in pairs]


def _difference(limit: Path, used: Path) -> int | None:
    try:
        return int(limit.read_text()) - int(used.read_text())
    except (OSError, ValueError):  # no such group, or its limit is "max"
        return None
