"""A worker that has run ten thousand steps holds no more memory than one that has run two thousand."""

from __future__ import annotations

import pytest

from benchmarks.executor import chain, engine, through_executor


def _resident_mb() -> float:
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_memory_stays_flat_over_ten_thousand_steps() -> None:
    """At most 25 MB more after 10,000 steps than after 2,000."""
    seen = []
    with engine() as (service, worker):
        for run in range(10):
            through_executor(service, worker, chain(1_000, run + 1), f"flat-{run}")
            seen.append(_resident_mb())
    print("resident MB after each thousand steps:", [round(mb) for mb in seen])
    assert seen[-1] - seen[1] < 25
