"""The Build page: one pipeline on the canvas, which fills the window."""

from __future__ import annotations

import streamlit as st

from canvas import assets_folder, canvas
from canvas.messages import CanvasData, Document, OpenDocument
from pipelines.service import NotFound, OpenPipeline
from ui import words
from ui.parts import empty, open_build, use_style
from ui.session import catalogue, service

LAST = "last pipeline"


def show() -> None:
    """The canvas, mounted once and early, or a sentence where there is nothing to show."""
    use_style("style_build.css")
    place = st.container(key="canvas-place", gap=None)
    with place:
        if not bundle_is_built():
            _say("The canvas is not built yet. Run “make canvas” once, then reload this page.")
            return
        opened = _wanted()
        if opened is None:
            return
        st.session_state[LAST] = opened.id
        _follow(canvas(CanvasData(doc=_message(opened), catalogue=catalogue()), key="canvas").opened)


def bundle_is_built() -> bool:
    """Whether `make canvas` has made what the browser loads."""
    return (assets_folder() / "canvas.js").is_file()


def _wanted() -> OpenPipeline | None:
    """The pipeline in the address, else the one opened last, else the newest."""
    asked = st.query_params.get("pipeline")
    try:
        if asked:
            return service().open_pipeline(asked)
        chosen = st.session_state.get(LAST) or _newest()
        if chosen:
            st.query_params["pipeline"] = chosen
            return service().open_pipeline(chosen)
    except NotFound as missing:
        st.session_state.pop(LAST, None)
        _say(str(missing) or "There is no such pipeline here.")
        return None
    _say("Nothing is open. Choose a demo in the gallery, or start with an empty canvas.")
    return None


def _newest() -> str | None:
    rows = service().pipelines()
    return max(rows, key=lambda row: row.updated).id if rows else None


def _say(message: str) -> None:
    """A sentence in the middle, with the two ways on."""
    _, middle, _ = st.columns([1, 2, 1])
    with middle:
        st.space("large")
        empty(words.plain(message), ":material/graph_2:")
        with st.container(horizontal=True, horizontal_alignment="center"):
            if st.button("Open the gallery", icon=":material/grid_view:", type="primary"):
                st.switch_page("gallery.py")
            if bundle_is_built() and st.button("New pipeline", icon=":material/add:"):
                open_build(service().new_pipeline().id)


def _message(opened: OpenPipeline) -> OpenDocument:
    return OpenDocument(
        id=opened.id,
        epoch=opened.epoch,
        rev=opened.rev,
        readonly=opened.readonly,
        document=Document.model_validate(opened.document),
    )


def _follow(opened: str | None) -> None:
    """The canvas made a copy of a template and goes on with it: the address follows."""
    if opened and opened != st.query_params.get("pipeline"):
        st.session_state[LAST] = opened
        st.query_params["pipeline"] = opened
        st.rerun()


if __name__ == "__main__":
    show()
