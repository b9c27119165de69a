"""What a run would do and cost before it starts, and how long a running one still takes."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import cached_property
from sqlite3 import Row
from typing import Any

from pipelines import seats, templates
from pipelines.costs import Cost, Costs
from pipelines.desk import Desk
from pipelines.document import Document, from_json
from pipelines.problem import DocumentError, Problem
from pipelines.supervisor import accelerators
from pipelines.validation import problems
from storage.measures import Measures
from storage.runs import NewStep

NEEDED_BYTES = 64 * 1024 * 1024
OPEN = ("queued", "running")
NOTHING: dict[str, Any] = {"forecast": None, "cost": None}
AGAIN_SECONDS = 1.0  # the time left of a run is reckoned anew after this


class Foresight(Desk):
    """Forecasts and estimates."""

    @cached_property
    def _costs(self) -> Costs:
        return Costs(Measures(self.home.database))

    @cached_property
    def _workers(self) -> int:
        """How many steps this machine works on at once; second seats of a GPU are no promise."""
        gpus = accelerators()
        return len(gpus) or len(seats.seats(gpus))

    @cached_property
    def _lefts(self) -> dict[str, tuple[float, float | None]]:
        return {}

    def foresee(self, pipeline: str) -> dict[str, Any]:
        """`forecast`: what a run of the draft would do with each node: "runs: …", "first run" or "reused from run …".

        `cost`: what it would take. Both are None while the draft is not valid.
        """
        row = self._row(pipeline)
        document = from_json(json.loads(row["draft"]))
        if problems(document, self.catalogue):
            return NOTHING
        steps = self._planner.plan(document, pipeline)
        words = {step.node: step.reason for step in steps}
        if row["template"] and self._runs.newest(pipeline) is None:  # what is shown is the template's result
            shown = {
                s.node: s.key for s in self._planner.plan(templates.get(row["template"]).document, pipeline)
            }
            changed = [s.node for s in steps if s.node in shown and shown[s.node] != s.key]
            words.update(dict.fromkeys(changed, "runs: changed since the stored result"))
        return {"forecast": words, "cost": self._costs.of_plan(steps, self._workers).to_json()}

    def forecast(self, pipeline: str) -> dict[str, str] | None:
        """The forecast alone, see `foresee`."""
        found: dict[str, str] | None = self.foresee(pipeline)["forecast"]
        return found

    def cost(self, document: Document, pipeline: str = "") -> Cost:
        """What a run of a document would take. Raises DocumentError where it cannot run."""
        found = problems(document, self.catalogue)
        if found:
            raise DocumentError(found)
        return self._costs.of_plan(self._planner.plan(document, pipeline), self._workers)

    def seconds_left(self, run: Row, steps: Sequence[Row]) -> float | None:
        """Until a run is over: what its running steps say, and the estimates of those that wait. None: unknown."""
        if run["status"] not in OPEN or run["cancel"] or run["pause"]:
            self._lefts.pop(run["id"], None)
            return None
        now = time.monotonic()
        at, left = self._lefts.get(run["id"], (-AGAIN_SECONDS, None))
        if now - at >= AGAIN_SECONDS:
            at, left = now, self._costs.left(steps, self._workers)
            self._lefts[run["id"]] = at, left
        return None if left is None else round(max(0.0, left - (now - at)), 1)

    def _lack_of_space(self, steps: Sequence[NewStep] = ()) -> list[Problem]:
        """Why the disk is too full for a run, or for these steps of it; empty where it is not."""
        self.home.keep_ballast()
        free = self.home.free_bytes()
        if free < NEEDED_BYTES:
            return [
                Problem(
                    f"The disk of {self.home.root} has only {free / 1e6:,.0f} MB free; a run needs at least"
                    f" {NEEDED_BYTES / 1e6:,.0f} MB. Free some space and run again."
                )
            ]
        need = self._costs.disk_beyond(steps, free - NEEDED_BYTES)
        if need is None:
            return []
        return [
            Problem(
                f"This run is expected to write {need / 1e6:,.0f} MB, going by what its blocks wrote before, and"
                f" {NEEDED_BYTES / 1e6:,.0f} MB must stay free; the disk of {self.home.root} has"
                f" {free / 1e6:,.0f} MB free. Free some space and run again."
            )
        ]
