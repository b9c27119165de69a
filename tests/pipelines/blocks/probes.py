"""Blocks for tests of the engine. They are loaded as a stranger's blocks are: from a folder."""

from __future__ import annotations

import os
import time
from pathlib import Path

from nodes.api import BlockError, Context, Param, Params, Scores, block


class ProbeParams(Params):
    value: float = Param(1.0, title="Value", description="A number that passes through.")
    seconds: float = Param(0.0, ge=0, le=600, title="Seconds", description="How long to pretend to work.")
    fail: str = Param("", title="Fail", description="block, bug, memory, disk, kill: how to end badly.")
    mark: str = Param("", title="Mark", description="A file that gets one line per execution.")
    seed: int = Param(0, ge=0, le=1000, title="Seed", description="Seed.")


def _note(path: str) -> int:
    """Add a line to the file and say how many there are now."""
    if not path:
        return 0
    with Path(path).open("a") as file:
        file.write(f"{os.getpid()}\n")
    return len(Path(path).read_text().splitlines())


@block("probe.source", version=1, title="Probe source")
def source(ctx: Context, params: ProbeParams) -> Scores:
    """Gives a number."""
    return _work(ctx, params, [])


@block("probe.step", version=1, title="Probe")
def step(ctx: Context, scores: list[Scores], params: ProbeParams) -> Scores:
    """Adds up numbers."""
    return _work(ctx, params, scores)


@block("probe.impure", version=1, title="Impure probe", pure=False)
def impure(ctx: Context, params: ProbeParams) -> Scores:
    """Never reused."""
    return _work(ctx, params, [])


@block("probe.drift", version=1, title="Drifting probe")
def drift(ctx: Context, scores: list[Scores], params: ProbeParams) -> Scores:
    """Gives another value each time it runs, although it says that it does not."""
    return _work(ctx, params.model_copy(update={"value": float(len(_lines(params.mark)))}), scores)


@block("probe.noted", version=1, title="Noting probe")
def noted(ctx: Context, params: ProbeParams) -> Scores:
    """Gives another value each time, unless it recalls the one it gave before."""
    value = ctx.recall("value") or float(len(_lines(params.mark)) + 1)
    ctx.remember("value", value)
    return _work(ctx, params.model_copy(update={"value": value}), [])


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def _work(ctx: Context, params: ProbeParams, inputs: list[Scores]) -> Scores:
    times = _note(params.mark)
    deadline, begun = time.monotonic() + params.seconds, time.monotonic()
    tick = 0
    while time.monotonic() < deadline:
        ctx.check()
        if ctx.stopping():
            break
        tick += 1
        ctx.progress((time.monotonic() - begun) / params.seconds, "working", deadline - time.monotonic())
        ctx.metric(tick, loss=1.0 / tick)
        time.sleep(0.01)
    if params.fail == "disk":
        with (ctx.scratch / "big").open("wb") as file:
            while True:
                file.write(b"x" * 1_000_000)
    _misbehave(params.fail, times)
    total = params.value + sum(row["value"] for value in inputs for row in value.rows)
    row = {
        "name": "total", "value": total, "low": total, "high": total, "floor": 0.0, "n": 1, "features": "none",
        "better": "higher", "subject": "model", "meaning": f"seed {ctx.seed}",
    }  # fmt: skip
    return Scores((row,))


def _misbehave(how: str, times: int) -> None:
    if how == "block" or (how == "block once" and times == 1):
        raise BlockError("The value is not to my liking. Choose another.")
    if how == "bug":
        raise ZeroDivisionError("planted")
    if how == "memory":
        raise MemoryError
    if how == "kill" or (how == "kill once" and times == 1):
        os._exit(137)
