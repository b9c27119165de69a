"""Scores as a table: the model with its interval, beside a simple baseline and real pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from ui import words

FIRST = ["Of", "Score", "Model", "Baseline", "Real pictures", "Better"]
LAST = ["Samples"]


def show(rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> None:
    """One line per score; `titles` names the nodes, for runs that score several models."""
    st.subheader("Scores", anchor=False)
    st.dataframe(
        table(rows, titles), hide_index=True, alt="Scores of the model, the baseline and real pictures"
    )
    st.caption(_explained(rows))


def _explained(rows: Sequence[Mapping[str, Any]]) -> str:
    """What each score says and how to read the table, as markdown."""
    meanings: dict[str, str] = {}
    for row in rows:
        said, features = words.plain(row.get("meaning", ""), 400), words.plain(row.get("features", ""), 120)
        name = words.plain(words.score_name(str(row["name"])))
        meanings.setdefault(name, f"**{name}** {said}" + (f" Measured on: {features}." if features else ""))
    subjects = (str(row.get("subject", "")) for row in rows)
    baseline = next((name for name in subjects if name.startswith("baseline:")), "").partition(":")[2].strip()
    lines = [
        "In brackets the 95 % interval: where the intervals of two models do not overlap, they clearly differ. **Real "
        "pictures** is what real pictures get in place of the model's; a perfect model would get about that."
        + (f" **Baseline**: a {words.plain(baseline, 120)}, fitted in a moment." if baseline else ""),
        *meanings.values(),
    ]
    return "  \n".join(lines)


def table(rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> list[dict[str, str]]:
    """The lines of the table, as text."""
    several = len({row.get("node") for row in rows}) > 1
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        node = str(row.get("node", ""))
        line = lines.setdefault(
            (node, str(row["name"])), _line(row, titles.get(node, node) if several else "")
        )
        column = _column(str(row.get("subject", "model")))
        line[column] = f"{words.number(row['value'])} ({words.interval(row)})"
        if column == "Model":
            line["Real pictures"] = words.number(row["floor"])
    seen = {column for line in lines.values() for column in line}
    order = [name for name in [*FIRST, *sorted(seen - {*FIRST, *LAST}), *LAST] if name in seen]
    return [{column: line.get(column, "–") for column in order} for line in lines.values()]


def _column(subject: str) -> str:
    if subject == "model":
        return "Model"
    return "Baseline" if subject.startswith("baseline") else words.shortened(subject, 60)


def _line(row: Mapping[str, Any], title: str) -> dict[str, str]:
    of = {"Of": words.shortened(title, 80)} if title else {}
    return {
        **of,
        "Score": words.score_name(str(row["name"])),
        "Real pictures": words.number(row["floor"]),
        "Better": "lower ↓" if row.get("better", "lower") == "lower" else "higher ↑",
        "Samples": f"{row['n']:,}",
    }
