"""Every message between the canvas and Python, declared once. The TypeScript types are generated from here."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

StepStatus = Literal[
    "idle", "stored", "queued", "running", "done", "reused", "failed", "cancelled", "skipped"
]
RunStatus = Literal["queued", "running", "paused", "done", "failed", "cancelled"]


class Message(BaseModel):
    """Base of all messages: unknown fields are refused, numbers are finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, populate_by_name=True)


# ---- the document, as the browser edits it and the server saves it ----


class Node(Message):
    """One use of a block."""

    id: str
    block: str
    version: int = 1
    title: str | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    position: tuple[float, float] = (0.0, 0.0)


class Wire(Message):
    """A connection: [node, port] to [node, port]."""

    source: tuple[str, str] = Field(alias="from")
    target: tuple[str, str] = Field(alias="to")


class Document(Message):
    """A pipeline as it is saved in files and in the store."""

    format: int = 1
    name: str
    description: str = ""
    seed: int = 0
    nodes: list[Node]
    wires: list[Wire]


# ---- the catalogue ----


class Choice(Message):
    """One value of a choice."""

    value: Any
    label: str


class FieldSpec(Message):
    """One parameter in a form."""

    name: str
    title: str
    description: str
    widget: Literal["switch", "integer", "number", "text", "choice", "budget", "upload"]
    default: Any = None
    required: bool
    nullable: bool
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: bool = False
    step: float | None = None
    unit: str | None = None
    choices: list[Choice] | None = None
    advanced: bool = False
    shown_when: dict[str, Any] | None = None


class InputSpec(Message):
    """An input port."""

    name: str
    kind: str
    optional: bool
    multiple: bool


class OutputSpec(Message):
    """An output port."""

    name: str
    kind: str


class BlockSpec(Message):
    """A block of the palette."""

    id: str
    version: int
    title: str
    group: str
    device: str
    tags: list[str]
    summary: str
    help: str
    inputs: list[InputSpec]
    outputs: list[OutputSpec]
    fields: list[FieldSpec]


class Kind(Message):
    """A kind of value. A wire fits when the input's kind stands in the output kind's `is`."""

    title: str
    colour: str
    description: str
    is_: list[str] = Field(alias="is")


class Catalogue(Message):
    """All blocks and kinds, with a version that changes when they do."""

    version: str
    blocks: list[BlockSpec]
    kinds: dict[str, Kind]


# ---- what the page hands to the component (data) ----


class OpenDocument(Message):
    """The pipeline to show. The canvas replaces its graph only when id or epoch differ from what it holds."""

    id: str
    epoch: str
    rev: int
    readonly: bool  # a template: the first edit makes a copy
    document: Document


class CanvasData(Message):
    """The whole of the component's `data`."""

    doc: OpenDocument
    catalogue: Catalogue
    api: str = "api"  # relative to document.baseURI


# ---- HTTP ----


class Problem(Message):
    """One thing that is wrong with a document, at a node and a field (a parameter or a port) where known."""

    node: str | None = None
    field: str | None = None
    message: str


class SaveDraft(Message):
    """PUT pipelines/{id}/draft. Refused with 409 when the epoch differs or the revision is not newer."""

    epoch: str
    rev: int
    document: Document


class Cost(Message):
    """What a run of the draft would take, from what its blocks have taken on this machine. None: unknown.

    `seconds`, between `low` and `high`, and bytes of `memory` and `disk` leave out the nodes in `unknown`: those
    have not run here yet. `basis` says in words where the figures come from.
    """

    seconds: float | None = None
    low: float | None = None
    high: float | None = None
    memory: int | None = None
    disk: int | None = None
    steps: dict[str, float | None] = Field(default_factory=dict)
    unknown: list[str] = Field(default_factory=list)
    basis: str = ""


class Saved(Message):
    """Answer to SaveDraft: the revision that is stored now, and what would keep it from running."""

    rev: int
    problems: list[Problem]
    forecast: dict[str, str] | None = None  # see Live
    cost: Cost | None = None


class Conflict(Message):
    """Answer 409 to SaveDraft: what the server holds instead. The client keeps its edits and lets the user choose."""

    message: str
    epoch: str
    rev: int


class StartRun(Message):
    """POST pipelines/{id}/runs. `request` is made by the client: the same request never starts two runs.

    `until` runs a node and what it needs; `only` runs one node from the stored results of those before it; the
    stored results of `fresh` and of what follows them are not used, but replaced.
    """

    request: str
    rev: int | None = None
    document: Document | None = None
    until: str | None = None
    only: str | None = None
    fresh: list[str] = Field(default_factory=list)


class RunStarted(Message):
    """Answer to StartRun. With problems the status is 422 and `run` is null."""

    run: str | None
    number: int | None
    problems: list[Problem] = Field(default_factory=list)


class Copied(Message):
    """Answer to POST pipelines/{id}/copy (body: a Document or nothing): the new pipeline, ready to edit."""

    id: str
    epoch: str
    rev: int
    document: Document


class Uploaded(Message):
    """Answer to POST uploads: what was stored and what is in it."""

    hash: str
    name: str
    size: int
    summary: str
    warnings: list[str] = Field(default_factory=list)


class ErrorAnswer(Message):
    """Any refusal: what happened and what to do, in plain words."""

    message: str


# POST runs/{run}/cancel, pause, resume and retry, and runs/{run}/steps/{node}/stop and save have an empty body and an
# empty answer. What cannot be done is answered with 422 and an ErrorAnswer.


# ---- live state, by WebSocket pipelines/{id}/live ----


class Picture(Message):
    """A stored PNG: fetch it from {api}/blobs/{hash}.png; it never changes."""

    hash: str
    caption: str = ""
    width: int
    height: int


class ScoreRow(Message):
    """One score with its interval and its floor (real against real)."""

    name: str
    value: float
    low: float
    high: float
    floor: float
    n: int
    features: str
    better: Literal["lower", "higher"] = "lower"
    subject: str = "model"
    meaning: str = ""


class OutputState(Message):
    """What a node's port holds after its step."""

    kind: str
    hash: str
    summary: str
    picture: Picture | None = None


class NodeState(Message):
    """The state of one node in the shown run. A delta replaces the whole state of its node."""

    status: StepStatus
    reason: str = ""  # "reused from run 41" or "runs: learning rate changed"
    message: str = ""  # what it is doing
    fraction: float | None = None
    seconds: float | None = None
    seconds_left: float | None = None
    attempt: int = 1
    error: str | None = None
    curves: dict[str, list[tuple[float, float]]] = Field(default_factory=dict)
    preview: Picture | None = None  # the newest picture while it works, else its result
    scores: list[ScoreRow] = Field(default_factory=list)
    outputs: dict[str, OutputState] = Field(default_factory=dict)
    key: str = ""  # parameters and inputs that this state belongs to, as a short text


class RunState(Message):
    """The run that the canvas shows. `message` is "cancelling" or "pausing" until that has happened."""

    run: str
    number: int
    status: RunStatus
    message: str = ""
    seconds: float | None = None
    seconds_left: float | None = None
    fraction: float = 0.0


class Live(Message):
    """Server to browser. The first message after connecting is a snapshot; later ones are deltas.

    `stored` says that the states are the stored results of a template and not of a run on this machine.
    `forecast` says of each node of the draft what a run would do now: "runs: learning rate changed", "first run"
    or "reused from run 3". A node that has a result but would run is shown as changed.
    `cost` is what it would take. None: as before.
    """

    type: Literal["snapshot", "delta"]
    run: RunState | None = None
    stored: bool = False
    nodes: dict[str, NodeState] = Field(default_factory=dict)
    worker: Literal["ready", "starting", "busy", "none"] = "ready"
    forecast: dict[str, str] | None = None
    cost: Cost | None = None
