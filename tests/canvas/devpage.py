"""The page of the test server: a header, and the canvas below it."""

import streamlit as st

from canvas import canvas
from canvas.messages import CanvasData, OpenDocument
from tests.canvas.devserver import pipelines

st.set_page_config(page_title="Canvas", layout="wide", initial_sidebar_state="collapsed")
st.html("<style>.stMainBlockContainer { padding: 3.75rem 0 0 0 !important; }</style>")
wanted = st.query_params.get("pipeline", "chain-1")
row = pipelines.open(wanted)
result = canvas(CanvasData(doc=OpenDocument.model_validate(row), catalogue=pipelines.catalogue), key="canvas")
if result.opened and result.opened != wanted:
    st.query_params["pipeline"] = result.opened
