"""`python -m pipelines verify RUN`: does the same version give the same values again? Compared by the hash of each.

The run is repeated in a home of its own, which has no stored results, by a worker on the same device. What the first
run wrote down while it measured, such as how many steps a budget in seconds came to, is handed over, so that the
repetition does the same work on a faster or busier machine.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from sqlite3 import Row

from nodes.errors import BlockError
from pipelines.document import Document, from_json
from pipelines.part import Part
from pipelines.problem import DocumentError, Problem
from pipelines.service import NotFound, Service
from pipelines.supervisor import start_worker
from pipelines.worker import NO_DEVICE, attended_lock
from storage.home import Home
from storage.runs import column

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Compared:
    """One output of one step: what it was and what it is now."""

    node: str
    title: str
    output: str
    was: str
    now: str | None

    @property
    def same(self) -> bool:
        """Whether both are the same bytes."""
        return self.was == self.now


def verify(service: Service, run: str, *, as_json: bool) -> int:
    """Repeat a run without stored results and say which outputs differ. Returns 0 when none does, else 1.

    Raises:
        DocumentError: the run cannot be repeated; the message says why.
    """
    try:
        compared, error = repeat(service, run)
    except (NotFound, BlockError) as refused:
        raise DocumentError([Problem(str(refused))]) from refused
    row, different = service.run(run), [c for c in compared if not c.same]
    if as_json:
        outputs = [{**asdict(c), "same": c.same} for c in compared]
        told = {"run": row.id, "number": row.number, "same": not different and not error, "error": error}
        print(json.dumps({**told, "outputs": outputs}, ensure_ascii=False))
    else:
        _print(row.number, compared, different, error)
    return 1 if different or error else 0


def repeat(service: Service, run: str) -> tuple[list[Compared], str | None]:
    """Every output of a run beside that of its repetition, and what went wrong with the repetition, if it did."""
    row = service.run(run)
    if row.status != "done":
        raise BlockError(f"Run {row.number} is not done ({row.status}), so there is nothing to compare with.")
    database = service.home.database
    steps = database.rows("SELECT * FROM steps WHERE run = ? ORDER BY position", (row.id,))
    document = from_json(service.run_document(row.id))
    stored = database.row("SELECT part FROM runs WHERE id = ?", (row.id,))
    part = Part.from_json(column(stored, "part")) if stored is not None else Part()
    origins = {step["node"]: _origin(service, step) for step in steps}
    with tempfile.TemporaryDirectory(prefix="genloom-verify-", ignore_cleanup_errors=True) as folder:
        again = Service(Home(Path(folder)), service.catalogue)
        _lend_uploads(service.home, again.home, document)
        pipeline = again.import_document(document.text().encode()).id
        started = again.start_run(
            pipeline, secrets.token_hex(8), document, Part(until=part.until or part.only)
        )
        if started.run is None:
            raise DocumentError(started.problems)
        _refuse_updated(again, started.run, steps)
        _hand_over(again, started.run, origins)
        error = _work(again, started.run, _seat(service, list(origins.values())))
        return _compare(again, started.run, steps), error


def _origin(service: Service, step: Row) -> Row:
    """The step that computed what a step has: itself, or the one it was reused from, where that is still known."""
    if step["status"] != "reused":
        return step
    found = service.home.database.row(
        "SELECT * FROM steps WHERE key = ? AND status = 'done' AND outputs = ? ORDER BY finished LIMIT 1",
        (step["key"], step["outputs"]),
    )
    return found if found is not None else step


def _lend_uploads(source: Home, target: Home, document: Document) -> None:
    for digest in set(re.findall(r"[0-9a-f]{64}", document.text())):
        path = source.files.path(digest)
        if path is not None:
            place = target.files.root / digest[:2] / digest
            place.parent.mkdir(exist_ok=True)
            try:
                os.link(path, place)
            except OSError:  # another disk
                shutil.copyfile(path, place)


def _refuse_updated(again: Service, run: str, steps: list[Row]) -> None:
    """A block that was updated since does other work: there is nothing to learn from comparing."""
    keys = {
        step["node"]: step["key"]
        for step in again.home.database.rows("SELECT * FROM steps WHERE run = ?", (run,))
    }
    pure_before = {step["node"] for step in steps if step["pure"]}
    changed = [s["title"] for s in steps if s["node"] in pure_before and keys.get(s["node"]) != s["key"]]
    if changed and len(pure_before) == len(steps):
        raise BlockError(f"“{changed[0]}” was updated since this run, so it cannot be repeated. Run it anew.")


def _hand_over(again: Service, run: str, origins: dict[str, Row]) -> None:
    with again.home.database.write() as connection:
        connection.executemany(
            "UPDATE steps SET notes = ? WHERE run = ? AND node = ?",
            [(origin["notes"], run, node) for node, origin in origins.items()],
        )


def _seat(service: Service, origins: list[Row]) -> str:
    """The device that computed the run."""
    for step in origins:
        found = service.home.database.row("SELECT device FROM workers WHERE id = ?", (step["worker"],))
        if found is not None:
            return str(found["device"])
    return "auto"


def _work(again: Service, run: str, seat: str) -> str | None:
    """Let a worker of its own do the run. Returns what went wrong, or None."""
    with _worker(again.home, seat) as worker:
        while again.run(run).status in ("queued", "running"):
            if worker.poll() == NO_DEVICE:
                raise BlockError(f"The run was computed on {seat}, which this machine does not have.")
            if worker.poll() is not None:
                return "The worker process that repeated the run stopped, most likely for lack of memory."
            time.sleep(POLL_SECONDS)
    failed = [f"“{step.title}”: {step.error}" for step in again.steps(run) if step.error]
    return failed[0] if failed else None


@contextmanager
def _worker(home: Home, seat: str) -> Iterator[subprocess.Popen[bytes]]:
    attended = attended_lock(home)
    attended.take(shared=True)
    worker = start_worker(home, seat)
    try:
        yield worker
    finally:
        attended.release()
        worker.terminate()
        try:
            worker.wait(timeout=15)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


def _compare(again: Service, run: str, steps: list[Row]) -> list[Compared]:
    now = {step.node: step.outputs for step in again.steps(run)}
    return [
        Compared(
            step["node"],
            step["title"],
            name,
            output["hash"],
            now.get(step["node"], {}).get(name, {}).get("hash"),
        )
        for step in steps
        for name, output in (column(step, "outputs") or {}).items()
    ]


def _print(number: int, compared: list[Compared], different: list[Compared], error: str | None) -> None:
    for c in compared:
        words = "same" if c.same else "not made" if c.now is None else "differs"
        print(f"  {'✓' if c.same else '✗'} {c.title}, {c.output}: {words}")
    if error:
        print(f"The repetition did not end well. {error}")
    if not different:
        print(f"All {len(compared)} outputs of run {number} are the same, byte for byte.")
    else:
        print(
            f"{len(different)} of {len(compared)} outputs of run {number} differ, first that of “{different[0].title}”."
        )
