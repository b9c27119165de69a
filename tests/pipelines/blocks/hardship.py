"""Blocks that make life hard for a worker: large artifacts, a held interpreter lock, processes of their own."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nodes.api import Context, Images, Param, Params, Scores, block


class HeavyParams(Params):
    megabytes: float = Param(3.0, ge=0, le=4000, title="Megabytes", description="Size of the artifact.")
    seconds: float = Param(0.0, ge=0, le=60, title="Seconds", description="How long to work before.")
    mark: str = Param("", title="Mark", description="A file that gets one line per execution.")
    seed: int = Param(0, ge=0, le=1000, title="Seed", description="Seed.")


class Heavy(NamedTuple):
    images: Images
    scores: Scores


@block("probe.heavy", version=1, title="Heavy probe")
def heavy(ctx: Context, scores: list[Scores], params: HeavyParams) -> Heavy:
    """Gives an artifact of several files and some megabytes, and the sum of its inputs."""
    if params.mark:
        with Path(params.mark).open("a") as file:
            file.write(f"{os.getpid()}\n")
    (ctx.scratch / "draft").write_bytes(b"half done")
    ctx.log("a line")
    time.sleep(params.seconds)
    count = max(1, int(params.megabytes * 1e6 / (64 * 64)))
    pixels = np.random.default_rng(params.seed).integers(0, 255, (count, 64, 64, 1), dtype=np.uint8)
    ctx.preview(1, lambda: pixels[:4], "a picture")
    labels = np.arange(count, dtype=np.int64) % 3
    total = 1.0 + sum(row["value"] for value in scores for row in value.rows)
    row = {
        "name": "total", "value": total, "low": total, "high": total, "floor": 0.0, "n": 1, "features": "none",
        "better": "higher", "subject": "model", "meaning": "",
    }  # fmt: skip
    return Heavy(Images(pixels, labels, ("a", "b", "c")), Scores((row,)))


class LifeParams(Params):
    seconds: float = Param(5.0, ge=0, le=600, title="Seconds", description="How long.")
    how: str = Param("gil", title="How", description="gil, child, daemon, waits: what to do.")
    mark: str = Param("", title="Mark", description="A file that gets the process ids.")


@block("probe.life", version=1, title="Life probe")
def life(ctx: Context, params: LifeParams) -> Scores:
    """Keeps the interpreter lock, or starts processes that outlive their welcome."""
    with Path(params.mark).open("a") as file:
        file.write(f"{os.getpid()}\n")
    if params.how == "gil":
        ctypes.PyDLL(None).usleep(int(params.seconds * 1e6))
    else:
        sleep = [sys.executable, "-c", f"import time; time.sleep({params.seconds})"]
        child = subprocess.Popen(sleep, start_new_session=params.how == "daemon")
        with Path(params.mark).open("a") as file:
            file.write(f"{child.pid}\n")
        if params.how == "waits":
            child.wait()
        until = time.monotonic() + params.seconds
        while time.monotonic() < until and not ctx.stopping():
            ctx.check()
            time.sleep(0.02)
    return Scores(())
