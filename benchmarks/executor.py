"""What a step costs: a chain of blocks that do nothing, through the executor and as a bare loop over the graph.

The executor plans, records every step durably (synchronous=FULL), stores every value under its content hash with
fsync, and can be killed at any moment. The bare loop keeps nothing.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import networkx
import numpy as np

from benchmarks.floors import one_transaction_per_step, write_and_hash
from nodes import catalogue
from pipelines.document import Document, Node, Wire
from pipelines.service import Service
from pipelines.worker import Worker
from storage.database import wal_is_safe
from storage.home import Home

BLOCKS = Path(__file__).parent / "blocks"
SAFE = ("WAL" if wal_is_safe() else "TRUNCATE", "FULL")  # as storage.database opens the database


def chain(length: int, run: int = 0) -> Document:
    """A start and `length - 1` no-ops, one after the other. Another `run` makes every value another."""
    nodes = (
        Node("n0", "bench.start", params={"run": run}),
        *(Node(f"n{i}", "bench.noop") for i in range(1, length)),
    )
    wires = tuple(Wire((f"n{i - 1}", "value"), (f"n{i}", "value")) for i in range(1, length))
    return Document(f"chain of {length}", nodes, wires)


@contextmanager
def engine() -> Iterator[tuple[Service, Worker]]:
    """A service and a worker in this process, in a home of their own."""
    with tempfile.TemporaryDirectory(prefix="genloom-bench-") as home:
        service = Service(Home(Path(home)), catalogue.load(BLOCKS))
        worker = Worker(service.home, service.catalogue, "cpu")
        try:
            yield service, worker
        finally:
            worker.close()


def through_executor(service: Service, worker: Worker, document: Document, request: str) -> float:
    """Seconds from the start of a run to its recorded end."""
    pipeline = service.pipeline_of_file(document, request)
    began = time.perf_counter()
    started = service.start_run(pipeline, request, document)
    assert started.run, started.problems
    while worker.step():
        pass
    taken = time.perf_counter() - began
    assert service.run(started.run).status == "done"
    return taken


def bare_loop(document: Document) -> float:
    """Seconds to sort the graph and call the functions."""
    functions = {spec.id: spec for spec in catalogue.load(BLOCKS)}
    params = functions["bench.noop"].params()
    began = time.perf_counter()
    graph = networkx.DiGraph([(w.source[0], w.target[0]) for w in document.wires])
    blocks = {node.id: node.block for node in document.nodes}
    values: dict[str, Any] = {}
    for id in networkx.topological_sort(graph):
        inputs = [values[source] for source in graph.predecessors(id)]
        values[id] = functions[blocks[id]].function(*inputs, params=params)
    return time.perf_counter() - began


def grid(rows: int, columns: int, run: int) -> Document:
    """Columns of blocks that add 1 MB arrays; each takes its left neighbour and the one below that."""
    nodes, wires = [], []
    for column in range(columns):
        for row in range(rows):
            id, kind = f"c{column}r{row}", "bench.add" if column else "bench.fill"
            nodes.append(Node(id, kind, params={"run": run * 1000 + column * rows + row}))
            if column:
                for source in {row, (row + 1) % rows}:
                    wires.append(Wire((f"c{column - 1}r{source}", "value"), (id, "values")))
    return Document(f"grid of {rows} x {columns}", tuple(nodes), tuple(wires))


def measure(repeats: int = 3) -> list[dict[str, Any]]:
    """Medians of chains of 100 and 1,000, new and again with nothing changed, beside their floors."""
    rows = []
    with engine() as (service, worker):
        through_executor(service, worker, chain(10, 999), "warm-up")
        for length in (100, 1000):
            times: dict[str, list[float]] = {}
            for repeat in range(repeats):
                document = chain(length, repeat + 1)
                for name, seconds in (
                    ("bare loop, keeps nothing", bare_loop(document)),
                    (
                        "floor: a transaction per step, WAL/NORMAL",
                        one_transaction_per_step(document, "WAL", "NORMAL"),
                    ),
                    ("floor: a transaction per step, as durable", one_transaction_per_step(document, *SAFE)),
                    ("executor, new", through_executor(service, worker, document, f"{length}-{repeat}")),
                    (
                        "executor, all reused",
                        through_executor(service, worker, document, f"{length}-{repeat}-b"),
                    ),
                ):
                    times.setdefault(name, []).append(seconds)
            rows += _rows(f"chain of {length:,}", length, times)
        rows += _rows("grid of 10 × 20, 1 MB each", 200, _grids(service, worker, repeats))
        rows += _rows(
            "100 runs of 5 steps",
            500,
            {"executor, new": [_many_runs(service, worker, r) for r in range(repeats)]},
        )
    return rows


def _grids(service: Service, worker: Worker, repeats: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    for repeat in range(repeats):
        arrays = [np.full(131_072, repeat + index / 7) for index in range(200)]
        times.setdefault("floor: write and hash", []).append(write_and_hash(arrays, durable=False))
        times.setdefault("floor: write, fsync and hash", []).append(write_and_hash(arrays, durable=True))
        seconds = through_executor(service, worker, grid(10, 20, repeat + 1), f"grid-{repeat}")
        times.setdefault("executor, new", []).append(seconds)
    return times


def _many_runs(service: Service, worker: Worker, repeat: int) -> float:
    """Seconds from the first of 100 submitted runs to the end of the last."""
    pipeline = service.pipeline_of_file(chain(5), "many")
    began = time.perf_counter()
    for index in range(100):
        document = chain(5, 10_000 + repeat * 100 + index)
        assert service.start_run(pipeline, f"many-{repeat}-{index}", document).run
    while worker.step():
        pass
    return time.perf_counter() - began


def _rows(graph: str, steps: int, times: dict[str, list[float]]) -> list[dict[str, Any]]:
    floor = statistics.median(next(iter(times.values())))
    return [
        {
            "graph": graph, "what": name, "ms": statistics.median(taken) * 1e3,
            "ms_per_step": statistics.median(taken) * 1e3 / steps, "ratio": statistics.median(taken) / floor,
        }
        for name, taken in times.items()
    ]  # fmt: skip


def print_table(rows: list[dict[str, Any]]) -> None:
    """The rows as a Markdown table. The ratio is to the first row of each graph."""
    print("| graph | what | ms | ms per step | ratio to the first |\n|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['graph']} | {row['what']} | {row['ms']:.1f} | {row['ms_per_step']:.3f} | {row['ratio']:.1f} |"
        )


if __name__ == "__main__":
    print_table(measure())
