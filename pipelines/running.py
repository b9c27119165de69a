"""Runs from the command line: start one, show its steps while they work, and sum it up at the end."""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pipelines.document import Document, DocumentError
from pipelines.part import WHOLE, Part
from pipelines.service import Service
from pipelines.supervisor import Supervisor
from pipelines.uploads import with_local_files

POLL_SECONDS = 0.1
OPEN = ("queued", "running", "paused")
MARKS = {
    "queued": "·",
    "running": "▶",
    "done": "✓",
    "reused": "↺",
    "failed": "✗",
    "cancelled": "■",
    "skipped": "–",
}


def run_to_end(
    service: Service, document: Document, slug: str | None, *, as_json: bool, part: Part = WHOLE
) -> int:
    """Run a document with a worker of this machine and wait for it. Returns 0 when it ended well, else 1.

    Raises:
        DocumentError: the document cannot run; nothing was started.
    """
    run = start(service, document, slug, part)
    supervisor = Supervisor(service.home)
    supervisor.start()
    try:
        wait(service, run, show=sys.stderr.isatty() and not as_json)
    except KeyboardInterrupt:
        service.cancel(run)
        wait(service, run, show=False)
    finally:
        supervisor.stop()
    result = summary(service, run)
    if as_json:
        print(json.dumps(result, ensure_ascii=False, allow_nan=False))
    else:
        _print_summary(result)
    return 0 if result["status"] == "done" else 1


def start(service: Service, document: Document, slug: str | None, part: Part = WHOLE) -> str:
    """Start a run of a template or of a file's pipeline. A file has one pipeline by its name."""
    document = with_local_files(document, service.catalogue, service.uploads)
    if slug is not None:
        pipeline = service.open_template(slug).id
    else:
        pipeline = service.pipeline_of_file(document, hashlib.sha256(document.name.encode()).hexdigest()[:12])
    started = service.start_run(pipeline, secrets.token_hex(8), document, part)
    if started.run is None:
        raise DocumentError(started.problems)
    return started.run


def wait(service: Service, run: str, *, show: bool) -> None:
    """Wait until a run has ended; on a terminal, with a progress bar per step."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(30),
        TimeElapsedColumn(),
        TextColumn("{task.fields[words]}"),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not show) as progress:
        bars = {
            step.node: progress.add_task(step.title, total=1.0, start=False, words="")
            for step in service.steps(run)
        }
        while True:
            ended = service.run(run).status not in OPEN
            live = service.run_states(run) if show or ended else {}
            for node, state in live.items():
                task = progress.tasks[bars[node]]
                if state["status"] != "queued" and not task.started:
                    progress.start_task(bars[node])
                if state["status"] not in OPEN:
                    progress.stop_task(bars[node])
                left = f" {state['seconds_left']:.0f} s left" if state["seconds_left"] else ""
                words = (
                    f"{MARKS[state['status']]} {state['error'] or state['reason']} {state['message']}{left}"
                )
                progress.update(bars[node], completed=state["fraction"] or 0.0, words=words)
            if ended:
                return
            time.sleep(POLL_SECONDS)


def summary(service: Service, run: str) -> dict[str, Any]:
    """A finished run as one JSON value."""
    row = service.run(run)
    steps = service.steps(run)
    return {
        "run": row.id,
        "number": row.number,
        "pipeline": row.pipeline_name,
        "status": row.status,
        "seconds": row.seconds or 0.0,
        "steps": [
            {
                "node": step.node,
                "block": step.block,
                "status": "done" if step.status == "reused" else step.status,
                "cached": step.status == "reused",
                "reason": step.reason,
                "seconds": step.seconds or 0.0,
                "attempts": step.attempt,
                "error": step.error,
                "outputs": {
                    name: {
                        "kind": output["kind"],
                        "hash": output["hash"],
                        "path": str(service.home.artifacts.path(output["hash"])),
                        "summary": output["summary"],
                    }
                    for name, output in step.outputs.items()
                },
            }
            for step in steps
        ],
        "scores": row.scores,
    }


def _print_summary(result: dict[str, Any]) -> None:
    print(f"Run {result['number']} of “{result['pipeline']}” {result['status']} in {result['seconds']:.1f} s")
    for step in result["steps"]:
        mark = MARKS["reused" if step["cached"] else step["status"]]
        print(f"  {mark} {step['node']:<12} {step['seconds']:>7.1f} s  {step['error'] or step['reason']}")
        for name, output in step["outputs"].items():
            print(f"      {name}: {output['summary']}  {output['path']}")
    for row in result["scores"]:
        print(
            f"  {row['name']:<12} {row['value']:.3f}  [{row['low']:.3f}, {row['high']:.3f}]"
            f"  floor {row['floor']:.3f}  {row['subject']}"
        )
