"""What a user may do to runs and to the queue: each method acts, or says in words why it cannot."""

from __future__ import annotations

import json
from sqlite3 import Row

from nodes.errors import BlockError
from pipelines.desk import Desk
from pipelines.document import from_json
from pipelines.life import sweep_checkpoints
from pipelines.part import Part
from pipelines.validation import problems
from storage.control import Place
from storage.runs import column

GOOD = ("done", "reused")
STATES = {
    "queued": "waits for a worker",
    "running": "is running",
    "paused": "is paused",
    "done": "is done",
    "failed": "has failed",
    "cancelled": "was cancelled",
}


class Controls(Desk):
    """Cancel, pause, resume, stop early, save now, retry, move and clear."""

    def cancel(self, run: str) -> None:
        """Ask a run to end. One that has ended stays as it is."""
        self._control.cancel(self._run(run)["id"])

    def cancel_all(self) -> int:
        """Ask every run that has not ended to end. Returns how many."""
        return self._control.cancel_all()

    def pause(self, run: str) -> None:
        """Ask a run to leave its device; what it has learned is kept. Raises BlockError."""
        row = self._run(run)
        if not self._control.pause(row["id"]):
            raise BlockError(f"{self._stands(row)}, so it cannot be paused.")

    def resume(self, run: str) -> None:
        """Let a paused run go on. Raises BlockError."""
        row = self._run(run)
        if not self._control.resume(row["id"]):
            raise BlockError(f"{self._stands(row)}, so there is nothing to resume.")

    def stop_early(self, run: str, node: str) -> None:
        """Ask a running step to finish now with what it has learned; the run goes on. Raises BlockError."""
        row = self._run(run)
        if not self._control.stop(row["id"], node):
            raise BlockError(f"{self._title(row, node)} is not running, so there is nothing to stop.")

    def save_now(self, run: str, node: str) -> None:
        """Ask a running step to save what it has learned, and to go on. Raises BlockError."""
        row = self._run(run)
        if not self._control.save(row["id"], node):
            raise BlockError(f"{self._title(row, node)} is not running, so there is nothing to save.")

    def retry(self, run: str) -> None:
        """Continue a failed or cancelled run where it ended; what is done stays done. Raises BlockError."""
        row = self._run(run)
        if row["status"] not in ("failed", "cancelled"):
            raise BlockError(f"{self._stands(row)}. Only a failed or cancelled run can be retried.")
        nodes = self._to_redo(row)
        self._refuse_changed(row, nodes)
        how = "failed" if row["status"] == "failed" else "was cancelled"
        self._control.retry(row["id"], sorted(nodes), f"retried after the run {how}")

    def move(self, run: str, place: Place) -> None:
        """Move a waiting run to the front of the queue ("first"), or by one place ("up", "down"). Raises BlockError."""
        row = self._run(run)
        if not self._control.move(row["id"], place):
            raise BlockError(f"{self._stands(row)}. Only a run that waits can be moved.")

    def clear(self, pipeline: str | None = None) -> int:
        """Remove ended runs from the list; their results stay in the store and are reused. Returns how many."""
        count = self._control.clear(pipeline)
        sweep_checkpoints(self.home)
        return count

    def _stands(self, row: Row) -> str:
        now = self._run(row["id"])
        if now["status"] in ("queued", "running") and (now["cancel"] or now["pause"]):
            return f"Run {row['number']} is already {'cancelling' if now['cancel'] else 'pausing'}"
        return f"Run {row['number']} {STATES[now['status']]}"

    def _title(self, row: Row, node: str) -> str:
        step = next((s for s in self._runs.steps(row["id"]) if s["node"] == node), None)
        if step is None:
            raise BlockError(f"Run {row['number']} has no block “{node}”.")
        return f"“{step['title'] or node}”"

    def _to_redo(self, row: Row) -> set[str]:
        """Steps without a result, and those before them whose result is no longer in the store."""
        steps = {step["node"]: step for step in self._runs.steps(row["id"])}
        found: set[str] = set()
        open_ones = [node for node, step in steps.items() if step["status"] not in GOOD]
        while open_ones:
            node = open_ones.pop()
            found.add(node)
            sources = {
                source for wires in (column(steps[node], "inputs") or {}).values() for source, _ in wires
            }
            open_ones += [s for s in sources & steps.keys() - found if not self._has_outputs(steps[s])]
        return found

    def _has_outputs(self, step: Row) -> bool:
        outputs = column(step, "outputs") or {}
        return step["status"] in GOOD and all(self.home.artifacts.has(o["hash"]) for o in outputs.values())

    def _refuse_changed(self, row: Row, nodes: set[str]) -> None:
        """A block that is no longer the one this run was planned with would give another result."""
        version = self._pipelines.version_by_id(row["version"])
        assert version is not None
        part = Part.from_json(column(row, "part"))
        document = part.cut(from_json(json.loads(version["document"])))
        found = problems(document, self.catalogue)
        if found:
            raise BlockError(f"Run {row['number']} cannot go on: {found[0].message}")
        planned = {step.node: step for step in self._planner.plan(document, row["pipeline"], part)}
        for step in self._runs.steps(row["id"]):
            new = planned.get(step["node"])
            if step["node"] in nodes and step["pure"] and (new is None or new.key != step["key"]):
                raise BlockError(
                    f"Run {row['number']} cannot go on: the block “{step['title']}” has changed since."
                    " Start a new run; finished blocks are reused."
                )
