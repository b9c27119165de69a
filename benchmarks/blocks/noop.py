"""A block that does nothing, to see what a step costs beside its work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from nodes.api import Param, Params, Port, block


@dataclass(frozen=True)
class Tick(Port):
    """A number, 0 or more, and the run it belongs to, so that no two runs store equal values."""

    count: int = 0
    run: int = 0

    def save(self, folder: Path) -> None:
        (folder / "tick.txt").write_text(f"{self.run} {self.count}")

    @classmethod
    def load(cls, folder: Path) -> Self:
        run, count = (folder / "tick.txt").read_text().split()
        return cls(int(count), int(run))


class TickParams(Params):
    run: int = Param(0, ge=0, title="Run", description="Makes runs differ.")


@block("bench.start", version=1, title="Start")
def start(params: TickParams) -> Tick:
    """Begin to count."""
    return Tick(0, params.run)


@block("bench.noop", version=1, title="No-op")
def noop(value: Tick, params: TickParams) -> Tick:
    """Add one."""
    return Tick(value.count + 1, value.run)


@dataclass(frozen=True)
class Block1MB(Port):
    """A megabyte: float64 [131072]."""

    values: np.ndarray

    def save(self, folder: Path) -> None:
        np.save(folder / "values.npy", self.values, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Self:
        return cls(np.load(folder / "values.npy", mmap_mode="r", allow_pickle=False))


@block("bench.fill", version=1, title="Fill")
def fill(params: TickParams) -> Block1MB:
    """A megabyte of one number."""
    return Block1MB(np.full(131_072, float(params.run)))


@block("bench.add", version=1, title="Add")
def add(values: list[Block1MB], params: TickParams) -> Block1MB:
    """Add up arrays."""
    return Block1MB(np.sum([v.values for v in values], axis=0) + 1.0 + params.run)
