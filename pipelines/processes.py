"""Processes of this machine, read from /proc: who lives, who is stopped, and whose children are left.

Where there is no /proc (macOS), nothing is known, and nobody is ended for what is not known.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARK = "GENLOOM_WORKER"  # in the environment of everything that a worker starts
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of Linux
_SPARED = b"multiprocessing.resource_tracker"  # it ends by itself, and Python restarts it with a warning
_owns = False


@dataclass(frozen=True)
class Process:
    """One line of /proc/PID/stat. `born` is the moment of its start in ticks since boot: with it, a pid is unique."""

    pid: int
    state: str
    parent: int
    session: int
    born: int


def look(pid: int) -> Process | None:
    """The process with that number, or None."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the name before it may hold anything
    return Process(pid, fields[0], int(fields[1]), int(fields[3]), int(fields[19]))


def everyone() -> list[Process]:
    """Every process that this one can see."""
    with suppress(OSError):
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        return [found for pid in pids if (found := look(pid)) is not None]
    return []


def own_children() -> None:
    """From now on this process owns all it starts, orphans of its children too; `end_children` ends them."""
    global _owns
    _owns = True
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def end_children(seconds: float = 2.0) -> int:
    """Kill every process that this one started, and theirs, if it said that it owns them. Returns how many."""
    if not _owns:
        return 0
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return 0  # the usual case costs one system call
    deadline, ended = time.monotonic() + seconds, set[int]()
    while time.monotonic() < deadline:
        family = [p for p in _descendants(os.getpid()) if _SPARED not in _command(p.pid)]
        for process in family:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            ended.add(process.pid)
            with suppress(ChildProcessError):  # not a child of ours but of one of those
                os.waitpid(process.pid, os.WNOHANG)
        if not family:
            break
        time.sleep(0.01)
    return len(ended)


def end_orphans(worker: str, pid: int, born: int) -> int:
    """Kill what a worker that is gone has left running. Returns how many."""
    leader = look(pid)
    ours = leader is None or leader.born == born  # else the number belongs to somebody else by now
    ended = 0
    for process in everyone():
        of_session = ours and process.session == pid and process.born >= born
        if process.pid != os.getpid() and (of_session or _has_mark(process.pid, worker)):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, signal.SIGKILL)
                ended += 1
    return ended


def _descendants(pid: int) -> list[Process]:
    children: dict[int, list[Process]] = {}
    for process in everyone():
        children.setdefault(process.parent, []).append(process)
    found, left = [], [pid]
    while left:
        for child in children.get(left.pop(), ()):
            found.append(child)
            left.append(child.pid)
    return found


def _has_mark(pid: int, worker: str) -> bool:
    with suppress(OSError):
        return f"{MARK}={worker}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return False


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
