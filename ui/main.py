"""The frame of all pages: navigation, style, and one place where faults become sentences."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui import faults
from ui.parts import use_style
from ui.session import say_now

ICON = str(Path(__file__).with_name("icon.png"))  # a named symbol would be fetched from another site

ABOUT = "**Genloom** builds, trains, scores and compares generative models. Everything stays on this machine."

# An entry of our own makes the menu appear, and with it the choice of light or dark.
st.set_page_config(page_title="Genloom", page_icon=ICON, layout="wide", menu_items={"About": ABOUT})
st.logo(ICON, size="large")
page = st.navigation(
    [
        st.Page("gallery.py", title="Gallery", icon=":material/grid_view:", default=True),
        st.Page("build.py", title="Build", icon=":material/graph_2:"),
        st.Page("runs.py", title="Runs", icon=":material/history:"),
    ],
    position="top",
)
use_style("style.css")
say_now()
try:
    page.run()
except Exception as error:
    faults.show(error)
