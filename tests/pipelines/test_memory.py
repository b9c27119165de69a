"""Steps that run out of memory, in a real worker under a real limit: half batches where that helps, words where not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.conftest import BLOCKS

ROOT = Path(__file__).parents[2]
NUMBERS = r"\d+ MB more were needed and \d+ MB were free\."

# A worker whose address space is limited anew for each of three runs, once all they share is in memory.
LIMITED = """
import json, os, resource, sys
from pathlib import Path
from pipelines.document import Document, Node, Wire
from pipelines.service import Service
from pipelines.worker import Worker
from tests.pipelines.conftest import begin

nodes = (
    Node("digits", "dataset.digits"),
    Node("prep", "preprocess.images", params={"size": 128, "channels": "grey", "held_out": 0.28}),
    Node("vae", "train.vae", params={"budget": {"steps": 4}, "hidden": 32, "network": "mlp", "batch_size": 16}),
)
wires = (Wire(("digits", "images"), ("prep", "images")), Wire(("prep", "train"), ("vae", "images")))
small = Document("large", nodes, wires)
service = Service.open(Path(sys.argv[1]))
worker = Worker(service.home, service.catalogue, "cpu")

def run(document, megabytes=None):
    run = begin(service, document)
    pages = int(open("/proc/self/statm").read().split()[0])
    limit = resource.RLIM_INFINITY if megabytes is None else pages * resource.getpagesize() + megabytes * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    while worker.step():
        pass
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    steps = {step.node: step for step in service.steps(run)}
    node = "vae" if steps["prep"].status in ("done", "reused") else "prep"
    step = steps[node]
    return {"status": step.status, "error": step.error, "attempt": step.attempt,
            "log": [line["text"] for line in step.log]}

run(small)
large = small.with_param("vae", "batch_size", 1024)
found = {
    "some": run(large, 200),
    "less": run(large.with_param("vae", "seed", 1), 70),
    "block": run(small.with_param("prep", "size", 512), 100),
    "later": run(small.with_param("vae", "seed", 2)),
}
print(json.dumps(found))
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of a training with large batches in "some" and in "less" memory, and of a "block" without."""
    folder = tmp_path_factory.mktemp("limited")
    (folder / "limited.py").write_text(LIMITED)
    environment = {**os.environ, "GENLOOM_BLOCKS": str(BLOCKS), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(folder / "limited.py"), str(folder / "home")],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=250,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
def test_a_training_goes_on_with_half_batches_in_the_same_attempt(limited: dict[str, Any]) -> None:
    step = limited["some"]
    assert (step["status"], step["attempt"]) == ("done", 1), step
    remark = r"Ran out of memory with batches of 1024; goes on with 2 × 512\. " + NUMBERS
    assert [line for line in step["log"] if re.fullmatch(remark, line)], step["log"]
    assert any(line.startswith("4 steps in ") for line in step["log"])


@pytest.mark.slow
def test_where_that_does_not_help_the_step_says_what_was_needed_and_what_to_do(
    limited: dict[str, Any],
) -> None:
    step = limited["less"]
    assert (step["status"], step["attempt"]) == ("failed", 1), step
    assert re.fullmatch(
        r"The memory does not suffice for .*batches of 1024.*\. "
        + NUMBERS
        + r" The images are 128 × 128 pixels\."
        r" Set “Batch size” to 256 or less, or try smaller images or a smaller “Width”\.",
        step["error"],
    ), step["error"]


@pytest.mark.slow
def test_any_block_says_what_was_needed_and_the_worker_goes_on(limited: dict[str, Any]) -> None:
    step = limited["block"]
    assert step["status"] == "failed"
    assert re.match(rf"Prepare images ran out of memory\. {NUMBERS} Try a smaller", step["error"]), step[
        "error"
    ]
    assert limited["later"]["status"] == "done"
