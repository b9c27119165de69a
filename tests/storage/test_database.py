"""Writers wait for each other, drafts never overwrite newer ones, and the schema is made once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from storage.database import wal_is_safe
from storage.home import Home
from storage.pipelines import PipelineRows, StaleDraft


@pytest.mark.parametrize(
    ("version", "safe"),
    [((3, 40, 1), False), ((3, 44, 6), True), ((3, 50, 4), False), ((3, 50, 7), True), ((3, 51, 2), False),
     ((3, 51, 3), True), ((3, 54, 0), True)],
)  # fmt: skip
def test_versions_that_can_lose_a_log_reset_do_not_use_wal(version: tuple[int, int, int], safe: bool) -> None:
    assert wal_is_safe(version) is safe


COUNT_UP = """
import sys
from storage.home import Home
database = Home.open(sys.argv[1]).database
for _ in range(60):
    with database.write() as connection:
        value = connection.execute("SELECT value FROM counters WHERE name = 'change'").fetchone()[0]
        connection.execute("UPDATE counters SET value = ? WHERE name = 'change'", (value + 1,))
"""


def test_processes_that_read_before_they_write_lose_no_update(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COUNT_UP, str(tmp_path)]
    writers = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for _ in range(4)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    row = Home.open(tmp_path).database.row("SELECT value FROM counters")
    assert row is not None
    assert row["value"] == 240


def test_a_transaction_that_fails_changes_nothing(tmp_path: Path) -> None:
    database = Home.open(tmp_path).database

    def fail() -> None:
        with database.write() as connection:
            connection.execute("UPDATE counters SET value = 99")
            raise KeyError("planted")

    with pytest.raises(KeyError):
        fail()
    row = database.row("SELECT value FROM counters")
    assert row is not None
    assert row["value"] == 0


def test_a_draft_is_only_replaced_by_a_newer_one_of_its_epoch(tmp_path: Path) -> None:
    rows = PipelineRows(Home.open(tmp_path).database)
    id = rows.create("p", "{}")
    epoch = rows.get(id)["epoch"]  # type: ignore[index]
    rows.save_draft(id, epoch, 3, "p", '{"a":1}')
    rows.save_draft(id, epoch, 3, "p", '{"a":1}')  # the same save again, because its answer was lost
    with pytest.raises(StaleDraft):
        rows.save_draft(id, epoch, 3, "p", '{"a":2}')
    with pytest.raises(StaleDraft):
        rows.save_draft(id, "another", 4, "p", '{"a":2}')
    assert rows.get(id)["draft"] == '{"a":1}'  # type: ignore[index]
