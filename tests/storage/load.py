"""Many processes that write at once while others read: shared by the short and the long form of the test."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from storage.home import Home

WRITER = """
import json, sys, time
from storage.home import Home
database = Home.open(sys.argv[1]).database
waits, failed = [], []
for _ in range(int(sys.argv[2])):
    began = time.perf_counter()
    try:
        with database.write() as connection:
            value = connection.execute("SELECT value FROM counters WHERE name = 'change'").fetchone()[0]
            time.sleep(0.0005)  # a transaction that reads and thinks before it writes
            connection.execute("UPDATE counters SET value = ? WHERE name = 'change'", (value + 1,))
    except Exception as error:
        failed.append(str(error))
    waits.append(time.perf_counter() - began)
print(json.dumps([failed, max(waits), sorted(waits)[int(len(waits) * 0.99)]]))
"""
READER = """
import sys, time
from storage.home import Home
database = Home.open(sys.argv[1]).database
while True:
    database.rows("SELECT * FROM counters")
    database.rows("SELECT * FROM steps")
    time.sleep(0.1)
"""


@dataclass
class Load:
    """What came of it."""

    counted: int
    failures: list[str]
    longest: float
    slow: float  # of 100 writes, 99 were faster
    integrity: str


def write_together(root: Path, writers: int, commits: int, readers: int = 2) -> Load:
    """Count up in one row from many processes, each reading before it writes."""
    home = Home.open(root)
    folder = Path(__file__).parents[2]
    polls = [
        subprocess.Popen([sys.executable, "-c", READER, str(root)], cwd=folder, stderr=subprocess.PIPE)
        for _ in range(readers)
    ]
    command = [sys.executable, "-c", WRITER, str(root), str(commits)]
    started = [subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) for _ in range(writers)]
    said = [json.loads(process.communicate()[0]) for process in started]
    died = [poll.poll() for poll in polls]
    for poll in polls:
        poll.kill()
        poll.communicate()
    assert died == [None] * readers, "a reader failed"
    row = home.database.row("SELECT value FROM counters WHERE name = 'change'")
    assert row is not None
    integrity = home.database.rows("PRAGMA integrity_check")[0][0]
    return Load(
        row["value"], [text for one in said for text in one[0]], max(one[1] for one in said),
        max(one[2] for one in said), integrity,
    )  # fmt: skip
