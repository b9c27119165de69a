"""Workers killed at random moments and at every crash point: nothing finished is lost, torn or done again."""

from __future__ import annotations

from pathlib import Path

from pipelines.service import Service
from storage import crashpoints
from tests.pipelines.conftest import begin
from tests.pipelines.disk import fill_and_recover
from tests.pipelines.hardship import Nursery, Oracle, chain_of_four, kill_often, leftovers

KILLS = 15


def test_kills_at_random_moments_lose_nothing(service: Service, tmp_path: Path) -> None:
    tally = kill_often(service, tmp_path, KILLS)
    assert {name: count for name, count in tally.seen.items() if count} == {}
    assert tally.kills == KILLS
    print(
        f"{tally.kills} kills, {tally.died_busy} at work, {tally.runs} runs, {tally.left} things left and swept"
    )
    assert tally.died_busy > KILLS / 2  # else nothing was interrupted


def test_a_death_at_each_crash_point_loses_nothing(service: Service, tmp_path: Path) -> None:
    nursery = Nursery(service)
    deaths = 0
    while _dies_and_recovers(service, nursery, tmp_path / f"marks{deaths + 1}", deaths + 1):
        deaths += 1
    nursery.close()
    met = {line.removeprefix("crash point: ") for line in nursery.errors.read_text().splitlines()}
    assert deaths > 20
    assert {
        "artifact: written", "artifact: before rename", "artifact: renamed", "file: written", "database: begun",
        "database: before commit", "database: committed",
    } <= met  # fmt: skip
    print(f"{deaths} crash points, {len(met)} kinds")


def _dies_and_recovers(service: Service, nursery: Nursery, marks: Path, point: int) -> bool:
    """Run four steps with a death at the crash point. False where there is no such point any more."""
    marks.mkdir()
    document = chain_of_four(marks).with_param("n0", "value", point).with_param("n1", "seed", point)
    oracle = Oracle(service, begin(service, document), marks)
    nursery.start(crash_at=point)
    code = nursery.end()
    oracle.look()
    if code:
        assert code == 137, nursery.errors.read_text()
        nursery.start()
        assert nursery.end() == 0, nursery.errors.read_text()
        oracle.look()
    assert (service.run(oracle.run).status, oracle.faults(), leftovers(service)) == ("done", {}, [])
    return code != 0


def test_crash_points_are_off_unless_asked_for() -> None:
    assert crashpoints._left is None
    crashpoints.reach("anything")


def test_a_disk_that_becomes_full_at_any_point_is_told_and_the_run_goes_on_later(tmp_path: Path) -> None:
    seen = fill_and_recover(tmp_path, [0, 3, 7.5])
    assert [line.split(":")[0] for line in seen] == [
        f"failed with {left} MB left" for left in (0.0, 3.0, 7.5)
    ]
