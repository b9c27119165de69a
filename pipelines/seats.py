"""How many workers a machine gets, what each is called, and what a shared GPU still has room for."""

from __future__ import annotations

import os
from sqlite3 import Row

from nodes import warm
from pipelines.costs import Costs

EXTRA = "/"  # "cuda:0/1" is a second worker of the device "cuda:0"


def cores() -> int:
    """The CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def per_device(on_gpu: bool) -> int:
    """Workers for each device: $GENLOOM_WORKERS, else two, but one on a CPU of one or two cores."""
    wish = os.environ.get("GENLOOM_WORKERS", "").strip()
    if wish.isdigit() and int(wish) > 0:
        return int(wish)
    return 2 if on_gpu or cores() > 2 else 1


def seats(gpus: list[str]) -> list[str]:
    """The workers of this machine. Beside GPUs, a CPU with cores to spare takes the blocks that need no GPU."""
    if not gpus:
        return ["auto", *(f"cpu{EXTRA}{number}" for number in range(1, per_device(False)))]
    beside = ["cpu"] if cores() > 2 else []
    return [*(seat for gpu in gpus for seat in _of_device(gpu)), *beside]


def _of_device(gpu: str) -> list[str]:
    return [gpu, *(f"{gpu}{EXTRA}{number}" for number in range(1, per_device(True)))]


def lock_name(seat: str) -> str:
    """The file name of a seat's lock."""
    return f"device-{seat.replace(':', '-').replace(EXTRA, '+')}.lock"


def is_extra(seat: str) -> bool:
    """Whether the seat is a second one of its device."""
    return EXTRA in seat


def environment(seat: str) -> dict[str, str]:
    """What a worker's process is told: workers on one CPU share its cores."""
    workers = per_device(False)
    if not seat.startswith(("cpu", "auto")) or workers == 1 or "OMP_NUM_THREADS" in os.environ:
        return {}
    return {"OMP_NUM_THREADS": str(max(1, cores() // workers))}


class Room:
    """Whether a step's measured need fits in what a GPU has free, beside what its other workers run."""

    def __init__(self, seat: str, costs: Costs) -> None:
        self._seat = seat
        self._device = seat.partition(EXTRA)[0]
        self._costs = costs

    def fits(self, step: Row, beside: list[Row]) -> bool:
        """Alone on its device the first worker takes anything; otherwise needs must be known and fit together."""
        if not beside and not is_extra(self._seat):
            return True
        need = self._costs.memory_of(step)
        if need is None:
            return False
        taken: dict[str, int] = {}
        for other in beside:
            known = self._costs.memory_of(other)
            if known is None:
                return False
            taken[other["worker"]] = max(known, taken.get(other["worker"], 0))
        free, total = warm.memory(self._device)
        return need <= min(free, total - sum(taken.values()))
