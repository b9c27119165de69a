"""The Gallery page, where everyone starts: demos that carry their results, and the user's own pipelines."""

from __future__ import annotations

import streamlit as st

from pipelines.templates import Template, all_templates
from ui import mine, words
from ui.parts import attempt, empty, open_build, picture, text
from ui.session import request_done, request_id, service


def show() -> None:
    """Heading and search, the demos, then the user's own pipelines."""
    heading, search = st.columns([3, 2], vertical_alignment="bottom", gap="large")
    with heading, st.container(gap="xxsmall"):
        st.title("Build generative models by wiring blocks", anchor=False)
        st.markdown(":gray[Start from a demo: each runs for real on this machine, and you watch it learn.]")
    sought = search.text_input(
        "Search", placeholder="Search demos and pipelines", icon=":material/search:", label_visibility="collapsed",
        key="search", max_chars=100, live=True,
    )  # fmt: skip
    st.space("xsmall")
    found = [template for template in all_templates() if _matches(template, sought)]
    if found:
        with st.grid(3, min_column_width=290, gap="medium"):
            for template in found:
                _card(template)
    elif sought:
        empty("No demo matches. Try another word, such as “digits” or “diffusion”.", ":material/search_off:")
    st.space("small")
    mine.show(sought)


def _matches(template: Template, sought: str) -> bool:
    where = " ".join([template.title, template.family, template.story, template.data, *template.tags]).lower()
    return all(word in where for word in sought.lower().split())


def _card(template: Template) -> None:
    """One demo: its picture, what it does, what it costs, what it reaches."""
    slug, results = template.slug, template.results or {}
    with st.container(border=True, key=f"card-{slug}", height="stretch", gap="small"):
        picture(results.get("thumbnail"), slug, alt=f"Sample pictures of {template.title}")
        with st.container(horizontal=True, gap="xsmall"):
            st.badge(words.plain(template.family, 40), color="violet")
            st.badge(words.about(template.seconds), icon=":material/timer:", color="gray")
        text("title", slug, template.title, 120)
        text("story", slug, template.story)
        with st.container(key=f"fine-{slug}", gap="xxsmall", height="stretch", vertical_alignment="bottom"):
            _fact(":material/database:", template.data)
            _fact(":material/memory:", template.hardware)
            _expected(results)
        with st.container(horizontal=True, gap="small"):
            if st.button("Run demo", key=f"run {slug}", type="primary", icon=":material/play_arrow:"):
                _run(slug)
            if st.button("Open", key=f"open {slug}", icon=":material/open_in_full:"):
                open_build(service().open_template(slug).id)


def _fact(icon: str, fact: str) -> None:
    st.caption(f"{icon} {words.plain(fact, 160)}")


def _expected(results: dict[str, object]) -> None:
    """The score that the stored run reached, with its interval, beside that of real pictures."""
    scores = results.get("scores")
    best = words.best_score(scores) if isinstance(scores, list) else None
    if best is None:
        _fact(":material/target:", "No stored result yet: run it to see.")
        return
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption(
            f":material/target: **{words.plain(words.score_text(best))}**, real pictures {words.number(best['floor'])}",
            help=words.plain(best.get("meaning", ""), 400) or None,
        )


def _run(slug: str) -> None:
    """Start the demo and go to its canvas."""
    opened = service().open_template(slug)
    started = attempt(lambda: service().start_run(opened.id, request_id(slug)))
    if started is None:
        return
    request_done(slug)
    if started.problems:
        st.warning(words.plain("; ".join(problem.message for problem in started.problems), 1000))
        return
    open_build(opened.id)


if __name__ == "__main__":
    show()
