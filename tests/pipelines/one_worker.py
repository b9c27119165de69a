"""A process that becomes workers, for the tests of kills: it loads everything once, then forks one worker per line.

A line is the folder of a home and the crash point to die at, or 0. The worker says "swept PID" once it has swept, and
ends when nothing is left to do; then "ended CODE" is said.
"""

from __future__ import annotations

import os
import sys
import traceback

from pipelines.life import bury_dead, sweep
from pipelines.service import load_catalogue
from pipelines.worker import Worker
from storage import crashpoints
from storage.home import Home

CATALOGUE = load_catalogue()


def work(root: str, crash_at: int) -> None:
    """Be a worker until nothing is left to do."""
    crashpoints._left = crash_at or None
    home = Home.open(root)
    bury_dead(home)
    sweep(home)
    print(f"swept {os.getpid()}", flush=True)
    worker = Worker(home, CATALOGUE, "cpu")
    while worker.step() or worker._recorder.pending():
        worker._recorder.flush_surely()
    worker.close()


def main() -> None:
    """Fork one worker per line."""
    for line in sys.stdin:
        root, crash_at = line.rstrip("\n").split("\t")
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                work(root, int(crash_at))
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    main()
