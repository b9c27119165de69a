"""One step of a run: its line in the timeline, and inside it curves, pictures, scores, settings, log and error."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import altair as alt
import streamlit as st

from pipelines.service import RunRow, StepRow
from ui import words
from ui.parts import picture

STRIP = 8
OPEN = ("running", "failed")
MOST_LINES = 200


def show(step: StepRow, run: RunRow) -> None:
    """A line that opens. Its contents are made only while it is open."""
    shown = words.status(step.status)
    reason = f" · :gray[{words.plain(step.reason, 120)}]" if step.reason else ""
    took = f" · {words.took(step.seconds)}" if step.seconds is not None else ""
    label = f"**{words.plain(step.title or step.node, 80)}** · :{shown.colour}[{shown.word}]{took}{reason}"
    opens = step.status in OPEN or (bool(step.pictures) and run.status not in words.ACTIVE)
    line = st.expander(
        label, expanded=opens, icon=shown.icon, key=f"step {run.id} {step.node}", on_change="rerun"
    )
    if line.open:
        with line:
            _inside(step, f"{run.id}-{step.node}")


def _inside(step: StepRow, key: str) -> None:
    if step.error:
        st.error(words.plain(step.error, 4000), icon=":material/error:")
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
        scores(step.scores)
    _outputs(step, key)
    settings, log = st.columns(2, gap="large")
    with settings:
        _settings(step.params)
    with log:
        _log(step.log)


def _curves(curves: dict[str, list[list[float]]]) -> None:
    """A line chart per curve; curves of equal kind (loss, validation loss) share one."""
    for name, points in curves.items():
        st.caption(words.plain(name.replace("_", " ").capitalize(), 60))
        rows = [{"step": x, "value": y} for x, y in points]
        chart = (
            alt.Chart(alt.Data(values=rows))
            .mark_line(strokeWidth=2, interpolate="monotone")
            .encode(
                x=alt.X("step:Q", title="step", axis=alt.Axis(grid=False, tickCount=5)),
                y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4)),
                tooltip=[alt.Tooltip("step:Q", format=","), alt.Tooltip("value:Q", format=".4~g")],
            )
            .properties(height=170)
        )
        st.altair_chart(chart, alt=f"{name} over steps")


def _pictures(pictures: Sequence[dict[str, Any]], key: str) -> None:
    """The newest picture, or one of the earlier ones chosen by a slider."""
    last = len(pictures) - 1
    chosen = last
    if last > 0:
        st.caption(f"Pictures through time ({last + 1})")
        chosen = st.select_slider(
            "Moment", range(last + 1), value=last, key=f"moment {key}", label_visibility="collapsed",
            format_func=lambda index: f"step {pictures[index]['step']:,}",
        )  # fmt: skip
    shown = pictures[min(chosen, last)]
    picture(shown["hash"], f"{key}-large", "large", alt=str(shown["caption"] or "Sample pictures"))
    if shown["caption"]:
        st.caption(words.plain(shown["caption"]))
    if last > 1:
        some = sorted({round(index * last / (STRIP - 1)) for index in range(STRIP)})
        with st.container(horizontal=True, gap="xsmall", wrap=False):
            for index in some:
                with st.container(width=84, gap="xxsmall"):
                    picture(pictures[index]["hash"], f"{key}-{index}", "thumb")
                    st.caption(f"{pictures[index]['step']:,}")


def scores(rows: Sequence[dict[str, Any]]) -> None:
    """Scores as a table: the value with its interval, beside the same measure of real pictures."""
    st.subheader("Scores", anchor=False)
    table = [
        {
            "Score": words.score_name(row["name"]),
            "Of": str(row.get("subject", "model")),
            "Value": words.number(row["value"]),
            "95 % interval": words.interval(row),
            "Real pictures": words.number(row["floor"]),
            "Better": "lower ↓" if row.get("better", "lower") == "lower" else "higher ↑",
            "Samples": f"{row['n']:,}",
            "What it says": str(row.get("meaning", "")),
            "Features": str(row.get("features", "")),
        }
        for row in rows
    ]
    st.dataframe(
        table, hide_index=True, alt="Scores with intervals and the score of real pictures",
        column_config={"What it says": st.column_config.TextColumn(width="large")},
    )  # fmt: skip
    st.caption(
        "“Real pictures” is the score that real pictures get against other real pictures: no model can be expected "
        "to do better. Two models differ for sure only where their intervals do not overlap."
    )


def _outputs(step: StepRow, key: str) -> None:
    """What the step produced."""
    if not step.outputs:
        return
    st.caption("Results")
    for name, output in step.outputs.items():
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            if output.get("picture") and not step.pictures:
                picture(output["picture"]["hash"], f"{key}-{name}", "large")
            st.markdown(
                f":material/deployed_code: {words.plain(name, 60)} · :gray[{words.plain(output['summary'], 200)}]"
            )


def _settings(params: dict[str, Any]) -> None:
    if not params:
        return
    st.caption("Settings")
    rows = [{"Setting": name.replace("_", " "), "Value": _value(value)} for name, value in params.items()]
    st.dataframe(rows, hide_index=True, alt="Settings of this step")


def _value(value: Any) -> str:
    if isinstance(value, dict):
        given = {name: item for name, item in value.items() if item is not None}
        return ", ".join(f"{item:g} {name}" if isinstance(item, int | float) else f"{name}: {item}"
                         for name, item in given.items())  # fmt: skip
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _log(lines: Sequence[dict[str, Any]]) -> None:
    if not lines:
        return
    st.caption("Log" if len(lines) <= MOST_LINES else f"Log (the last {MOST_LINES} of {len(lines):,} lines)")
    content = "\n".join(str(line["text"]) for line in lines[-MOST_LINES:])
    st.code(words.clean(content), language=None, height=220 if len(lines) > 9 else "content", wrap_lines=True)
