"""Runs on a small disk of their own that becomes full: shared by the short and the long form of the test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from pipelines.service import Service
from pipelines.worker import Worker
from storage.home import Home
from tests.pipelines.conftest import BLOCKS, begin
from tests.pipelines.hardship import ROOT, chain_of_four, leftovers, torn

SIZE = "800m"  # what a worker holds in memory-mapped files keeps its place after it is removed


def fill_and_recover(folder: Path, spare: list[float]) -> list[str]:
    """Leave so many megabytes free, run four steps that need 15 to 20, make room and go on. What was seen of each."""
    disk = folder / "disk"
    disk.mkdir()
    words = " ".join(map(str, spare))
    inside = (
        f"mount -t tmpfs -o size={SIZE} tmpfs {disk} && "
        f"{sys.executable} -m tests.pipelines.disk {disk / 'home'} {folder} {words}"
    )
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    done = subprocess.run(
        [*unshare, "sh", "-c", inside], cwd=ROOT, env={**os.environ, "GENLOOM_BLOCKS": str(BLOCKS)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.removeprefix("SEEN ") for line in done.stdout.splitlines() if line.startswith("SEEN ")]


def _fill(home: Home, leave: float) -> Path:
    """Fill the disk but for so many megabytes."""
    home.keep_ballast()
    filler = home.root / "filler"
    with filler.open("wb", buffering=0) as file:
        file.write(b"x" * max(0, home.free_bytes() - round(leave * 1e6)))
    return filler


def _one(service: Service, worker: Worker, marks: Path, index: int, leave: float) -> str:
    marks.mkdir()
    document = chain_of_four(marks).with_param("n0", "value", index).with_param("n1", "seed", index)
    document = document.with_param("n1", "megabytes", 14 + index % 2 * 6)
    run = begin(service, document)
    filler = _fill(service.home, leave)
    for _ in range(3):
        worker.step()
    found = service.run(run).status
    errors = [step.error or "" for step in service.steps(run) if step.error]
    assert found != "failed" or all("The disk is full: " in error for error in errors), errors
    filler.unlink()
    if found == "failed":
        run = service.start_run(service.run(run).pipeline, f"again {index}", document).run or ""
    while worker.step() or worker._recorder.pending():
        worker._recorder.flush_surely()
    assert service.run(run).status == "done", [(s.status, s.error) for s in service.steps(run)]
    assert torn(service) == []
    assert service.home.database.rows("PRAGMA integrity_check")[0][0] == "ok"
    assert leftovers(service) == []
    for folder in service.home.artifacts.root.glob("??"):
        shutil.rmtree(folder)  # room for the next
    return f"{found} with {leave} MB left: {' '.join(errors)}"


def main(root: str, marks: str, spare: list[str]) -> None:
    """One run per number of megabytes."""
    service = Service.open(root)
    worker = Worker(service.home, service.catalogue, "cpu")
    for index, leave in enumerate(spare):
        print("SEEN", _one(service, worker, Path(marks) / f"marks{index}", index, float(leave)), flush=True)
    worker.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
