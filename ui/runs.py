"""The Runs page: every run, newest first; with ?run=N one run and all that it did."""

from __future__ import annotations

import streamlit as st

from pipelines.service import RunRow
from ui import one_run, words
from ui.parts import badge, empty, open_run, picture
from ui.session import service

MOST = 300
PAGE = 15
REFRESH = 1.5
WIDTHS = [0.7, 2.6, 1.1, 2.2, 1.3, 1.6]
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
    st.title("Runs", anchor=False)
    kind, pipeline = _filters()
    fresh = service().runs(MOST, pipeline)
    running = [run for run in fresh if run.status in words.ACTIVE]
    if kind in (ALL, "Running") and running:
        _running(pipeline, [run.id for run in running])
    ended = [
        run for run in fresh if run.status not in words.ACTIVE and (kind == ALL or run.status in KINDS[kind])
    ]
    if ended and kind != "Running":
        _list(ended)
    elif not running or kind not in (ALL, "Running"):
        nothing = "No run yet. Run a demo from the gallery." if kind == ALL else f"No run is {kind.lower()}."
        empty(nothing, ":material/history:")


def _filters() -> tuple[str, str | None]:
    """The chosen status and pipeline."""
    names: dict[str, str] = {}
    for run in service().runs(MOST):
        names.setdefault(run.pipeline, words.clean(words.shortened(run.pipeline_name, 80)))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kind = st.segmented_control("Status", list(KINDS), default=ALL, key="run status", required=True)
        pipeline = st.selectbox(
            "Pipeline", [None, *names], key="run pipeline", width=320,
            format_func=lambda id: "All pipelines" if id is None else names.get(id, id),
        )  # fmt: skip
    return kind or ALL, pipeline


@st.fragment(run_every=REFRESH)
def _running(pipeline: str | None, before: list[str]) -> None:
    """The runs that have not ended. When one ends, the whole page is told."""
    runs = [run for run in service().runs(MOST, pipeline) if run.status in words.ACTIVE]
    if [run.id for run in runs] != before:
        st.rerun()
    st.caption("In progress")
    with st.container(key="rows-running"):
        for run in runs:
            _row(run)


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
        with cells[0]:
            picture(run.picture, run.id, "thumb")
        with cells[1], st.container(gap="xxsmall"):
            label = f"**{run.number}** · {words.plain(run.pipeline_name, 70)}"
            if st.button(label, key=f"show {run.id}", type="tertiary"):
                open_run(run.number)
            st.caption(words.ago(run.started or run.created))
        with cells[2]:
            badge(run.status)
        with cells[3]:
            _score(run)
        cells[4].markdown(words.took(run.seconds))
        cells[5].markdown(steps_text(run))


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
