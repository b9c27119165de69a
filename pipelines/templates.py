"""The templates: pipelines with a story and stored results, one JSON file each in `pipelines/templates/`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.document import Document, DocumentError, Problem, from_json
from pipelines.problem import did_you_mean, listed

FOLDER = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Template:
    """A pipeline to start from: `seconds` is its stated cost, `expects` what a run should show.

    `results` is what an earlier run stored (see `pictures` in `folder`), or None where nothing is stored yet.
    """

    slug: str
    title: str
    family: str
    seconds: float
    story: str
    data: str
    hardware: str
    tags: tuple[str, ...]
    expects: tuple[str, ...]
    document: Document
    results: dict[str, Any] | None
    folder: Path

    def summary(self) -> dict[str, Any]:
        """What a list of templates shows, as plain JSON."""
        return {
            "slug": self.slug,
            "title": self.title,
            "family": self.family,
            "seconds": self.seconds,
            "story": self.story,
            "data": self.data,
            "hardware": self.hardware,
            "tags": list(self.tags),
            "expects": list(self.expects),
        }

    def picture(self, digest: str) -> Path | None:
        """The stored PNG of that hash, or None."""
        if not re.fullmatch(r"[0-9a-f]{8,64}", digest):
            return None
        path = self.folder / f"{digest}.png"
        return path if path.is_file() else None


def all_templates(folder: Path | None = None) -> list[Template]:
    """Every template, the quickest first."""
    found = [_read(path) for path in sorted((folder or FOLDER).glob("*.json"))]
    return sorted(found, key=lambda template: (template.seconds, template.slug))


def get(slug: str, folder: Path | None = None) -> Template:
    """The template of that slug.

    Raises:
        DocumentError: there is none; the message names the closest one.
    """
    known = {path.stem: path for path in sorted((folder or FOLDER).glob("*.json"))}
    if slug in known:
        return _read(known[slug])
    hint = did_you_mean(slug, known) or f" There are: {listed(known)}."
    raise DocumentError([Problem(f"There is no template “{slug}”.{hint}")])


def _read(path: Path) -> Template:
    content = json.loads(path.read_text(encoding="utf-8"))
    folder = path.with_suffix("")
    return Template(
        slug=content["slug"],
        title=content["title"],
        family=content["family"],
        seconds=content["seconds"],
        story=content["story"],
        data=content["data"],
        hardware=content["hardware"],
        tags=tuple(content["tags"]),
        expects=tuple(content["expects"]),
        document=from_json(content["document"]),
        results=_results(folder / "results.json"),
        folder=folder,
    )


def _results(path: Path) -> dict[str, Any] | None:
    """The stored results, or None where there are none or they cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    nodes = content.get("nodes") if isinstance(content, dict) else None
    return content if isinstance(nodes, dict) and all(isinstance(n, dict) for n in nodes.values()) else None
