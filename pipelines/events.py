"""What happens in runs, as events for other programs: read from the store by the number of the last change seen.

A feed holds no queue: it asks what changed since its number, and compares with what it told last. A reader that is
slow or away therefore misses steps on the way and never the present, and nothing grows for it.
"""

from __future__ import annotations

import json
from sqlite3 import Row
from typing import Any, NamedTuple

from pipelines import states
from pipelines.service import Service

ENDED = ("done", "failed", "cancelled")
_TRACES = (
    "SELECT t.*, r.number FROM {table} t JOIN runs r ON r.id = t.run WHERE t.changed > ? AND t.changed <= ?"
)


class Event(NamedTuple):
    """One event: run, step, progress, metric, score, picture or log; and what it says, as plain JSON."""

    kind: str
    data: dict[str, Any]


class Feed:
    """The events of one run, or of all runs, after the change `since`."""

    def __init__(self, service: Service, run: str | None = None, since: int | None = None) -> None:
        self._database = service.home.database
        self._run = service.run(run).id if run is not None else None
        newest = self._newest()
        known = since is not None and since <= newest  # a larger number is of another home
        self.since = since if since is not None and known else 0 if self._run else newest
        self.ended = False
        self._told: dict[tuple[str, ...], Any] = {}

    def read(self) -> list[Event]:
        """What is new since the last call. Afterwards `since` has moved on, and `ended` says that no more will come."""
        newest = self._newest()
        if newest == self.since:
            self.ended = self._has_ended()
            return []
        only, values = (
            ("", (self.since,)) if self._run is None else (" AND r.id = ?", (self.since, self._run))
        )
        runs = self._database.rows(
            f"SELECT r.* FROM runs r WHERE r.changed > ?{only} ORDER BY r.number", values
        )
        steps = self._database.rows(
            "SELECT s.*, r.number FROM steps s JOIN runs r ON r.id = s.run"
            f" WHERE s.changed > ?{only} ORDER BY r.number, s.position", values,
        )  # fmt: skip
        found = [event for row in runs if row["status"] not in ENDED for event in self._of_run(row)]
        found += [event for step in steps for event in self._of_step(step)]
        found += self._traces(only, newest)
        found += [event for row in runs if row["status"] in ENDED for event in self._of_run(row)]
        self.since = newest
        self.ended = self._has_ended()
        return found

    def _newest(self) -> int:
        row = self._database.row("SELECT value FROM counters WHERE name = 'change'")
        return int(row["value"]) if row is not None else 0

    def _has_ended(self) -> bool:
        """Whether the run of this feed has ended or is gone, and everything of it was told."""
        if self._run is None:
            return False
        row = self._database.row("SELECT status, changed FROM runs WHERE id = ?", (self._run,))
        return row is None or (row["status"] in ENDED and row["changed"] <= self.since)

    def _of_run(self, row: Row) -> list[Event]:
        said = {
            "run": row["id"], "number": row["number"], "pipeline": row["pipeline"], "status": row["status"],
            "message": states.asked(row) or row["message"] or "",
        }  # fmt: skip
        if not self._is_news(("run", row["id"]), said):
            return []
        return [Event("run", {**said, "seconds": states.worked(row)})]

    def _of_step(self, step: Row) -> list[Event]:
        where = {"run": step["run"], "number": step["number"], "node": step["node"]}
        state, key = states.node_state(step), (step["run"], step["node"])
        said = {name: state[name] for name in ("status", "reason", "attempt", "error", "outputs")}
        found = []
        if self._is_news(("step", *key), said):
            names = {"title": step["title"], "block": step["block"], "seconds": state["seconds"]}
            found.append(Event("step", {**where, **said, **names}))
        moved = {name: state[name] for name in ("fraction", "message", "seconds_left")}
        if step["status"] == "running" and self._is_news(("progress", *key), moved):
            found.append(Event("progress", {**where, **moved}))
        points = self._new_points(key, state["curves"])
        if points:
            found.append(Event("metric", {**where, "points": points}))
        if state["scores"] and self._is_news(("score", *key), state["scores"]):
            found.append(Event("score", {**where, "scores": state["scores"]}))
        return found

    def _new_points(self, key: tuple[str, ...], curves: dict[str, Any]) -> dict[str, Any]:
        """The points of each curve after the last one that was told."""
        found = {}
        for name, points in curves.items():
            last = self._told.get(("metric", *key, name), -1)
            news = [point for point in points if point[0] > last]
            if news:
                found[name] = news
                self._told["metric", *key, name] = news[-1][0]
        return found

    def _traces(self, only: str, newest: int) -> list[Event]:
        values = (self.since, newest, self._run) if only else (self.since, newest)
        order = f"{only} ORDER BY t.id"
        found = []
        for row in self._database.rows(_TRACES.format(table="pictures") + order, values):
            shown = {"hash": row["file"], **{n: row[n] for n in ("step", "caption", "width", "height")}}
            found.append(Event("picture", {**_where(row), **shown}))
        for row in self._database.rows(_TRACES.format(table="logs") + order, values):
            found.append(Event("log", {**_where(row), "time": row["time"], "text": row["text"]}))
        return found

    def _is_news(self, key: tuple[str, ...], said: Any) -> bool:
        if self._told.get(key) == said:
            return False
        self._told[key] = said
        return True


def _where(row: Row) -> dict[str, Any]:
    return {"run": row["run"], "number": row["number"], "node": row["node"]}


def as_text(events: list[Event], since: int) -> str:
    """Events as a browser's EventSource reads them. The last carries the number from which to go on."""
    lines = []
    for event in events:
        mark = f"id: {since}\n" if event is events[-1] else ""
        data = json.dumps(event.data, ensure_ascii=False, allow_nan=False)
        lines.append(f"event: {event.kind}\n{mark}data: {data}\n\n")
    return "".join(lines)
