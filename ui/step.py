"""One step of a run: its line in the timeline, and inside it curves, pictures, scores, settings, log and error."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import altair as alt
import streamlit as st

from pipelines.service import RunRow, StepRow
from ui import controls, words
from ui.parts import picture
from ui.scores import show as show_scores
from ui.session import service

STRIP = 6
OPEN = ("running", "failed")
MOST_LINES = 200


def show(step: StepRow, run: RunRow) -> None:
    """A line that opens. Its contents are made only while it is open."""
    shown = words.status(step.status)
    reason = f" · :gray[{words.plain(step.reason, 120)}]" if step.reason else ""
    took = f" · {words.took(step.seconds)}" if step.seconds is not None and step.status != "reused" else ""
    label = f"**{words.plain(step.title or step.node, 80)}** · :{shown.colour}[{shown.word}]{took}{reason}"
    opens = step.status in OPEN or bool(step.pictures)
    line = st.expander(
        label, expanded=opens, icon=shown.icon, key=f"step {run.id} {step.node} {opens}", on_change="rerun"
    )
    if line.open:
        with line:
            _inside(step, run, f"{run.id}-{step.node}")


def _inside(step: StepRow, run: RunRow, key: str) -> None:
    if step.error:
        st.error(words.plain(step.error, 4000), icon=":material/error:")
    controls.of_step(step, run)
    if step.message:
        st.caption(words.plain(step.message))
    if step.attempt > 1:
        st.caption(
            f"Attempt {step.attempt}: an earlier worker was lost; this one went on from its checkpoint."
        )
    curves = {name: points for name, points in step.curves.items() if len(points) > 1}
    if curves and step.pictures:
        left, right = st.columns([1, 1], gap="large")
        with left:
            _curves(curves)
        with right:
            _pictures(step.pictures, key)
    elif curves:
        _curves(curves)
    elif step.pictures:
        _pictures(step.pictures, key)
    if step.scores and not step.outputs:
        show_scores(step.scores, {})
    _outputs(step, key)
    settings, log = st.columns(2, gap="large")
    with settings:
        _settings(step)
    with log:
        _log(step.log)


def _curves(curves: dict[str, list[list[float]]]) -> None:
    """One small line chart per curve."""
    with st.grid(2, min_column_width=230, gap="small") as grid:
        for name, points in curves.items():
            with grid.cell(), st.container(gap="xxsmall"):
                latest = words.number(points[-1][1])
                st.caption(f"{words.plain(words.score_name(name), 60)} · **{latest}**")
                st.altair_chart(_line(points), alt=f"{name} over steps, now {latest}")


def _line(points: list[list[float]]) -> alt.Chart:
    rows = [{"step": x, "value": y} for x, y in points]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("step:Q", title=None, axis=alt.Axis(grid=False, tickCount=4, format="~s")),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4)),
            tooltip=[alt.Tooltip("step:Q", format=","), alt.Tooltip("value:Q", format=".4~g")],
        )
        .properties(height=130)
    )


def timeline(steps: Sequence[StepRow]) -> None:
    """Where the time went: one bar, a piece for each step that took a noticeable part."""
    spent = [(one.title or one.node, one.seconds) for one in steps if one.seconds]
    total = sum(seconds for _, seconds in spent)
    if total < 1 or len(spent) < 2:
        return
    rows = [{"step": words.clean(words.shortened(name, 60)), "seconds": s, "order": i, "took": words.took(s)}
            for i, (name, s) in enumerate(spent)]  # fmt: skip
    seconds = alt.Axis(grid=False, tickCount=5, format="~s", labelExpr="datum.label + ' s'")
    legend = alt.Legend(orient="bottom", title=None, columns=4, symbolType="square")
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(height=16, cornerRadius=3)
        .encode(
            x=alt.X("seconds:Q", stack="zero", title=None, axis=seconds),
            color=alt.Color("step:N", sort=[str(row["step"]) for row in rows], legend=legend),
            order="order:Q",
            tooltip=[alt.Tooltip("step:N", title="Step"), alt.Tooltip("took:N", title="Took")],
        )
        .properties(height=110)
    )
    st.caption("Where the time went")
    st.altair_chart(chart, alt="Seconds per step")


def _pictures(pictures: Sequence[dict[str, Any]], key: str) -> None:
    """The newest picture, or one of the earlier ones chosen by a slider."""
    last = len(pictures) - 1
    chosen = _moment(pictures, key) if last > 0 else last
    shown = pictures[chosen]
    picture(shown["hash"], f"{key}-large", "large", alt=str(shown["caption"] or "Sample pictures"))
    if shown["caption"]:
        st.caption(words.plain(shown["caption"]))
    if last > 1:
        some = sorted({round(index * last / (STRIP - 1)) for index in range(STRIP)})
        with st.container(horizontal=True, gap="xsmall", wrap=False):
            for index in some:
                with st.container(width=72, gap="xxsmall"):
                    picture(pictures[index]["hash"], f"{key}-{index}", "strip")
                    st.caption(f"{pictures[index]['step']:,}")


def _moment(pictures: Sequence[dict[str, Any]], key: str) -> int:
    """The picture chosen by a slider, which follows the newest one until it is moved back."""
    last, held = len(pictures) - 1, f"held moment {key}"
    widget = f"moment {key} {last}"  # a new picture makes a new slider, at the place that is held

    def hold() -> None:
        moved = st.session_state[widget]
        st.session_state[held] = moved if moved < last else None

    labels = [f"step {one['step']:,}" for one in pictures]
    labels = [
        name if labels.count(name) == 1 else f"{name}, picture {index + 1}"
        for index, name in enumerate(labels)
    ]
    st.caption(f"Pictures through time ({last + 1})")
    place = st.session_state.get(held)
    chosen = st.select_slider(
        "Moment", range(last + 1), value=last if place is None else min(place, last), key=widget,
        label_visibility="collapsed", on_change=hold, format_func=labels.__getitem__,
    )  # fmt: skip
    return int(chosen)


def _outputs(step: StepRow, key: str) -> None:
    """What the step produced."""
    if not step.outputs:
        return
    st.caption("Results")
    for name, output in step.outputs.items():
        st.markdown(
            f":material/deployed_code: {words.plain(name, 60)} · :gray[{words.plain(output['summary'], 200)}]"
        )
        if output.get("picture") and not step.pictures:
            picture(output["picture"]["hash"], f"{key}-{name}", "result")


def _settings(step: StepRow) -> None:
    if not step.params:
        return
    st.caption("Settings")
    spec = service().catalogue.get(step.block)
    titles = {field["name"]: str(field["title"]) for field in spec.describe()["fields"]} if spec else {}
    rows = [
        {"Setting": titles.get(name, name), "Value": _value(value)} for name, value in step.params.items()
    ]
    st.dataframe(rows, hide_index=True, alt="Settings of this step")


def _value(value: Any) -> str:
    if isinstance(value, dict):
        given = {name: item for name, item in value.items() if item is not None}
        return ", ".join(
            f"{item:g} {name}" if isinstance(item, int | float) else f"{name}: {item}"
            for name, item in given.items()
        )
    if value is None or isinstance(value, bool):
        return {None: "–", True: "yes", False: "no"}[value]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _log(lines: Sequence[dict[str, Any]]) -> None:
    if not lines:
        return
    st.caption("Log" if len(lines) <= MOST_LINES else f"Log (the last {MOST_LINES} of {len(lines):,} lines)")
    content = "\n".join(str(line["text"]) for line in lines[-MOST_LINES:])
    st.code(words.clean(content), language=None, height=220 if len(lines) > 9 else "content", wrap_lines=True)
