"""What the pages share: the one service of this process, and what a browser session remembers."""

from __future__ import annotations

import functools
import os
import threading
from uuid import uuid4

import streamlit as st

from canvas import catalogue_message
from canvas.messages import Catalogue
from pipelines.service import Service

_LOCK = threading.Lock()


def service() -> Service:
    """The service of this process: the pages and the HTTP routes use the same object."""
    with _LOCK:
        return _service(os.environ.get("GENLOOM_HOME", ""))


@functools.lru_cache(maxsize=4)
def _service(home: str) -> Service:
    return Service.open(home or None)


def catalogue() -> Catalogue:
    """All blocks, as the canvas reads them."""
    return _catalogue(service())


@functools.lru_cache(maxsize=1)
def _catalogue(of: Service) -> Catalogue:
    return catalogue_message(of.catalogue.describe())


def request_id(action: str) -> str:
    """The id of the next run that `action` starts. Pressing twice gives the same id, so it starts one run."""
    return str(st.session_state.setdefault(f"request {action}", uuid4().hex))


def request_done(action: str) -> None:
    """The run of `request_id(action)` was started; the next press is a new wish."""
    st.session_state.pop(f"request {action}", None)


def say_next(message: str, icon: str = ":material/check:") -> None:
    """Show a short message after the next change of page, which would otherwise sweep it away."""
    st.session_state["say next"] = (message, icon)


def say_now() -> None:
    """Show what `say_next` kept."""
    kept = st.session_state.pop("say next", None)
    if kept:
        st.toast(kept[0], icon=kept[1])
