"""`Service`: everything that pages, HTTP and the command line may do with pipelines and runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Row
from typing import Any

from nodes import catalogue as blocks
from nodes.catalogue import Catalogue
from pipelines import states, templates
from pipelines.document import Document, from_json, read
from pipelines.plan import Planner
from pipelines.problem import Problem
from pipelines.states import PipelineRow, RunRow, StepRow
from pipelines.supervisor import worker_state
from pipelines.uploads import Uploads
from pipelines.validation import problems
from storage.home import Home
from storage.pipelines import PipelineRows, StaleDraft
from storage.queue import StepQueue
from storage.runs import RunRows, column

NEEDED_BYTES = 64 * 1024 * 1024


class NotFound(Exception):
    """There is no such pipeline or run. Its text is a plain sentence."""


class Conflict(Exception):
    """A save was refused: the pipeline was changed elsewhere. Holds the stored epoch and revision."""

    def __init__(self, epoch: str, rev: int) -> None:
        super().__init__("This pipeline was changed in another window. Reload to see that state.")
        self.epoch = epoch
        self.rev = rev


@dataclass(frozen=True)
class OpenPipeline:
    """A pipeline with its draft, ready to be edited."""

    id: str
    name: str
    epoch: str
    rev: int
    readonly: bool
    template: str | None
    document: dict[str, Any]


@dataclass(frozen=True)
class Started:
    """A run that was started, or the problems that kept it from starting."""

    run: str | None
    number: int | None
    problems: list[Problem] = field(default_factory=list)


class Service:
    """One per process. Safe to use from several threads."""

    def __init__(self, home: Home, catalogue: Catalogue) -> None:
        self.home = home
        self.catalogue = catalogue
        self.uploads = Uploads(home)
        self._pipelines = PipelineRows(home.database)
        self._runs = RunRows(home.database)
        self._queue = StepQueue(home.database)
        self._planner = Planner(catalogue, self._runs, home.artifacts)

    @classmethod
    def open(cls, root: Path | str | None = None) -> Service:
        """The service of a home, with every block this installation has."""
        return cls(Home.open(root), load_catalogue())

    # ---- pipelines ----

    def pipelines(self) -> list[PipelineRow]:
        """Every pipeline of the user, newest first; templates are not among them until they are copied."""
        return [
            PipelineRow(
                row["id"], row["name"], row["template"], bool(row["readonly"]), row["updated"], row["runs"],
                row["last_status"], row["last_number"],
                states.last_picture(self._runs.steps(row["last_run"])) if row["last_run"] else None,
            )
            for row in self._pipelines.all() if not row["readonly"]
        ]  # fmt: skip

    def open_template(self, slug: str) -> OpenPipeline:
        """The read-only pipeline of a template. A template that changed with the product is brought up to date."""
        template = templates.get(slug)
        id, text = f"template-{slug}", _text(template.document)
        self._pipelines.create(template.title, text, template=slug, readonly=True, id=id)
        row = self._row(id)
        if row["draft"] != text:
            self._pipelines.replace_draft(id, template.title, text)
        return self.open_pipeline(id)

    def new_pipeline(self, name: str = "Untitled pipeline") -> OpenPipeline:
        """An empty pipeline."""
        return self._create(Document(name=name))

    def import_document(self, text: bytes) -> OpenPipeline:
        """A pipeline from a saved file. Nothing in it is executed. Raises DocumentError."""
        return self._create(read(text))

    def pipeline_of_file(self, document: Document, mark: str) -> str:
        """The pipeline that runs of a file belong to, made on first use; its draft follows the file."""
        id = self._pipelines.create(document.name, _text(document), id=f"file-{mark}")
        if self._row(id)["draft"] != _text(document):
            self._pipelines.replace_draft(id, document.name, _text(document))
        return id

    def copy(self, id: str, document: dict[str, Any] | None = None) -> OpenPipeline:
        """A copy of a pipeline, or of the given state of it, that can be edited."""
        row = self._row(id)
        source = from_json(document if document is not None else json.loads(row["draft"]))
        if not source.name.endswith("(copy)"):
            source = from_json({**source.to_json(), "name": f"{source.name[:180]} (copy)"})
        return self._create(source, template=row["template"])

    def open_pipeline(self, id: str) -> OpenPipeline:
        """A pipeline by its id."""
        row = self._row(id)
        return OpenPipeline(
            row["id"], row["name"], row["epoch"], row["rev"], bool(row["readonly"]), row["template"],
            json.loads(row["draft"]),
        )  # fmt: skip

    def rename(self, id: str, name: str) -> None:
        """Give a pipeline another name."""
        document = from_json({**json.loads(self._row(id)["draft"]), "name": name})
        self._pipelines.replace_draft(id, document.name, _text(document))

    def delete(self, id: str) -> None:
        """Remove a pipeline and its runs."""
        self._row(id)
        for run in self._runs.all(10_000, id):
            self._queue.cancel(run["id"])
        self._pipelines.delete(id)

    def save_draft(self, id: str, epoch: str, rev: int, document: dict[str, Any]) -> list[Problem]:
        """Save what is being edited, and say what would keep it from running.

        Raises:
            Conflict: it was changed elsewhere in the meantime, or is a template.
            DocumentError: it is no document; nothing is saved.
        """
        row, parsed = self._row(id), from_json(document)
        if row["readonly"]:
            raise Conflict(row["epoch"], row["rev"])
        try:
            self._pipelines.save_draft(id, epoch, rev, parsed.name, _text(parsed))
        except StaleDraft as error:
            raise Conflict(error.epoch, error.rev) from error
        return problems(parsed, self.catalogue)

    def forecast(self, document: dict[str, Any], id: str) -> dict[str, str]:
        """For each node, what a run would do now: "runs: …" or "reused from run …"; empty while it is not valid."""
        parsed = from_json(document)
        if problems(parsed, self.catalogue):
            return {}
        return {step.node: step.reason for step in self._planner.plan(parsed, id)}

    # ---- runs ----

    def start_run(self, id: str, request: str, document: dict[str, Any] | Document | None = None) -> Started:
        """Start a run of the draft, or of the given document. The same `request` never starts two."""
        row = self._row(id)
        known = self.home.database.row("SELECT id, number FROM runs WHERE request = ?", (request,))
        if known is not None:
            return Started(known["id"], known["number"])
        parsed = document if isinstance(document, Document) else from_json(
            json.loads(row["draft"]) if document is None else document
        )  # fmt: skip
        found = problems(parsed, self.catalogue) + self._lack_of_space()
        if found:
            return Started(None, None, found)
        version = self._pipelines.version(id, parsed.hash(), _text(parsed))
        run, _ = self._runs.create(
            pipeline=id, version=version["id"], request=request, seed=parsed.seed,
            steps=self._planner.plan(parsed, id),
        )  # fmt: skip
        return Started(run["id"], run["number"])

    def _lack_of_space(self) -> list[Problem]:
        self.home.keep_ballast()
        free = self.home.free_bytes()
        if free >= NEEDED_BYTES:
            return []
        return [
            Problem(
                f"The disk of {self.home.root} has only {free / 1e6:,.0f} MB free; a run needs at least"
                f" {NEEDED_BYTES / 1e6:,.0f} MB. Free some space and run again."
            )
        ]

    def cancel(self, run: str) -> None:
        """Ask a run to end."""
        self._queue.cancel(self._run(run)["id"])

    def runs(self, limit: int = 100, pipeline: str | None = None) -> list[RunRow]:
        """Runs, newest first."""
        return [self._run_row(row) for row in self._runs.all(limit, pipeline)]

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
        """The newest run of a pipeline, else the stored results of its template: `Live`, a snapshot."""
        row = self._row(pipeline)
        run = self._runs.newest(pipeline)
        if run is None:
            shown: dict[str, Any] = {"type": "snapshot", "run": None, "stored": False, "nodes": {}}
            if row["template"]:
                shown = states.stored_live(templates.get(row["template"]))
            return {**shown, "worker": self.worker_state()}
        steps = self._runs.steps(run["id"])
        return {
            "type": "snapshot", "run": states.run_state(run, steps), "stored": False,
            "nodes": {step["node"]: states.node_state(step) for step in steps}, "worker": self.worker_state(),
        }  # fmt: skip

    def changes(self, since: int) -> tuple[int, dict[str, dict[str, Any]]]:
        """What changed after `since`, as one `Live` delta per pipeline, of its newest run only."""
        newest, runs, steps = self._runs.changed_since(since)
        touched = {row["pipeline"] for row in [*runs, *steps]}
        deltas: dict[str, dict[str, Any]] = {}
        worker = self.worker_state() if touched else ""
        for pipeline in touched:
            run = self._runs.newest(pipeline)
            if run is None:
                continue
            changed = {s["node"]: states.node_state(s) for s in steps if s["run"] == run["id"]}
            state = states.run_state(run, self._runs.steps(run["id"]))
            deltas[pipeline] = {
                "type": "delta",
                "run": state,
                "stored": False,
                "nodes": changed,
                "worker": worker,
            }
        return newest, deltas

    def worker_state(self) -> str:
        """Ready, starting, busy or none."""
        return worker_state(self.home)

    # ---- files ----

    @property
    def upload(self) -> Callable[..., dict[str, Any]]:
        """Store an uploaded zip: (name, chunks) -> `Uploaded`. Raises BlockError."""
        return self.uploads.add

    @property
    def upload_folder(self) -> Callable[..., dict[str, Any]]:
        """Store the files of a folder as one zip: [(relative name, file)] -> `Uploaded`. Raises BlockError."""
        return self.uploads.add_folder

    def picture(self, digest: str) -> Path | None:
        """The PNG of that hash, made here or stored with a template."""
        found = self.home.files.path(digest)
        if found is not None:
            return found
        return next((p for t in templates.all_templates() if (p := t.picture(digest))), None)

    def artifact_file(self, digest: str, name: str) -> Path | None:
        """One file of an artifact."""
        try:
            return self.home.artifacts.file(digest, name)
        except ValueError:
            return None

    # ---- inside ----

    def _create(self, document: Document, template: str | None = None) -> OpenPipeline:
        return self.open_pipeline(self._pipelines.create(document.name, _text(document), template=template))

    def _row(self, id: str) -> Row:
        row = self._pipelines.get(id)
        if (
            row is None
            and id.startswith("template-")
            and id[9:] in {t.slug for t in templates.all_templates()}
        ):
            self.open_template(id[9:])
            row = self._pipelines.get(id)
        if row is None:
            raise NotFound("There is no such pipeline. It may have been deleted.")
        return row

    def _run(self, id_or_number: str | int) -> Row:
        row = self._runs.get(id_or_number)
        if row is None:
            raise NotFound("There is no such run. It may have been deleted with its pipeline.")
        return row

    def _run_row(self, row: Row) -> RunRow:
        steps = self._runs.steps(row["id"])
        asked = row["cancel"] and row["status"] in ("queued", "running")
        return RunRow(
            row["id"], row["number"], row["pipeline"], row["pipeline_name"], row["template"], row["status"],
            "cancelling" if asked else row["message"] or "", row["seed"], row["version_number"], row["created"],
            row["started"], row["finished"], states.taken(row), row["steps_done"], row["steps_total"],
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


def load_catalogue() -> Catalogue:
    """Every block of this installation, with those in the folder that GENLOOM_BLOCKS names."""
    folder = os.environ.get("GENLOOM_BLOCKS")
    return blocks.load(Path(folder).expanduser() if folder else None)


def _text(document: Document) -> str:
    return json.dumps(document.to_json(), ensure_ascii=False, allow_nan=False)
