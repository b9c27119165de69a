"""One run: what it is, how far it is, and its steps. While it runs it refreshes by itself."""

from __future__ import annotations

import streamlit as st

from pipelines.service import NotFound, RunRow
from ui import controls, scores, step, words
from ui.parts import attempt, badge, empty, open_build, text
from ui.session import service

REFRESH = 1.0


def show(asked: str) -> None:
    """The run that the address names."""
    if st.button("All runs", icon=":material/arrow_back:", type="tertiary", key="back"):
        st.switch_page("runs.py")
    try:
        run = service().run(int(asked) if asked.isdecimal() else asked)
    except (NotFound, OverflowError):
        empty(f"There is no run {words.plain(asked, 40)} here.", ":material/search_off:")
        return
    _title(run)
    if run.status in words.ACTIVE:
        st.fragment(_body, run_every=REFRESH)(run.id, run.status, run.message)
    else:
        _body(run.id, run.status, run.message)


def _title(run: RunRow) -> None:
    """Number, pipeline and what can be done with it. Drawn anew when the run's status changes."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(gap="xxsmall", width="content"):
            st.title(f"Run {run.number}", anchor=False)
            text("fine", "pipeline", run.pipeline_name)
        with st.container(horizontal=True, gap="small", width="content"):
            controls.of_run(run)
            if st.button("Open pipeline", icon=":material/graph_2:", key="open"):
                open_build(run.pipeline)
            if st.button(
                "Open this version", icon=":material/content_copy:", key="version",
                help="Opens a copy of exactly what this run executed.",
            ):  # fmt: skip
                _open_version(run)


def _open_version(run: RunRow) -> None:
    made = attempt(lambda: service().copy(run.pipeline, service().run_document(run.id)))
    if made:
        open_build(made.id)


def _body(id: str, status: str, message: str) -> None:
    """Everything that changes while the run goes on. `status` and `message` are those that the title was drawn with."""
    run, was_active = service().run(id), status in words.ACTIVE
    if was_active and (run.status, run.message) != (status, message):
        st.rerun()
    steps = service().steps(id)
    reused = sum(one.status == "reused" for one in steps)
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        badge(run.status)
        facts = [
            f"{run.steps_done} of {words.count(run.steps_total, 'step')}",
            *([f"{reused} reused"] if reused else []),
            f"took {words.took(run.seconds)}" if not was_active else f"{words.took(run.seconds)} so far",
            f"started {words.ago(run.started)}" if run.started else f"waiting since {words.ago(run.created)}",
            f"version {run.version}",
            f"seed {run.seed}",
        ]
        st.markdown(f":gray[{words.plain(' · '.join(facts))}]")
    if was_active:
        st.progress(_fraction(run))
    if run.message:
        (st.error if run.status == "failed" else st.info)(words.plain(run.message, 2000))
    if run.scores:
        scores.show(run.scores, {one.node: one.title or one.node for one in steps})
    if not was_active:
        step.timeline(steps)
    st.subheader("Steps", anchor=False)
    for one in steps:
        step.show(one, run)


def _fraction(run: RunRow) -> float:
    """How far the run is, with the inner progress of its steps where it is the newest of its pipeline."""
    live = service().live(run.pipeline)["run"]
    if live and live["run"] == run.id:
        return min(1.0, max(0.0, float(live["fraction"])))
    return run.steps_done / run.steps_total if run.steps_total else 0.0
