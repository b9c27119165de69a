"""The runs of a home: start, cancel, look at, and what changed since the last look."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from sqlite3 import Row
from typing import Any

from pipelines import states, templates
from pipelines.controls import Controls
from pipelines.desk import TEMPLATE, text
from pipelines.document import Document, from_json
from pipelines.foresight import NOTHING, Foresight
from pipelines.part import WHOLE, Part
from pipelines.problem import DocumentError, Problem
from pipelines.states import RunRow, StepRow
from pipelines.supervisor import worker_state
from pipelines.validation import problems
from storage.runs import ResultGone, column


@dataclass(frozen=True)
class Started:
    """A run that was started, or the problems that kept it from starting."""

    run: str | None
    number: int | None
    problems: list[Problem] = field(default_factory=list)


class Runs(Controls, Foresight):
    """Runs, their steps, and their live state."""

    def start_run(
        self, id: str, request: str, document: dict[str, Any] | Document | None = None, part: Part = WHOLE
    ) -> Started:
        """Start a run of the draft, or of the given document, or of a part. The same `request` never starts two."""
        row = self._row(id)
        known = self.home.database.row("SELECT id, number FROM runs WHERE request = ?", (request,))
        if known is not None:
            return Started(known["id"], known["number"])
        parsed = document if isinstance(document, Document) else from_json(
            json.loads(row["draft"]) if document is None else document
        )  # fmt: skip
        try:
            asked = part.cut(parsed)
            found = problems(asked, self.catalogue)
            if found:
                return Started(None, None, found)
            return self._create_run(id, request, parsed, asked, part)
        except DocumentError as error:  # the part cannot run
            return Started(None, None, error.problems)

    def _create_run(self, id: str, request: str, whole: Document, asked: Document, part: Part) -> Started:
        for _ in range(5):
            steps = self._planner.plan(asked, id, part)
            lack = self._lack_of_space(steps)
            if lack:
                return Started(None, None, lack)
            with contextlib.suppress(ResultGone):  # it was collected in this moment: plan again
                run, _ = self._runs.create(
                    pipeline=id, digest=whole.hash(), document=text(whole), request=request, seed=whole.seed,
                    steps=steps, part=part.text(),
                )  # fmt: skip
                return Started(run["id"], run["number"])
        says = "Stored results were being removed while this run was planned. Run again."
        return Started(None, None, [Problem(says)])

    def runs(self, limit: int = 100, pipeline: str | None = None) -> list[RunRow]:
        """Runs, newest first."""
        return [self._run_row(row) for row in self._runs.all(limit, pipeline)]

    def queue(self) -> list[RunRow]:
        """Runs that wait, in the order in which they are taken."""
        return [self._run_row(self._runs.all(1, run=id)[0]) for id in self._runs.waiting()]

    def run(self, id_or_number: str | int) -> RunRow:
        """One run by its id or number."""
        return self._run_row(self._runs.all(1, run=self._run(id_or_number)["id"])[0])

    def steps(self, run: str) -> list[StepRow]:
        """The steps of a run with their curves, pictures and log."""
        return [self._step_row(row) for row in self._runs.steps(self._run(run)["id"])]

    def run_states(self, run: str) -> dict[str, dict[str, Any]]:
        """The state of every node of a run, as the canvas shows it."""
        return {row["node"]: states.node_state(row) for row in self._runs.steps(self._run(run)["id"])}

    def run_document(self, run: str) -> dict[str, Any]:
        """The version that a run executed."""
        version = self._pipelines.version_by_id(self._run(run)["version"])
        assert version is not None
        document: dict[str, Any] = json.loads(version["document"])
        return document

    # ---- live ----

    def live(self, pipeline: str) -> dict[str, Any]:
        """The newest run of a pipeline, else the stored results of its template: `Live`, a snapshot.

        Nodes that this run leaves out show what they did in the newest run that had them.
        """
        row = self._row(pipeline)
        run = self._runs.newest(pipeline)
        if run is None:
            shown: dict[str, Any] = {"type": "snapshot", "run": None, "stored": False, "nodes": {}}
            if row["template"]:
                shown = self._of_template(row["template"])
            return {**shown, "worker": self.worker_state(), **self.foresee(pipeline)}
        steps = self._runs.steps(run["id"])
        return {
            "type": "snapshot", "run": self._run_state(run, steps), "stored": False,
            "nodes": {**self._left_out(row, run, steps), **{s["node"]: states.node_state(s) for s in steps}},
            "worker": self.worker_state(), **self.foresee(pipeline),
        }  # fmt: skip

    def _left_out(self, pipeline: Row, run: Row, steps: list[Row]) -> dict[str, dict[str, Any]]:
        """The states of nodes of the draft that have no step in a run, from the newest earlier run of each."""
        present = {step["node"] for step in steps}
        absent = [n["id"] for n in json.loads(pipeline["draft"])["nodes"] if n["id"] not in present]
        earlier = self._runs.newest_steps(pipeline["id"], absent, before=run["number"]) if absent else []
        return {step["node"]: states.earlier_state(step) for step in earlier}

    def _of_template(self, slug: str) -> dict[str, Any]:
        """What a copy shows before its own first run: the newest run of the template here, else its stored results."""
        run = self._runs.newest(f"{TEMPLATE}{slug}")
        if run is None or run["status"] != "done":
            return states.stored_live(templates.get(slug))
        nodes = {
            step["node"]: {
                **states.node_state(step),
                "status": "stored",
                "reason": f"from run {run['number']}",
            }
            for step in self._runs.steps(run["id"])
        }
        return {"type": "snapshot", "run": None, "stored": True, "nodes": nodes}

    def changes(self, since: int) -> tuple[int, dict[str, dict[str, Any]]]:
        """What changed after `since`, as one `Live` delta per pipeline, about its newest run."""
        newest, runs, steps = self._runs.changed_since(since)
        touched = {row["pipeline"] for row in [*runs, *steps]}
        deltas: dict[str, dict[str, Any]] = {}
        worker = self.worker_state() if touched else ""
        for pipeline in touched:
            run = self._runs.newest(pipeline)
            if run is None:
                continue
            changed = self._changed_nodes(pipeline, run, [s for s in steps if s["pipeline"] == pipeline])
            ended = any(state["status"] not in ("queued", "running") for state in changed.values())
            deltas[pipeline] = {
                "type": "delta", "run": self._run_state(run, self._runs.steps(run["id"])), "stored": False,
                "nodes": changed, "worker": worker, **(self.foresee(pipeline) if ended else NOTHING),
            }  # fmt: skip
        return newest, deltas

    def _changed_nodes(self, pipeline: str, run: Row, changed: list[Row]) -> dict[str, dict[str, Any]]:
        """The states of changed steps of the newest run, and of an earlier one where the newest leaves the node out."""
        found = {s["node"]: states.node_state(s) for s in changed if s["run"] == run["id"]}
        if len(found) < len(changed):
            present = self._runs.keys_of(run["id"])
            others = {s["node"]: s["run"] for s in changed if s["node"] not in present}
            earlier = self._runs.newest_steps(pipeline, others, before=run["number"]) if others else []
            found.update({s["node"]: states.earlier_state(s) for s in earlier})
        return found

    def _run_state(self, run: Row, steps: list[Row]) -> dict[str, Any]:
        return {**states.run_state(run, steps), "seconds_left": self.seconds_left(run, steps)}

    def worker_state(self) -> str:
        """Ready, starting, busy or none."""
        return worker_state(self.home)

    def _run_row(self, row: Row) -> RunRow:
        steps = self._runs.steps(row["id"])
        return RunRow(
            row["id"], row["number"], row["pipeline"], row["pipeline_name"], row["template"], row["status"],
            states.asked(row) or row["message"] or "", row["seed"], row["version_number"], row["created"],
            row["started"], row["finished"], states.worked(row), row["steps_done"], row["steps_total"],
            states.last_picture(steps), states.all_scores(steps),
        )  # fmt: skip

    def _step_row(self, row: Row) -> StepRow:
        state = states.node_state(row)
        pictures = [
            {"hash": p["file"], **{name: p[name] for name in ("step", "caption", "width", "height")}}
            for p in self._runs.pictures(row["run"], row["node"])
        ]
        log = [
            {"time": line["time"], "text": line["text"]} for line in self._runs.logs(row["run"], row["node"])
        ]
        return StepRow(
            row["node"], row["title"], row["block"], row["status"], row["reason"] or "", state["message"],
            state["seconds"], state["attempt"], row["error"], column(row, "outputs") or {}, state["scores"],
            state["curves"], pictures, log, column(row, "params") or {}, row["reused_from"],
        )  # fmt: skip
