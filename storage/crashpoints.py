"""Places where a crash would hurt most, so that tests can die at each of them in turn.

With GENLOOM_CRASH_AT=k in the environment the process ends, as if killed, when the k-th of them is reached.
"""

from __future__ import annotations

import os

_wanted = os.environ.get("GENLOOM_CRASH_AT")
_left = int(_wanted) if _wanted else None


def reach(name: str) -> None:
    """Note that the durable path has come to `name`."""
    if _left is not None:
        _count_down(name)


def _count_down(name: str) -> None:
    global _left
    assert _left is not None
    _left -= 1
    if _left == 0:
        os.write(2, f"crash point: {name}\n".encode())
        os._exit(137)
