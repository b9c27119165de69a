"""A fault in a page becomes a plain sentence; its traceback goes to the log."""

from __future__ import annotations

import logging

import streamlit as st

from nodes.errors import BlockError
from pipelines.problem import DocumentError
from pipelines.service import NotFound
from ui.words import plain

log = logging.getLogger("genloom.ui")


def show(error: Exception) -> bool:
    """Show the sentence. True says that nothing more is to be shown."""
    if isinstance(error, NotFound | DocumentError | BlockError):
        st.warning(plain(str(error), 2000), icon=":material/info:")
    else:
        log.error("A page failed", exc_info=error)
        st.error(
            "This page could not be shown. Nothing you made is lost. Reload the page; if it fails again, the log of "
            "the server says what happened.",
            icon=":material/error:",
        )
    return True
