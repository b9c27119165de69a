"""Small drawn pieces that several pages use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from ui import words
from ui.session import service

THUMB = 64


def use_style(name: str) -> None:
    """Add one of our own style sheets. They hold no foreign text."""
    st.html(Path(__file__).with_name(name))


def badge(status: str | None) -> None:
    """A run's or step's status: icon, word and colour."""
    shown = words.status(status)
    st.badge(shown.word, icon=shown.icon, color=shown.colour)  # type: ignore[arg-type]


def text(kind: str, key: str, body: str, longest: int = 600) -> None:
    """Foreign text as it is. `kind` is title, name, story or fine; it chooses the style."""
    with st.container(key=f"{kind}-{key}", gap=None):
        st.text(words.clean(words.shortened(body, longest)), width="stretch")


def picture(digest: str | None, key: str, kind: str = "picture", alt: str = "Sample pictures") -> None:
    """A stored picture in a frame of fixed size, or an empty frame."""
    path = service().picture(digest) if digest else None
    width: int | Literal["stretch"] = THUMB if kind == "thumb" else "stretch"
    with st.container(key=f"{kind}-{key}", gap=None, horizontal_alignment="center", width=width):
        if path is None:
            st.markdown(":gray[:material/image:]")
        else:
            st.image(str(path), width="stretch", alt=alt)


def empty(message: str, icon: str, key: str = "page") -> None:
    """What stands where there is nothing yet."""
    with st.container(border=True, key=f"empty-{key}", horizontal_alignment="center", gap="xsmall"):
        st.markdown(f":gray[{icon}]", width="content")
        st.markdown(f":gray[{message}]", width="content")


def open_build(pipeline: str) -> None:
    """Go to the canvas with this pipeline."""
    st.switch_page("build.py", query_params={"pipeline": pipeline})


def open_run(number: int) -> None:
    """Go to one run."""
    st.switch_page("runs.py", query_params={"run": str(number)})


def attempt(action: Callable[[], Any]) -> Any:
    """Do something that may be refused; a refusal is shown where we are. Returns None then."""
    from nodes.errors import BlockError
    from pipelines.problem import DocumentError
    from pipelines.service import NotFound

    try:
        return action()
    except (NotFound, DocumentError, BlockError) as refusal:
        st.warning(words.plain(str(refusal), 2000), icon=":material/info:")
        return None
