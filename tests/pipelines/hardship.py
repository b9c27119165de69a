"""What the tests of kills and crash points share: a run of twelve steps, a worker to kill, and the oracle."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.document import Document, Node, Wire
from pipelines.life import bury_dead, sweep
from pipelines.service import Service
from storage.artifacts import contents_hash
from tests.pipelines.conftest import BLOCKS, begin

ROOT = Path(__file__).parents[2]


def twelve_steps(marks: Path, seconds: float = 0.03) -> Document:
    """A chain, a diamond and a chain again; two of the steps give several megabytes in several files."""
    wires = [("a", "b"), ("b", "c"), ("c", "left"), ("c", "middle"), ("c", "right"), ("left", "join"),
             ("middle", "join"), ("right", "join"), ("join", "x"), ("x", "y"), ("y", "z"), ("z", "end"),
             ("left", "side")]  # fmt: skip
    names = sorted({name for wire in wires for name in wire})
    nodes = []
    for index, name in enumerate(names):
        block = "probe.heavy" if name in ("left", "x") else "probe.source" if name == "a" else "probe.step"
        params = {"mark": str(marks / name), "seconds": seconds, "seed": index}
        nodes.append(Node(name, block, params=params))
    assert len(nodes) == 12
    return Document("twelve", tuple(nodes), tuple(Wire((a, "scores"), (b, "scores")) for a, b in wires))


def chain_of_four(marks: Path) -> Document:
    """Four steps in a row; the second gives several megabytes in several files."""
    blocks = ["probe.source", "probe.heavy", "probe.step", "probe.step"]
    nodes = [Node(f"n{i}", block, params={"mark": str(marks / f"n{i}")}) for i, block in enumerate(blocks)]
    wires = [Wire((f"n{i}", "scores"), (f"n{i + 1}", "scores")) for i in range(3)]
    return Document("four", tuple(nodes), tuple(wires))


@dataclass
class Oracle:
    """Looks after every death whether anything was lost, torn, or done twice."""

    service: Service
    run: str
    marks: Path
    seen: Counter[str] = field(default_factory=Counter)
    _times: dict[str, int] = field(default_factory=dict)  # executions of a step when it was first seen done

    def executions(self, node: str) -> int:
        """How often a step was begun."""
        path = self.marks / node
        return len(path.read_text().splitlines()) if path.exists() else 0

    def look(self) -> None:
        """Once after every death, and at the end."""
        database = self.service.home.database
        if [row[0] for row in database.rows("PRAGMA integrity_check")] != ["ok"]:
            self.seen["damaged database"] += 1
        for step in self.service.steps(self.run):
            if step.status in ("done", "reused"):
                self._times.setdefault(step.node, self.executions(step.node))
                for output in step.outputs.values():
                    if not self.service.home.artifacts.has(output["hash"]):
                        self.seen["done without its artifact"] += 1
            elif step.node in self._times:
                self.seen["finished step lost"] += 1
        for node, times in self._times.items():
            self.seen["finished step run again"] += self.executions(node) - times
        self.seen["torn artifact"] += len(torn(self.service))

    def faults(self) -> dict[str, int]:
        """What was found, without the zeros."""
        return {name: count for name, count in self.seen.items() if count}


def torn(service: Service) -> list[str]:
    """Artifacts at their final path whose contents are not what their name says."""
    root = service.home.artifacts.root
    return [p.name for p in root.glob("??/*") if contents_hash(p) != p.name]


def leftovers(service: Service) -> list[str]:
    """What interrupted work has left: half-written values, scratch folders, locks of the dead."""
    home = service.home
    alive = {
        f"worker-{row['id']}.lock"
        for row in home.database.rows("SELECT id FROM workers WHERE status != 'dead'")
    }
    temporary = [*home.artifacts.root.glob("temporary/*/*"), *home.files.root.glob("temporary/*/*")]
    locks = [p for p in home.locks.glob("worker-*.lock") if p.name not in alive]
    return [str(p.relative_to(home.root)) for p in [*temporary, *home.scratch.iterdir(), *locks]]


class Nursery:
    """Real worker processes, quickly: forked from a process that has loaded everything."""

    def __init__(self, service: Service) -> None:
        self._root = service.home.root
        self._ended: int | None = None
        self.errors = service.home.root.parent / "workers.txt"
        with self.errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.pipelines.one_worker"], cwd=ROOT, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=errors, text=True, bufsize=1,
                env={**os.environ, "GENLOOM_BLOCKS": str(BLOCKS)},
            )  # fmt: skip

    def start(self, crash_at: int = 0) -> int | None:
        """A worker that ends once nothing is left to do. Its process, once it has swept; None if it died before."""
        assert self._process.stdin
        self._process.stdin.write(f"{self._root}\t{crash_at}\n")
        word, number = self._read()
        self._ended = int(number) if word == "ended" else None
        return int(number) if word == "swept" else None

    def end(self) -> int:
        """Wait for the end of the worker. Returns its exit code."""
        return int(self._read()[1]) if self._ended is None else self._ended

    def close(self) -> None:
        """End the process that workers come from."""
        self._process.kill()
        self._process.wait()

    def _read(self) -> list[str]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, self.errors.read_text()
        return line.split()


@dataclass
class Tally:
    """What a series of kills has seen."""

    kills: int = 0
    runs: int = 0
    died_busy: int = 0
    left: int = 0
    seen: Counter[str] = field(default_factory=Counter)


def kill_often(service: Service, folder: Path, kills: int, seed: int = 0) -> Tally:
    """Kill the worker at random moments of as many runs as it takes."""
    tally, chance, nursery = Tally(), random.Random(seed), Nursery(service)
    try:
        while tally.kills < kills:
            marks = folder / f"marks{tally.runs}"
            marks.mkdir()
            document = twelve_steps(marks).with_param("left", "seed", tally.runs + 20)
            oracle = Oracle(service, begin(service, document), marks)
            while service.run(oracle.run).status not in ("done", "failed"):
                _kill_once(service, nursery, oracle, tally, chance, kills)
            oracle.look()
            tally.seen += oracle.seen
            tally.seen["run not done"] += service.run(oracle.run).status != "done"
            tally.runs += 1
    finally:
        nursery.close()
    return tally


def _kill_once(
    service: Service, nursery: Nursery, oracle: Oracle, tally: Tally, chance: random.Random, kills: int
) -> None:
    worker = nursery.start()
    assert worker, nursery.errors.read_text()
    if tally.kills >= kills:
        assert nursery.end() == 0, nursery.errors.read_text()
        return
    time.sleep(chance.uniform(0, 0.45))
    with suppress(ProcessLookupError):
        os.kill(worker, signal.SIGKILL)
    tally.died_busy += nursery.end() == -signal.SIGKILL
    tally.kills += 1
    tally.left += len([path for path in leftovers(service) if "worker-" not in path])
    oracle.look()
    bury_dead(service.home)
    sweep(service.home)
    tally.seen["left after the sweep"] += len(leftovers(service))
    _forgive(service, oracle.run)


def _forgive(service: Service, run: str) -> None:
    """Chance may hit the same step three times: that is no fault of the step, and not what is tested here."""
    with service.home.database.write() as connection:
        connection.execute("UPDATE steps SET attempt = 0 WHERE run = ? AND status = 'queued'", (run,))
