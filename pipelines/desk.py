"""What every part of the service stands on: the stores of a home, and how pipelines and runs are looked up."""

from __future__ import annotations

import json
from sqlite3 import Row

from nodes.catalogue import Catalogue
from pipelines import templates
from pipelines.document import Document, DocumentError
from pipelines.plan import Planner
from storage.control import Control
from storage.home import Home
from storage.pipelines import PipelineRows
from storage.runs import RunRows


class NotFound(Exception):
    """There is no such pipeline or run. Its text is a plain sentence."""


class Desk:
    """The stores of one home, and the blocks of this installation."""

    def __init__(self, home: Home, catalogue: Catalogue) -> None:
        self.home = home
        self.catalogue = catalogue
        self._pipelines = PipelineRows(home.database)
        self._runs = RunRows(home.database)
        self._control = Control(home.database)
        self._planner = Planner(catalogue, self._runs, home.artifacts)

    def _row(self, id: str) -> Row:
        """The row of a pipeline; that of a template is made, or brought up to date, when it is asked for."""
        if id.startswith(TEMPLATE):
            self._keep_template(id.removeprefix(TEMPLATE))
        row = self._pipelines.get(id)
        if row is None:
            raise NotFound("There is no such pipeline. It may have been deleted.")
        return row

    def _keep_template(self, slug: str) -> None:
        try:
            template = templates.get(slug)
        except DocumentError:
            return
        id, content = f"{TEMPLATE}{slug}", text(template.document)
        row = self._pipelines.get(id)
        if row is None:
            self._pipelines.create(template.title, content, template=slug, readonly=True, id=id)
        elif row["draft"] != content:
            self._pipelines.replace_draft(id, template.title, content)

    def _run(self, id_or_number: str | int) -> Row:
        row = self._runs.get(id_or_number)
        if row is None:
            raise NotFound("There is no such run. It may have been deleted with its pipeline.")
        return row


TEMPLATE = "template-"


def text(document: Document) -> str:
    """A document as it is stored."""
    return json.dumps(document.to_json(), ensure_ascii=False, allow_nan=False)
