"""Runs with real worker processes: they outlive who started them, die, are cancelled, and meet a full disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pipelines.service import Service
from pipelines.supervisor import Supervisor
from tests.pipelines.conftest import BLOCKS, begin, chain, until, worker_pids

ROOT = Path(__file__).parents[2]


def _step(service: Service, run: str, node: str = "n0"):
    return next(step for step in service.steps(run) if step.node == node)


def _wait_until_running(service: Service, run: str, node: str = "n0") -> None:
    until(lambda: _step(service, run, node).status == "running", 30, f"{node} runs")


def test_a_killed_workers_step_runs_again_and_finished_steps_do_not(
    supervised: Service, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    document = (
        chain(3, mark=str(first)).with_param("n1", "seconds", 1.5).with_param("n1", "mark", str(second))
    )
    run = begin(supervised, document)
    _wait_until_running(supervised, run, "n1")
    killed = time.monotonic()
    os.kill(worker_pids(supervised)[0], signal.SIGKILL)
    until(lambda: "runs again" in _step(supervised, run, "n1").reason, 5, "the death is noticed")
    assert time.monotonic() - killed < 5
    until(lambda: supervised.run(run).status == "done", 30, "the run ends")
    assert len(first.read_text().splitlines()) == 1
    assert len(second.read_text().splitlines()) == 2
    assert _step(supervised, run, "n1").attempt == 2


def test_a_block_that_kills_its_worker_is_given_up_after_three_times(
    supervised: Service, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    run = begin(supervised, chain(2, fail="kill", mark=str(mark), seconds=0.2))
    until(lambda: supervised.run(run).status == "failed", 60, "given up")
    assert len(mark.read_text().splitlines()) == 3
    assert "stopped 3 times" in (_step(supervised, run).error or "")


def test_cancel_reaches_a_running_step(supervised: Service) -> None:
    run = begin(supervised, chain(2, seconds=60))
    _wait_until_running(supervised, run)
    asked = time.monotonic()
    supervised.cancel(run)
    until(lambda: supervised.run(run).status == "cancelled", 5, "cancelled")
    assert time.monotonic() - asked < 5
    assert [s.status for s in supervised.steps(run)] == ["cancelled", "cancelled"]
    again = begin(supervised, chain(1))  # the worker goes on with other work
    until(lambda: supervised.run(again).status == "done", 10, "the next run")


def test_a_run_goes_on_when_the_app_that_started_it_is_gone(service: Service) -> None:
    supervisor = Supervisor(service.home, ["cpu"])
    supervisor.start()
    run = begin(service, chain(2, seconds=3))
    _wait_until_running(service, run)
    supervisor.stop()
    until(lambda: service.run(run).status == "done", 15, "it ends without a supervisor")
    for pid in worker_pids(service):
        os.kill(pid, signal.SIGKILL)


def test_progress_and_curves_are_seen_while_a_step_runs(supervised: Service) -> None:
    run = begin(supervised, chain(1, seconds=3))
    until(lambda: len(_step(supervised, run).curves.get("loss", [])) > 20, 20, "a curve")
    state = supervised.run_states(run)["n0"]
    assert state["status"] == "running"
    assert 0 < state["fraction"] < 1
    assert 0 < state["seconds_left"] < 3
    newest, deltas = supervised.changes(0)
    assert deltas[supervised.run(run).pipeline]["nodes"]["n0"]["status"] == "running"
    assert supervised.changes(newest)[0] >= newest


FILL = """
import os, sys
from pathlib import Path
from pipelines.service import Service
from pipelines.worker import Worker
from tests.pipelines.conftest import begin, chain, worker_pids

service = Service.open(Path(sys.argv[1]))
worker = Worker(service.home, service.catalogue, "cpu")

def work():
    while worker.step():
        pass

# a step that needs more than there is
document = chain(3)
run = begin(service, document.with_param("n1", "fail", "disk"))
work()
print("STATUS", service.run(run).status, [s.status for s in service.steps(run)])
print("ERROR", [s.error for s in service.steps(run) if s.error])
again = service.start_run(service.run(run).pipeline, "again", document)
work()
print("AGAIN", service.run(again.run).status, [s.reason for s in service.steps(again.run)])

# a disk that someone else has filled to the last byte
waiting = begin(service, chain(2, value=8))
with open(service.home.root / "filler", "wb", buffering=0) as filler:
    try:
        while True:
            filler.write(b"x" * 4096)
    except OSError:
        pass
print("CLAIMED", worker.step())
os.unlink(service.home.root / "filler")
work()
print("LATER", service.run(waiting).status)
with open(service.home.root / "filler", "wb", buffering=0) as filler:
    filler.write(b"x" * (service.home.free_bytes() - 1_000_000))
refused = service.start_run(service.run(run).pipeline, "refused", chain(2, value=9))
print("REFUSED", refused.run, refused.problems[0].message)
os.unlink(service.home.root / "filler")
worker.close()
"""


def test_a_full_disk_ends_the_step_in_words_and_loses_nothing(tmp_path: Path) -> None:
    """On a real small disk: a tmpfs of 120 MB that is filled to the last byte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    (tmp_path / "fill.py").write_text(FILL)
    inside = (
        f"mount -t tmpfs -o size=120m tmpfs {disk} && {sys.executable} {tmp_path / 'fill.py'} {disk / 'home'}"
    )
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    environment = {**os.environ, "GENLOOM_BLOCKS": str(BLOCKS), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*unshare, "sh", "-c", inside], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    says = dict(line.split(" ", 1) for line in done.stdout.splitlines() if line[:5].isupper())
    assert says["STATUS"] == "failed ['done', 'failed', 'skipped']", done.stdout + done.stderr
    assert "The disk is full:" in says["ERROR"]
    assert (
        says["AGAIN"] == "done ['reused from run 1', 'runs: fail changed', 'runs: Probe before it changed']"
    )
    assert (says["CLAIMED"], says["LATER"]) == ("False", "done")
    assert says["REFUSED"].startswith("None The disk of ")
