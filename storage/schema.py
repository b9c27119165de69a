"""The tables, as migrations: each step is applied once, in order, in a transaction of its own."""

from __future__ import annotations

import sqlite_utils
from sqlite_utils import Migrations

migrations = Migrations("genloom")


@migrations()
def create_pipelines(db: sqlite_utils.Database) -> None:
    """Pipelines with their draft, and their immutable versions."""
    db.table("pipelines").create(
        {"id": str, "name": str, "template": str, "readonly": int, "draft": str, "epoch": str, "rev": int,
         "created": float, "updated": float},
        pk="id", not_null={"name", "readonly", "draft", "epoch", "rev"},
    )  # fmt: skip
    db.table("pipelines").create_index(["template"])
    db.table("versions").create(
        {"id": str, "pipeline": str, "number": int, "digest": str, "document": str, "created": float},
        pk="id", not_null={"pipeline", "number", "digest", "document"},
    )  # fmt: skip
    db.table("versions").create_index(["pipeline", "number"], unique=True)


@migrations()
def create_runs(db: sqlite_utils.Database) -> None:
    """Runs, their steps, their log and pictures, and the results that later runs may reuse."""
    db.table("runs").create(
        {"id": str, "number": int, "pipeline": str, "version": str, "request": str, "status": str, "seed": int,
         "message": str, "cancel": int, "created": float, "started": float, "finished": float, "changed": int},
        pk="id", not_null={"number", "pipeline", "version", "request", "status"}, defaults={"cancel": 0},
    )  # fmt: skip
    db.table("runs").create_index(["number"], unique=True)
    db.table("runs").create_index(["request"], unique=True)
    db.table("runs").create_index(["pipeline", "number"])
    db.table("runs").create_index(["changed"])
    db.table("steps").create(
        {"run": str, "node": str, "position": int, "block": str, "title": str, "device": str, "status": str,
         "missing": int, "inputs": str, "params": str, "seed": int, "key": str, "pure": int,
         "reason": str, "reused_from": int, "attempt": int, "token": str, "worker": str, "started": float,
         "finished": float, "seconds": float, "error": str, "live": str, "notes": str, "outputs": str,
         "stop": int, "changed": int},
        pk=("run", "node"), not_null={"block", "status", "key"},
        defaults={"attempt": 0, "missing": 0, "stop": 0, "pure": 1},
    )  # fmt: skip
    db.table("steps").create_index(["status", "missing"])
    db.table("steps").create_index(["run", "status"])
    db.table("links").create({"run": str, "source": str, "target": str}, pk=("run", "source", "target"))
    db.table("links").create_index(["run", "target"])
    db.table("steps").create_index(["changed"])
    db.table("results").create(
        {"key": str, "run": str, "node": str, "outputs": str, "live": str, "created": float}, pk="key"
    )
    db.table("artifacts").create({"hash": str, "kind": str, "size": int, "created": float}, pk="hash")
    db.table("logs").create({"id": int, "run": str, "node": str, "time": float, "text": str}, pk="id")
    db.table("logs").create_index(["run", "node"])
    db.table("pictures").create(
        {"id": int, "run": str, "node": str, "step": int, "file": str, "caption": str, "width": int,
         "height": int, "time": float}, pk="id",
    )  # fmt: skip
    db.table("pictures").create_index(["run", "node"])


@migrations()
def create_workers(db: sqlite_utils.Database) -> None:
    """Workers that live or lived, and the counter that marks changed rows."""
    db.table("workers").create(
        {"id": str, "pid": int, "device": str, "status": str, "started": float, "heartbeat": float}, pk="id"
    )
    db.table("counters").create({"name": str, "value": int}, pk="name")
    db.table("counters").insert({"name": "change", "value": 0})


@migrations()
def add_controls(db: sqlite_utils.Database) -> None:
    """What users may ask of a run: pause it, move it in the queue; of a step: save now. `idle` is time not worked."""
    runs = db.table("runs")
    runs.add_column("pause", int, not_null_default=0)
    runs.add_column("priority", int, not_null_default=0)
    runs.add_column("idle", float, not_null_default=0)
    runs.add_column("halted", float)
    db.table("steps").add_column("save", int, not_null_default=0)
    db.table("results").add_column("early", int, not_null_default=0)


@migrations()
def add_measures(db: sqlite_utils.Database) -> None:
    """What finished steps have cost on which machine, and which pipeline was served when."""
    db.table("measures").create(
        {"id": int, "block": str, "machine": str, "device": str, "sizes": str, "inputs": int, "work": float,
         "seconds": float, "memory": int, "disk": int, "created": float}, pk="id",
        not_null={"block", "machine", "device", "sizes", "seconds"},
    )  # fmt: skip
    db.table("measures").create_index(["block", "machine", "id"])
    db.table("turns").create({"pipeline": str, "turn": int}, pk="pipeline")
    db.table("runs").create_index(["status"])


@migrations()
def add_parts_of_runs(db: sqlite_utils.Database) -> None:
    """Which part of its version a run is of, which steps run although they are stored, when a result was used last."""
    db.table("runs").add_column("part", str)
    db.table("steps").add_column("fresh", int, not_null_default=0)
    db.table("results").add_column("used", float)


@migrations()
def add_index_of_keys(db: sqlite_utils.Database) -> None:
    """Steps by key: what a result is needed for, and which step computed it."""
    db.table("steps").create_index(["key"])


@migrations()
def index_measures(db: sqlite_utils.Database) -> None:
    """The largest result ever is asked for before each run."""
    db.table("measures").create_index(["disk"])


@migrations()
def add_changes_of_traces(db: sqlite_utils.Database) -> None:
    """With which change a line of a log or a picture came, so that readers of events can go on where they were."""
    for table in ("logs", "pictures"):
        db.table(table).add_column("changed", int, not_null_default=0)
        db.table(table).create_index(["changed"])
