"""The Runs page: every run, newest first; with ?run=N one run and all that it did."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pipelines.service import RunRow
from ui import controls, one_run, words
from ui.parts import badge, empty, open_run, picture
from ui.session import service

MOST = 300
PAGE = 15
REFRESH = 1.5
WIDTHS = [0.7, 2.6, 1.1, 2.2, 1.3, 1.6]
ACTIVE_WIDTHS = [0.7, 2.6, 1.1, 0.9, 0.9, 3.3]
ALL = "All"
KINDS = {
    ALL: (),
    "Running": words.ACTIVE,
    "Done": ("done",),
    "Failed": ("failed",),
    "Cancelled": ("cancelled",),
}


def show() -> None:
    """One run where the address names it, else the list."""
    asked = st.query_params.get("run")
    if asked:
        one_run.show(asked)
        return
    known = service().runs(MOST)
    active = sum(run.status in words.ACTIVE for run in known)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Runs", anchor=False)
        controls.of_list(active, len(known) - active)
    kind, pipeline = _filters(known)
    fresh = service().runs(MOST, pipeline)
    running = [run for run in fresh if run.status in words.ACTIVE]
    if kind in (ALL, "Running") and running:
        _running(pipeline, _drawn(running))
    ended = [
        run for run in fresh if run.status not in words.ACTIVE and (kind == ALL or run.status in KINDS[kind])
    ]
    if ended and kind != "Running":
        _list(ended)
    elif not running or kind not in (ALL, "Running"):
        nothing = "No run yet. Run a demo from the gallery." if kind == ALL else f"No run is {kind.lower()}."
        empty(nothing, ":material/history:")


def _filters(known: list[RunRow]) -> tuple[str, str | None]:
    """The chosen status and pipeline."""
    names: dict[str, str] = {}
    for run in known:
        names.setdefault(run.pipeline, words.clean(words.shortened(run.pipeline_name, 80)))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kind = st.segmented_control("Status", list(KINDS), default=ALL, key="run status", required=True)
        pipeline = st.selectbox(
            "Pipeline", [None, *names], key="run pipeline", width=320,
            format_func=lambda id: "All pipelines" if id is None else names.get(id, id),
        )  # fmt: skip
    return kind or ALL, pipeline


@st.fragment(run_every=REFRESH)
def _running(pipeline: str | None, before: list[tuple[str, str]]) -> None:
    """The runs that have not ended, and the queue of those that wait. When one ends, the whole page is told."""
    runs = [run for run in service().runs(MOST, pipeline) if run.status in words.ACTIVE]
    if _drawn(runs) != before:
        st.rerun()
    begun = [run for run in runs if run.status != "queued"]
    if begun:
        st.caption("In progress")
        with st.container(key="rows-running"):
            for run in begun:
                _active_row(run)
    queue = service().queue()
    shown = [(at, run) for at, run in enumerate(queue) if pipeline in (None, run.pipeline)]
    if shown:
        st.caption("Waiting, in this order")
        with st.container(key="rows-waiting"):
            for at, run in shown:
                _active_row(run, at, len(queue))


def _drawn(runs: list[RunRow]) -> list[tuple[str, str]]:
    """What decides how the page is divided."""
    return [(run.id, run.status) for run in runs]


def _active_row(run: RunRow, at: int = 0, waiting: int = 1) -> None:
    """A run that has not ended, with what can be done with it."""
    with st.container(key=f"row-{run.id}"):
        cells = st.columns(ACTIVE_WIDTHS, gap="small", vertical_alignment="center")
        _name(run, cells)
        cells[3].markdown(words.took(run.seconds))
        cells[4].markdown(steps_text(run))
        with cells[5], st.container(horizontal=True, gap="small", horizontal_alignment="right"):
            if waiting > 1:
                controls.of_place(run, at, waiting)
            controls.of_run(run, "tertiary")


def _list(runs: list[RunRow]) -> None:
    """Ended runs, a page at a time."""
    shown = runs[: st.session_state.get("runs shown", PAGE)]
    st.space("xsmall")
    with st.container(key="rows-ended"):
        _head()
        for run in shown:
            _row(run)
    if len(shown) < len(runs) and st.button("Show more", key="more runs", icon=":material/expand_more:"):
        st.session_state["runs shown"] = len(shown) + PAGE
        st.rerun()


def _head() -> None:
    titles = ("", "Run", "Status", "Score", "Took", "Steps")
    for column, title in zip(st.columns(WIDTHS, gap="small"), titles, strict=True):
        column.caption(title)


def _row(run: RunRow) -> None:
    with st.container(key=f"row-{run.id}"):
        cells = st.columns(WIDTHS, gap="small", vertical_alignment="center")
        _name(run, cells)
        with cells[3]:
            _score(run)
        cells[4].markdown(words.took(run.seconds))
        cells[5].markdown(steps_text(run))


def _name(run: RunRow, cells: Sequence[DeltaGenerator]) -> None:
    """Picture, number, pipeline and status, in the first three cells of a row."""
    with cells[0]:
        picture(run.picture, run.id, "thumb")
    with cells[1], st.container(gap="xxsmall"):
        label = f"**{run.number}** · {words.plain(run.pipeline_name, 70)}"
        if st.button(label, key=f"show {run.id}", type="tertiary"):
            open_run(run.number)
        st.caption(words.ago(run.started or run.created))
    with cells[2]:
        badge(run.status)


def _score(run: RunRow) -> None:
    best = words.best_score(run.scores)
    if best is None:
        st.markdown(":gray[–]")
        return
    name, value = words.plain(words.score_name(str(best["name"]))), words.number(best["value"])
    beside = words.plain(f"{words.interval(best)} · real {words.number(best['floor'])}")
    st.markdown(f"{name} **{value}**  \n:small[:gray[{beside}]]")


def steps_text(run: RunRow) -> str:
    """How many steps are done, and how many of these were reused."""
    done = f"{run.steps_done} of {run.steps_total}"
    reused = 0 if run.status in words.ACTIVE else _reused(run.id)
    return done + (f" :gray[({reused} reused)]" if reused else "")


@st.cache_data(max_entries=2000, show_spinner=False)
def _reused(run: str) -> int:
    """How many steps of an ended run were reused; it never changes."""
    return sum(step.status == "reused" for step in service().steps(run))


if __name__ == "__main__":
    show()
