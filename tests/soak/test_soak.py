"""The long forms of the tests of durability. `make soak` runs them; each prints what it saw.

GENLOOM_SOAK=0.3 shortens them to that part.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.service import Service
from tests.pipelines.disk import fill_and_recover
from tests.pipelines.hardship import kill_often
from tests.storage.load import write_together

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]
PART = float(os.environ.get("GENLOOM_SOAK") or 1)


def _share(count: int) -> int:
    return max(1, round(count * PART))


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("GENLOOM_BLOCKS", str(Path(__file__).parents[1] / "pipelines" / "blocks"))
    monkeypatch.setenv("GENLOOM_HOME", str(tmp_path / "home"))
    return Service.open(tmp_path / "home")


def test_200_kills_at_random_moments(service: Service, tmp_path: Path) -> None:
    """200 kills of the worker of a 12-step run: 0 finished steps lost or run again, 0 torn artifacts, all runs done."""
    kills = _share(200)
    tally = kill_often(service, tmp_path, kills, seed=1)
    print(
        f"\n{tally.kills} kills ({tally.died_busy} at work) over {tally.runs} runs:"
        f" {sum(tally.seen.values())} faults; {tally.left} things left half-done, all swept"
    )
    assert {name: count for name, count in tally.seen.items() if count} == {}
    assert tally.kills == kills
    assert tally.died_busy > kills / 2


def test_8_processes_commit_5000_times_each(tmp_path: Path) -> None:
    """8 processes × 5,000 commits with 2 readers: 40,000 of 40,000, no "database is locked", none waits for 30 s."""
    commits = _share(5000)
    load = write_together(tmp_path, writers=8, commits=commits)
    print(
        f"\n{load.counted} of {8 * commits} commits, {len(load.failures)} failures; the longest took"
        f" {load.longest:.2f} s, 99 of 100 less than {load.slow * 1000:.0f} ms"
    )
    assert (load.counted, load.failures, load.integrity) == (8 * commits, [], "ok")
    assert load.longest < 30


def test_a_disk_that_is_full_at_20_points(tmp_path: Path) -> None:
    """A disk that is full after 20 different numbers of bytes: 20 of 20 told in words, and resumed with room made."""
    points = _share(20)
    seen = fill_and_recover(tmp_path, [round(index * 14.0 / points, 3) for index in range(points)])
    failed = sum(line.startswith("failed") for line in seen)
    print(
        f"\n{len(seen)} full disks: {failed} ended the run in words, {len(seen) - failed} let it wait; all resumed"
    )
    assert len(seen) == points
