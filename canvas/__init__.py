"""The node canvas: a Streamlit component that shows, edits and runs one pipeline. Imports nothing of ours.

The page calls `canvas(CanvasData(...))` once, early, at a fixed place. The app serves `assets_folder()` under
`canvas-assets/`. Everything else (saving, running, live state) goes by HTTP and WebSocket; see `messages.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from canvas.messages import CanvasData, Catalogue

__all__ = ["ASSETS_ROUTE", "assets_folder", "bundle_version", "canvas", "catalogue_message"]

ASSETS_ROUTE = "canvas-assets"

# A comment and an import: Streamlit takes text without an inner line break for a file name.
_LOADER = """// loads the canvas from the app's own route
export default async (args) => (await import(new URL("{url}", document.baseURI).href)).default(args);
"""


class CanvasNotBuilt(RuntimeError):
    """The bundle is missing. Set-up builds it."""


def assets_folder() -> Path:
    """The folder that holds canvas.js, to be served under `canvas-assets/`. It may not exist before set-up."""
    return Path(__file__).parent / "frontend" / "dist"


def bundle_version() -> str:
    """The version of the built bundle; it changes when the sources do.

    Raises:
        CanvasNotBuilt: set-up has not built the bundle.
    """
    try:
        return (assets_folder() / "version.txt").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise CanvasNotBuilt("The canvas is not built yet. Run: python -m canvas.build") from None


def catalogue_message(description: dict[str, Any]) -> Catalogue:
    """What `Catalogue.describe()` of the blocks gives, as a message with a version that changes when it does."""
    from canvas.messages import Catalogue

    text = json.dumps(description, sort_keys=True, allow_nan=False)
    return Catalogue.model_validate(
        {"version": hashlib.sha256(text.encode()).hexdigest()[:16], **description}
    )


def canvas(
    data: CanvasData,
    *,
    key: str = "canvas",
    height: int | None = None,
    on_opened_change: Callable[[], None] | None = None,
) -> Any:
    """Show the canvas. Call it once per run of the page, always at the same place and before slow work.

    Args:
        data: the pipeline to show, the catalogue, and where the API stands.
        key: identifies the component; while it stays, the canvas keeps its state.
        height: pixels; None fills the window below the canvas's top edge.
        on_opened_change: called after a template was copied; `result.opened` is the id of the copy for that run.
    """
    import streamlit

    loader = _LOADER.format(url=f"{ASSETS_ROUTE}/canvas.js?v={bundle_version()}")
    # Declared in every run: Streamlit keeps declarations per name, and a new bundle needs a new loader.
    component = streamlit.components.v2.component("genloom_canvas", js=loader)
    plain = json.loads(json.dumps(data.model_dump(mode="json", by_alias=True), allow_nan=False))
    plain["height"] = height
    return component(key=key, data=plain, on_opened_change=on_opened_change or _nothing)


def _nothing() -> None:
    """`result.opened` is only present where a callback is given."""
