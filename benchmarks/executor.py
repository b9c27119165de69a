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

from nodes import catalogue
from pipelines.document import Document, Node, Wire
from pipelines.service import Service
from pipelines.worker import Worker
from storage.home import Home

BLOCKS = Path(__file__).parent / "blocks"


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


def measure(repeats: int = 3) -> list[dict[str, Any]]:
    """Medians of chains of 100 and 1,000: new, and again with nothing changed."""
    rows = []
    with engine() as (service, worker):
        through_executor(service, worker, chain(10, 999), "warm-up")
        for length in (100, 1000):
            fresh, again, bare = [], [], []
            for repeat in range(repeats):
                document = chain(length, repeat + 1)
                bare.append(bare_loop(document))
                fresh.append(through_executor(service, worker, document, f"{length}-{repeat}"))
                again.append(through_executor(service, worker, document, f"{length}-{repeat}-again"))
            plain = statistics.median(bare)
            for what, times in (("executor, new", fresh), ("executor, all reused", again)):
                ours = statistics.median(times)
                rows.append({
                    "steps": length, "what": what, "ours_ms": ours * 1e3, "bare_ms": plain * 1e3,
                    "ms_per_step": ours * 1e3 / length, "ratio": ours / plain,
                })  # fmt: skip
    return rows


def print_table(rows: list[dict[str, Any]]) -> None:
    """The rows as a table."""
    print(f"{'steps':>6}  {'what':<22}{'executor ms':>12}{'bare loop ms':>14}{'ms per step':>13}{'ratio':>9}")
    for row in rows:
        print(
            f"{row['steps']:>6}  {row['what']:<22}{row['ours_ms']:>12.1f}{row['bare_ms']:>14.2f}"
            f"{row['ms_per_step']:>13.3f}{row['ratio']:>9.1f}"
        )


if __name__ == "__main__":
    print_table(measure())
