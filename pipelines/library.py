"""The pipelines of a home: open, create, copy, save, delete; and what a run of a draft would do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pipelines import states, templates
from pipelines.desk import TEMPLATE, Desk, text
from pipelines.document import Document, from_json, read
from pipelines.problem import Problem
from pipelines.states import PipelineRow
from pipelines.validation import problems
from storage.pipelines import StaleDraft


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


class Library(Desk):
    """Pipelines and their drafts."""

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
        """The read-only pipeline of a template. Raises DocumentError where there is no such template."""
        return self.open_pipeline(f"{TEMPLATE}{templates.get(slug).slug}")

    def new_pipeline(self, name: str = "Untitled pipeline") -> OpenPipeline:
        """An empty pipeline."""
        return self._create(Document(name=name))

    def import_document(self, content: bytes) -> OpenPipeline:
        """A pipeline from a saved file. Nothing in it is executed. Raises DocumentError."""
        return self._create(read(content))

    def pipeline_of_file(self, document: Document, mark: str) -> str:
        """The pipeline that runs of a file belong to, made on first use; its draft follows the file."""
        id = self._pipelines.create(document.name, text(document), id=f"file-{mark}")
        if self._row(id)["draft"] != text(document):
            self._pipelines.replace_draft(id, document.name, text(document))
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
        self._pipelines.replace_draft(id, document.name, text(document))

    def delete(self, id: str) -> None:
        """Remove a pipeline and its runs."""
        self._row(id)
        for run in self._runs.all(10_000, id):
            self._control.cancel(run["id"])
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
            self._pipelines.save_draft(id, epoch, rev, parsed.name, text(parsed))
        except StaleDraft as error:
            raise Conflict(error.epoch, error.rev) from error
        return problems(parsed, self.catalogue)

    def _create(self, document: Document, template: str | None = None) -> OpenPipeline:
        return self.open_pipeline(self._pipelines.create(document.name, text(document), template=template))
