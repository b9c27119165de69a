"""A home that cannot be used says why, in words, and is left as it is; many processes may write to one that can."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.database import HomeError
from storage.home import Home
from tests.storage.load import write_together

ROOT = Path(__file__).parents[2]


def _spoil(root: Path) -> None:
    """Overwrite pages in the middle of the database, as a failing disk would."""
    database = Home.open(root).database
    with database.write() as connection:
        connection.executemany(
            "INSERT INTO logs (run, node, time, text) VALUES ('r', 'n', 1.0, ?)", [("x" * 500,)] * 400
        )
    database.close()
    path = root / "genloom.db"
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(os.urandom(16_384))


def test_a_home_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    database = Home.open(tmp_path).database
    with database.write() as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('genloom', 'create_dreams', 'x')"
        )
    database.close()
    before = (tmp_path / "genloom.db").read_bytes()
    with pytest.raises(HomeError, match=r"a newer Genloom.*create_dreams.*Nothing was changed"):
        Home.open(tmp_path)
    assert (tmp_path / "genloom.db").read_bytes() == before


def test_a_damaged_database_is_refused_in_words(tmp_path: Path) -> None:
    _spoil(tmp_path)
    with pytest.raises(HomeError, match=r"The database .*genloom\.db is damaged .*Put back a backup"):
        Home.open(tmp_path)


def test_what_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "genloom.db").write_bytes(b"no database at all, but long enough to be looked at " * 40)
    with pytest.raises(HomeError, match="is damaged"):
        Home.open(tmp_path)


def test_a_home_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HomeError, match=r"could not be made: Not a directory.*GENLOOM_HOME"):
        Home.open(tmp_path / "file" / "home")


def test_the_command_line_says_it_without_a_traceback(tmp_path: Path) -> None:
    _spoil(tmp_path)
    said = subprocess.run(
        [sys.executable, "-m", "pipelines", "worker"], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "GENLOOM_HOME": str(tmp_path)},
    )  # fmt: skip
    assert said.returncode == 1
    assert said.stderr.startswith("The database ")
    assert "Traceback" not in said.stderr


def test_the_app_says_it_without_a_traceback(tmp_path: Path) -> None:
    _spoil(tmp_path)
    said = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", "0", "--server.headless", "true"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, env={**os.environ, "GENLOOM_HOME": str(tmp_path)},
    )  # fmt: skip
    assert said.returncode != 0
    assert "is damaged" in said.stderr
    assert "Traceback" not in said.stderr


def test_processes_that_write_together_all_get_their_turn(tmp_path: Path) -> None:
    load = write_together(tmp_path, writers=8, commits=150)
    assert (load.counted, load.failures, load.integrity) == (8 * 150, [], "ok")
