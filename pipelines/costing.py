"""The command `cost`: what a run would take, as words or as one JSON value."""

from __future__ import annotations

import json

from pipelines.costs import Cost, StepCost
from pipelines.document import Document
from pipelines.service import Service
from pipelines.uploads import with_local_files

WORDS = {
    "measured": "measured here before",
    "similar": "from a similar step measured here",
    "budget": "its budget",
    "unknown": "unknown until it has run once",
    "reused": "reused",
}


def show(service: Service, document: Document, *, as_json: bool) -> int:
    """Print what a run of a document would take. Raises DocumentError where it cannot run."""
    cost = service.cost(with_local_files(document, service.catalogue, service.uploads))
    if as_json:
        print(json.dumps(cost.to_json(), ensure_ascii=False, allow_nan=False))
        return 0
    print(headline(cost))
    for node, step in cost.steps.items():
        print(
            f"  {node:<16} {_seconds(step):>10}  {_size(step.memory):>9}  {_size(step.disk):>9}  {WORDS[step.basis]}"
        )
    return 0


def headline(cost: Cost) -> str:
    """The sums in one line."""
    if cost.seconds is None:
        return "Unknown: none of its blocks has run on this machine yet."
    parts = [f"{'At least' if cost.unknown else 'About'} {cost.seconds:,.1f} s"]
    if cost.low is not None and cost.high is not None and cost.high - cost.low >= 0.1:
        parts[0] += f" ({cost.low:,.1f} to {cost.high:,.1f} s)"
    parts += [f"{_size(n)} of {what}" for n, what in ((cost.memory, "memory"), (cost.disk, "disk")) if n]
    left_out = f"; not counted: {', '.join(cost.unknown)}" if cost.unknown else ""
    return f"{', '.join(parts)}{left_out}"


def _seconds(step: StepCost) -> str:
    return "?" if step.seconds is None else f"{step.seconds:,.2f} s"


def _size(amount: int | None) -> str:
    if amount is None:
        return "?"
    return f"{amount / 1e9:,.2f} GB" if amount >= 1e9 else f"{amount / 1e6:,.1f} MB"
