// Generated from canvas/messages.py by `python -m canvas.typegen`. Do not edit.

export type StepStatus = "idle" | "stored" | "queued" | "running" | "done" | "reused" | "failed" | "cancelled" | "skipped";

export type RunStatus = "queued" | "running" | "paused" | "done" | "failed" | "cancelled";

/** One use of a block. */
export interface Node {
  id: string;
  block: string;
  version: number;
  title: string | null;
  params: Record<string, unknown>;
  position: [number, number];
}

/** A connection: [node, port] to [node, port]. */
export interface Wire {
  from: [string, string];
  to: [string, string];
}

/** A pipeline as it is saved in files and in the store. */
export interface Document {
  format: number;
  name: string;
  description: string;
  seed: number;
  nodes: Node[];
  wires: Wire[];
}

/** One value of a choice. */
export interface Choice {
  value: unknown;
  label: string;
}

/** One parameter in a form. */
export interface FieldSpec {
  name: string;
  title: string;
  description: string;
  widget: "switch" | "integer" | "number" | "text" | "choice" | "budget" | "upload";
  default: unknown;
  required: boolean;
  nullable: boolean;
  minimum: number | null;
  maximum: number | null;
  exclusive_minimum: boolean;
  step: number | null;
  unit: string | null;
  choices: Choice[] | null;
  advanced: boolean;
  shown_when: Record<string, unknown> | null;
}

/** An input port. */
export interface InputSpec {
  name: string;
  kind: string;
  optional: boolean;
  multiple: boolean;
}

/** An output port. */
export interface OutputSpec {
  name: string;
  kind: string;
}

/** A block of the palette. */
export interface BlockSpec {
  id: string;
  version: number;
  title: string;
  group: string;
  device: string;
  tags: string[];
  summary: string;
  help: string;
  inputs: InputSpec[];
  outputs: OutputSpec[];
  fields: FieldSpec[];
}

/** A kind of value. A wire fits when the input's kind stands in the output kind's `is`. */
export interface Kind {
  title: string;
  colour: string;
  description: string;
  is: string[];
}

/** All blocks and kinds, with a version that changes when they do. */
export interface Catalogue {
  version: string;
  blocks: BlockSpec[];
  kinds: Record<string, Kind>;
}

/** The pipeline to show. The canvas replaces its graph only when id or epoch differ from what it holds. */
export interface OpenDocument {
  id: string;
  epoch: string;
  rev: number;
  readonly: boolean;
  document: Document;
}

/** The whole of the component's `data`. */
export interface CanvasData {
  doc: OpenDocument;
  catalogue: Catalogue;
  api: string;
}

/** One thing that is wrong with a document, at a node and a field (a parameter or a port) where known. */
export interface Problem {
  node: string | null;
  field: string | null;
  message: string;
}

/** PUT pipelines/{id}/draft. Refused with 409 when the epoch differs or the revision is not newer. */
export interface SaveDraft {
  epoch: string;
  rev: number;
  document: Document;
}

/** What a run of the draft would take, from what its blocks have taken on this machine. None: unknown. */
export interface Cost {
  seconds: number | null;
  low: number | null;
  high: number | null;
  memory: number | null;
  disk: number | null;
  steps: Record<string, number | null>;
  unknown: string[];
  basis: string;
}

/** Answer to SaveDraft: the revision that is stored now, and what would keep it from running. */
export interface Saved {
  rev: number;
  problems: Problem[];
  forecast: Record<string, string> | null;
  cost: Cost | null;
}

/** Answer 409 to SaveDraft: what the server holds instead. The client keeps its edits and lets the user choose. */
export interface Conflict {
  message: string;
  epoch: string;
  rev: number;
}

/** POST pipelines/{id}/runs. `request` is made by the client: the same request never starts two runs. */
export interface StartRun {
  request: string;
  rev: number | null;
  document: Document | null;
  until: string | null;
  only: string | null;
  fresh: string[];
}

/** Answer to StartRun. With problems the status is 422 and `run` is null. */
export interface RunStarted {
  run: string | null;
  number: number | null;
  problems: Problem[];
}

/** Answer to POST pipelines/{id}/copy (body: a Document or nothing): the new pipeline, ready to edit. */
export interface Copied {
  id: string;
  epoch: string;
  rev: number;
  document: Document;
}

/** Answer to POST uploads: what was stored and what is in it. */
export interface Uploaded {
  hash: string;
  name: string;
  size: number;
  summary: string;
  warnings: string[];
}

/** Any refusal: what happened and what to do, in plain words. */
export interface ErrorAnswer {
  message: string;
}

/** A stored PNG: fetch it from {api}/blobs/{hash}.png; it never changes. */
export interface Picture {
  hash: string;
  caption: string;
  width: number;
  height: number;
}

/** One score with its interval and its floor (real against real). */
export interface ScoreRow {
  name: string;
  value: number;
  low: number;
  high: number;
  floor: number;
  n: number;
  features: string;
  better: "lower" | "higher";
  subject: string;
  meaning: string;
}

/** What a node's port holds after its step. */
export interface OutputState {
  kind: string;
  hash: string;
  summary: string;
  picture: Picture | null;
}

/** The state of one node in the shown run. A delta replaces the whole state of its node. */
export interface NodeState {
  status: StepStatus;
  reason: string;
  message: string;
  fraction: number | null;
  seconds: number | null;
  seconds_left: number | null;
  attempt: number;
  error: string | null;
  curves: Record<string, [number, number][]>;
  preview: Picture | null;
  scores: ScoreRow[];
  outputs: Record<string, OutputState>;
  key: string;
}

/** The run that the canvas shows. `message` is "cancelling" or "pausing" until that has happened. */
export interface RunState {
  run: string;
  number: number;
  status: RunStatus;
  message: string;
  seconds: number | null;
  seconds_left: number | null;
  fraction: number;
}

/** Server to browser. The first message after connecting is a snapshot; later ones are deltas. */
export interface Live {
  type: "snapshot" | "delta";
  run: RunState | null;
  stored: boolean;
  nodes: Record<string, NodeState>;
  worker: "ready" | "starting" | "busy" | "none";
  forecast: Record<string, string> | null;
  cost: Cost | null;
}
