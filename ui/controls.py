"""Buttons that act on runs, on steps and on the queue. Each says in a short message what happens next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pipelines.service import RunRow, StepRow
from ui import words
from ui.parts import attempt
from ui.session import say_next, service

LEARNS = ("train.", "fine_tune.")


def of_run(run: RunRow, kind: str = "secondary") -> None:
    """What can be done with a run now. `kind` is the look of the buttons."""
    if run.message in ("pausing", "cancelling"):
        st.markdown(f":gray[{run.message.capitalize()}…]", width="content")
    if run.status in ("queued", "running") and not run.message:
        _button("Pause", "pause", run, kind, "Save what was learned and leave the device to other runs.",
                lambda: service().pause(run.id), f"Run {run.number} pauses.")  # fmt: skip
    if run.status == "paused":
        _button("Resume", "play_arrow", run, kind, "Go on where the run was paused.",
                lambda: service().resume(run.id), f"Run {run.number} goes on.")  # fmt: skip
    if run.status in words.ACTIVE and run.message != "cancelling":
        _button("Cancel", "stop_circle", run, kind, "End this run. Finished blocks keep their results.",
                lambda: service().cancel(run.id), f"Run {run.number} ends at its next step.")  # fmt: skip
    if run.status in ("failed", "cancelled"):
        _button("Retry", "replay", run, kind, "Continue where the run ended. Finished blocks keep their results.",
                lambda: service().retry(run.id), f"Run {run.number} goes on where it ended.")  # fmt: skip


def of_place(run: RunRow, at: int, waiting: int) -> None:
    """Move a waiting run in the queue: it stands at place `at` of `waiting`."""
    for label, icon, to, enabled in (
        ("First", "vertical_align_top", "first", at > 0),
        ("Up", "arrow_upward", "up", at > 0),
        ("Down", "arrow_downward", "down", at < waiting - 1),
    ):
        if st.button(
            label, icon=f":material/{icon}:", key=f"{to} {run.id}", type="tertiary", disabled=not enabled,
            help=f"Move run {run.number} in the queue.",
        ):  # fmt: skip
            _do(lambda to=to: service().move(run.id, to))  # type: ignore[misc]


def of_step(step: StepRow, run: RunRow) -> None:
    """What can be done with a training that runs."""
    if step.status != "running" or not step.block.startswith(LEARNS):
        return
    title = step.title or step.node
    with st.container(horizontal=True, gap="small"):
        if st.button(
            "Stop early", icon=":material/flag:", key=f"stop {step.node}",
            help="Finish the training now and keep what it has learned. The run goes on.",
        ):  # fmt: skip
            _do(
                lambda: service().stop_early(run.id, step.node),
                f"{title} finishes now and keeps what it has learned.",
            )
        if st.button(
            "Save now", icon=":material/save:", key=f"save {step.node}",
            help="Save the state of the training now. It goes on.",
        ):  # fmt: skip
            _do(lambda: service().save_now(run.id, step.node), f"{title} saves its state and goes on.")


def of_list(active: int, ended: int) -> None:
    """Cancel all and clear, each after a question."""
    with st.container(horizontal=True, gap="small", width="content"):
        if active:
            with st.popover("Cancel all", icon=":material/stop_circle:"):
                st.markdown(f"End {words.count(active, 'run')}? Finished blocks keep their results.")
                if st.button("End them", type="primary", key="cancel all"):
                    _do(service().cancel_all, "All runs end at their next step.")
        if ended:
            with st.popover("Clear", icon=":material/playlist_remove:"):
                st.markdown(
                    f"Remove {words.count(ended, 'ended run')} with log and curves from the list?"
                    " Results stay in the store and are reused."
                )
                if st.button("Remove them", type="primary", key="clear ended"):
                    _do(service().clear, "Ended runs were removed.")


def _button(
    label: str, icon: str, run: RunRow, kind: str, help: str, act: Callable[[], Any], said: str
) -> None:
    key = f"{label.lower()} {run.id}"
    if st.button(label, icon=f":material/{icon}:", key=key, type=kind, help=help):  # type: ignore[arg-type]
        _do(act, said)


def _do(act: Callable[[], Any], said: str = "") -> None:
    """Act and show the page anew; a refusal stays where the button is."""
    if attempt(lambda: (act(),)) is not None:
        if said:
            say_next(said)
        st.rerun()
