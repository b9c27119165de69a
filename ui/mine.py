"""The user's own pipelines on the gallery page: open, rename, duplicate, export, delete, new, import."""

from __future__ import annotations

import json

import streamlit as st

from pipelines.service import PipelineRow
from ui import words
from ui.parts import attempt, badge, empty, open_build, open_run, picture, text
from ui.session import say_next, service

MENU = {
    "Rename": ":material/edit:",
    "Duplicate": ":material/content_copy:",
    "Save as file": ":material/download:",
    "Delete": ":material/delete:",
}
LONGEST_NAME = 200
FIRST = 12


def show(sought: str) -> None:
    """Heading with its buttons, and a card for each pipeline that matches."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Your pipelines", anchor=False, width="content")
        with st.container(horizontal=True, width="content", gap="small"):
            if st.button("Import file", icon=":material/upload_file:", key="import"):
                _import()
            if st.button("New pipeline", icon=":material/add:", key="new"):
                open_build(service().new_pipeline().id)
    rows = [row for row in service().pipelines() if sought.lower().strip() in row.name.lower()]
    if not rows:
        message = (
            "None of your pipelines matches."
            if sought
            else "Nothing here yet. Open a demo and change it: it becomes yours."
        )
        empty(message, ":material/folder_open:", "mine")
        return
    shown = rows if st.session_state.get("all mine") else rows[:FIRST]
    with st.grid(3, min_column_width=290, gap="medium"):
        for row in shown:
            _card(row)
    if len(shown) < len(rows) and st.button(f"Show all {len(rows)}", key="more mine"):
        st.session_state["all mine"] = True
        st.rerun()


def _card(row: PipelineRow) -> None:
    with st.container(border=True, key=f"card-{row.id}", height="stretch", gap="small"):
        with st.container(horizontal=True, gap="small", vertical_alignment="top"):
            picture(row.picture, row.id, "thumb")
            with st.container(gap="xxsmall", width="stretch"):
                text("name", row.id, row.name, 300)
                st.caption(f"Edited {words.ago(row.updated)} · {words.count(row.runs, 'run')}")
        with st.container(
            horizontal=True, gap="small", vertical_alignment="bottom", height="stretch",
            horizontal_alignment="distribute",
        ):  # fmt: skip
            _last_run(row)
            with st.container(horizontal=True, gap="xsmall", width="content"):
                if st.button("Open", key=f"open {row.id}"):
                    open_build(row.id)
                chosen = st.menu_button(
                    "", list(MENU), key=f"menu {row.id}", icon=":material/more_horiz:", type="tertiary",
                    format_func=lambda name: f"{MENU[name]} {name}", help="More",
                )  # fmt: skip
        if chosen:
            _act(chosen, row)


def _last_run(row: PipelineRow) -> None:
    if row.last_number is None:
        st.badge("Not run", icon=words.status("idle").icon, color="gray")
        return
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", width="content"):
        badge(row.last_status)
        if st.button(f"Run {row.last_number}", key=f"last {row.id}", type="tertiary"):
            open_run(row.last_number)


def _act(chosen: str, row: PipelineRow) -> None:
    if chosen == "Rename":
        _rename(row)
    elif chosen == "Duplicate":
        made = attempt(lambda: service().copy(row.id))
        if made:
            say_next("Duplicated.")
            st.rerun()
    elif chosen == "Save as file":
        _export(row)
    elif chosen == "Delete":
        _delete(row)


@st.dialog("Rename pipeline", icon=":material/edit:")
def _rename(row: PipelineRow) -> None:
    with st.form("rename", border=False):
        name = st.text_input("Name", value=row.name, max_chars=LONGEST_NAME)
        if st.form_submit_button("Rename", type="primary"):
            if not name.strip():
                st.warning("A pipeline needs a name.", icon=":material/info:")
            elif attempt(lambda: _renamed(row.id, name.strip())):
                st.rerun()


def _renamed(id: str, name: str) -> bool:
    service().rename(id, name)
    return True


@st.dialog("Save as file", icon=":material/download:")
def _export(row: PipelineRow) -> None:
    st.write("The file holds blocks, wires and settings; no data and no results. Import it on any Genloom.")
    opened = attempt(lambda: service().open_pipeline(row.id))
    if opened:
        content = json.dumps(opened.document, indent=2, ensure_ascii=False)
        st.download_button(
            "Save", content, file_name=_file_name(row.name), mime="application/json", type="primary",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip


@st.dialog("Delete pipeline", icon=":material/delete:")
def _delete(row: PipelineRow) -> None:
    st.write("This pipeline and its runs will be removed. This cannot be undone.")
    text("name", f"delete-{row.id}", row.name)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it", key="keep"):
            st.rerun()
        if st.button("Delete", type="primary", icon=":material/delete:", key="delete"):
            attempt(lambda: service().delete(row.id))
            say_next("Deleted.")
            st.rerun()


@st.dialog("Import a pipeline", icon=":material/upload_file:")
def _import() -> None:
    st.write("Choose a pipeline saved as a file (.json). Opening it runs nothing.")
    file = st.file_uploader("Pipeline file", type=["json"], label_visibility="collapsed")
    if file is not None:
        content = file.getvalue()
        made = attempt(lambda: service().import_document(content))
        if made:
            open_build(made.id)


def _file_name(name: str) -> str:
    """A name that every file system takes."""
    kept = "".join(letter if letter.isalnum() or letter in "-_ " else " " for letter in words.clean(name))
    return ("-".join(kept.split())[:80] or "pipeline") + ".json"
