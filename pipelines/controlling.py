"""Runs and the queue from the command line: list them, and cancel, pause, resume, retry, stop, save, move, clear."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from nodes.errors import BlockError
from pipelines.desk import NotFound
from pipelines.service import RunRow, Service

ADD = Callable[..., argparse.ArgumentParser]
WAITS = ("queued", "running")


def add_commands(command: ADD) -> None:
    """Add these commands to the command line."""
    command("runs", "List the runs, newest first.", _runs)
    cancel = command("cancel", "Cancel a run, or all that have not ended.", _cancel, json_too=False)
    cancel.add_argument("run", metavar="RUN", nargs="?", help="its number or id")
    cancel.add_argument("--all", action="store_true", help="every run that has not ended")
    _one(command, "pause", "Pause a run: it leaves its device and keeps what it has learned.", Service.pause)
    _one(command, "resume", "Let a paused run go on.", Service.resume)
    _one(command, "retry", "Continue a failed or cancelled run where it ended.", Service.retry)
    for name, help, act in (
        ("stop", "Stop a training early and keep what it has learned; the run goes on.", Service.stop_early),
        ("save", "Save a training's state now; it goes on.", Service.save_now),
    ):
        _one(command, name, help, act).add_argument(
            "node", metavar="NODE", help="the block, by its id in the pipeline"
        )
    move = command("move", "Move a waiting run in the queue.", _move, json_too=False)
    move.add_argument("run", metavar="RUN", help="its number or id")
    move.add_argument("to", choices=["first", "up", "down"])
    command("clear", "Remove ended runs from the list. Their results stay.", _clear, json_too=False)


def _one(command: ADD, name: str, help: str, act: Callable[..., None]) -> argparse.ArgumentParser:
    added = command(name, help, lambda options: _act(act, options), json_too=False)
    added.add_argument("run", metavar="RUN", help="its number or id")
    return added


def _act(act: Callable[..., None], options: argparse.Namespace) -> int:
    service = Service.open()
    node = [options.node] if hasattr(options, "node") else []
    return _said(service, options.run, lambda id: act(service, id, *node))


def _move(options: argparse.Namespace) -> int:
    service = Service.open()
    return _said(service, options.run, lambda id: service.move(id, options.to))


def _cancel(options: argparse.Namespace) -> int:
    service = Service.open()
    if options.all == bool(options.run):
        print("Give the number of a run, or --all.", file=sys.stderr)
        return 2
    if options.all:
        print(f"Runs cancelled: {service.cancel_all()}.")
        return 0
    return _said(service, options.run, service.cancel)


def _clear(options: argparse.Namespace) -> int:
    print(f"Runs removed from the list: {Service.open().clear()}. Their results stay and are reused.")
    return 0


def _said(service: Service, run: str, act: Callable[[str], Any]) -> int:
    """Do something to a run, and say how the run stands then; or say why it cannot be done."""
    try:
        id = service.run(run).id
        act(id)
    except (BlockError, NotFound) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    row = service.run(id)
    print(_line(row))
    if row.status in WAITS and service.worker_state() == "none":
        print("No worker is running. Start the app, or one by hand: python -m pipelines worker")
    return 0


def _runs(options: argparse.Namespace) -> int:
    rows = Service.open().runs()
    if options.json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False, allow_nan=False))
        return 0
    for row in rows:
        print(_line(row))
    if not rows:
        print("No run yet.")
    return 0


def _line(row: RunRow) -> str:
    took = f"{row.seconds:.1f} s" if row.seconds is not None else ""
    steps = f"{row.steps_done}/{row.steps_total} steps"
    return (
        f"{row.number:>5}  {row.message or row.status:<11}{steps:>12}{took:>10}  {row.pipeline_name}".rstrip()
    )
