"""`Service`: everything that pages, HTTP and the command line may do, in one object per process."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nodes import catalogue as blocks
from nodes.catalogue import Catalogue
from pipelines import templates
from pipelines.desk import NotFound
from pipelines.library import Conflict, Library, OpenPipeline
from pipelines.runs import Runs, Started
from pipelines.states import PipelineRow, RunRow, StepRow
from pipelines.uploads import Uploads
from storage.home import Home

__all__ = ["Conflict", "NotFound", "OpenPipeline", "PipelineRow", "RunRow", "Service", "Started", "StepRow"]


class Service(Library, Runs):
    """Pipelines, runs and files of one home. Safe to use from several threads."""

    def __init__(self, home: Home, catalogue: Catalogue) -> None:
        super().__init__(home, catalogue)
        self.uploads = Uploads(home)

    @classmethod
    def open(cls, root: Path | str | None = None) -> Service:
        """The service of a home, with every block this installation has."""
        return cls(Home.open(root), load_catalogue())

    def upload(self, name: str, chunks: Iterable[bytes]) -> dict[str, Any]:
        """Store an uploaded zip that arrives in pieces: `Uploaded`. Raises BlockError."""
        return self.uploads.add(name, chunks)

    def upload_folder(self, files: Iterable[tuple[str, Path]]) -> dict[str, Any]:
        """Store the files of a folder, with relative names, as one zip: `Uploaded`. Raises BlockError."""
        return self.uploads.add_folder(files)

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


def load_catalogue() -> Catalogue:
    """Every block of this installation, with those in the folder that GENLOOM_BLOCKS names."""
    folder = os.environ.get("GENLOOM_BLOCKS")
    return blocks.load(Path(folder).expanduser() if folder else None)
