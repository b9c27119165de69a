"""Planning after a restart: what to reuse of 1,000 unchanged steps, against a bare topological sort of their graph.

The results are made by one process and planned by others, each of which has just opened the home: nothing is warm
but the operating system's own cache of files. Planning is the whole way from a document to the finished plan:
checked for problems, sorted, every key computed, every stored result looked up, every artifact seen to exist. The
bare sort is networkx alone: the graph made from the wires, and `topological_sort`.
"""

from __future__ import annotations

import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import networkx

from benchmarks.executor import BLOCKS, chain, through_executor
from nodes import catalogue
from pipelines.document import from_json
from pipelines.service import Service
from pipelines.validation import problems
from pipelines.worker import Worker
from storage.home import Home

STEPS = 1000
TARGET = 20.0
PROJECT = Path(__file__).resolve().parent.parent


def measure(repeats: int = 5, steps: int = STEPS) -> dict[str, float]:
    """Medians over `repeats` fresh processes, in milliseconds, and the ratio."""
    with tempfile.TemporaryDirectory(prefix="genloom-bench-") as home:
        service = Service(Home(Path(home)), catalogue.load(BLOCKS))
        worker = Worker(service.home, service.catalogue, "cpu")
        through_executor(service, worker, chain(steps), "made before")
        worker.close()
        found = [_in_fresh_process(home, steps) for _ in range(repeats)]
    medians = {f"{name}_ms": statistics.median(row[name] for row in found) for name in found[0]}
    ratio = statistics.median(row["plan"] / row["bare"] for row in found)
    return {"steps": steps, **medians, "ratio": ratio}


def _in_fresh_process(home: str, steps: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.planning", home, str(steps)],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    row: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return row


def plan_once(home: Path, steps: int) -> dict[str, float]:
    """The milliseconds of a bare sort, of the first plan of this process, and of a start with its own plan."""
    document = chain(steps)
    service = Service(Home(home), catalogue.load(BLOCKS))
    pipeline = service.runs(1)[0].pipeline
    wires = [(w.source[0], w.target[0]) for w in document.wires]
    bare = statistics.median(
        _milliseconds(lambda: list(networkx.topological_sort(networkx.DiGraph(wires)))) for _ in range(9)
    )
    stored: dict[str, Any] = document.to_json()
    plans = []

    def plan() -> None:
        assert problems(document, service.catalogue) == []
        plans.append(service._planner.plan(document, pipeline))

    taken = _milliseconds(plan)
    assert [step.reason for step in plans[0]] == ["reused from run 1"] * steps
    read = _milliseconds(lambda: from_json(stored))
    start = _milliseconds(lambda: service.start_run(pipeline, secrets.token_hex(8), stored))
    return {"bare": bare, "plan": taken, "read": read, "start": start}


def _milliseconds(act: Any) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1e3


def print_table(row: dict[str, float]) -> None:
    """The medians, one line each."""
    print(f"  bare topological sort             {row['bare_ms']:>8.2f} ms")
    print(
        f"  plan of {row['steps']:,} unchanged steps      {row['plan_ms']:>8.2f} ms   {row['ratio']:.1f} × the sort"
    )
    print(f"  reading the document before that  {row['read_ms']:>8.2f} ms")
    print(f"  read, planned again and recorded  {row['start_ms']:>8.2f} ms")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(json.dumps(plan_once(Path(sys.argv[1]), int(sys.argv[2]))))
    else:
        print_table(measure())
