"""Stored results of the templates: each is run for real in an empty home, and what it showed is kept beside it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
import time
from typing import Any

from pipelines import running, templates
from pipelines.service import Service
from pipelines.supervisor import Supervisor
from pipelines.templates import Template


def make(slugs: list[str]) -> int:
    """Run templates and store their results. Returns 0 when every run ended well."""
    chosen = [templates.get(slug) for slug in slugs] or templates.all_templates()
    failures = 0
    for template in chosen:
        with tempfile.TemporaryDirectory(prefix="genloom-demo-") as home:
            service = Service.open(home)
            run = _run(service, template)
            row = service.run(run)
            print(f"{template.slug}: {row.status} in {row.seconds:.1f} s")
            if row.status == "done":
                store(service, run, template)
            else:
                failures += 1
                print("\n".join(f"  {s.node}: {s.error}" for s in service.steps(run) if s.error))
    return 1 if failures else 0


def _run(service: Service, template: Template) -> str:
    supervisor = Supervisor(service.home)
    supervisor.start()
    try:
        while service.worker_state() != "ready":  # the stated cost is that of a warm worker
            time.sleep(0.2)
        time.sleep(8)
        run = running.start(service, template.document, template.slug)
        running.wait(service, run, show=True)
        return run
    finally:
        _stop_workers(service)
        supervisor.stop()


def _stop_workers(service: Service) -> None:
    for worker in service.home.database.rows("SELECT pid FROM workers WHERE status != 'dead'"):
        try:
            os.kill(worker["pid"], 15)
        except ProcessLookupError:
            continue


def store(service: Service, run: str, template: Template) -> None:
    """Write results.json and the pictures it names into the template's folder, replacing older ones."""
    row, states = service.run(run), service.run_states(run)
    results: dict[str, Any] = {
        "made": time.strftime("%Y-%m-%d"),
        "seconds": row.seconds,
        "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}",
        "nodes": states,
        "scores": row.scores,
        "thumbnail": row.picture,
    }
    shutil.rmtree(template.folder, ignore_errors=True)
    template.folder.mkdir()
    for digest in sorted(_pictures(results)):
        source = service.picture(digest)
        assert source is not None, f"picture {digest} is not in the store"
        shutil.copyfile(source, template.folder / f"{digest}.png")
    text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False)
    (template.folder / "results.json").write_text(text + "\n")


def _pictures(results: dict[str, Any]) -> set[str]:
    found = {results["thumbnail"]} if results["thumbnail"] else set()
    for state in results["nodes"].values():
        shown = [state["preview"], *(output["picture"] for output in state["outputs"].values())]
        found |= {picture["hash"] for picture in shown if picture}
    return found
