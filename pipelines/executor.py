"""The executor: runs one claimed step, from stored inputs to stored outputs, and puts every ending into words."""

from __future__ import annotations

import shutil
import time
import traceback
from sqlite3 import Row
from typing import Any

from nodes.catalogue import Catalogue
from nodes.errors import BlockError, Cancelled, Paused
from nodes.memory import shortage
from nodes.spec import BlockSpec
from pipelines import processes
from pipelines.context import RunContext
from pipelines.meter import Meter
from pipelines.plan import Planner, reuse_words
from pipelines.recorder import Recorder, StepLog
from pipelines.values import Kept, Values
from storage.home import Home, is_full
from storage.runs import RunRows, column

STOPPED_EARLY = "stopped early by you; it keeps what was learned"


# A worker that is faster than the disk waits once so many of its steps are not recorded yet.
MOST_PENDING = 256
TURN_SECONDS = 1.0


class Executor:
    """Runs the steps that one worker has claimed. It keeps the values it used last, so that a chain stays warm."""

    def __init__(self, home: Home, catalogue: Catalogue, recorder: Recorder, device: str) -> None:
        self._home = home
        self._catalogue = catalogue
        self._recorder = recorder
        self._device = device
        self._runs = RunRows(home.database)
        self._planner = Planner(catalogue, self._runs, home.artifacts)
        self._values = Values(home, catalogue, recorder.flush_surely)
        self._meter = Meter(device)

    def holds(self) -> set[str]:
        """The hashes of the values that it has in memory."""
        return self._values.holds()

    def run_chain(self, steps: list[Row]) -> int:
        """Run claimed steps in order. Returns how many it began.

        After one that did not end well, and after TURN_SECONDS, the rest is left to the queue: others wait too.
        """
        self._values.begin_chain()
        begun, turn_ends = 0, time.monotonic() + TURN_SECONDS
        careful = bool(
            steps[0]["attempt"]
        )  # a worker died here: write down which step is at work before it is
        for step in steps:
            begun += 1
            if not self.run(step, careful) or time.monotonic() > turn_ends:
                break
        if self._recorder.pending() > MOST_PENDING:
            self._recorder.flush_surely()
        return begun

    def run(self, step: Row, careful: bool = False) -> bool:
        """Run one step and record how it ended. Returns whether it has a result."""
        log = self._recorder.begin(step)
        if careful:
            self._recorder.flush_surely()
        began = time.perf_counter()
        try:
            self._run(step, log, began)
            return not log.pausing.is_set()
        except Cancelled:
            processes.end_children()
            log.end("cancelled", seconds=time.perf_counter() - began, reason="cancelled")
        except Paused as paused:
            processes.end_children()
            log.end("queued", reason=paused_words(paused, log))
        except Exception as error:
            processes.end_children()
            seconds = time.perf_counter() - began
            if log.cancelled.is_set():  # it failed because what it waited for was ended
                log.end("cancelled", seconds=seconds, reason="cancelled")
            else:
                log.line(traceback.format_exc())
                log.end(
                    "failed", seconds=seconds, error=explain_failure(error, step, self._home, self._device)
                )
        return False

    def _run(self, step: Row, log: StepLog, began: float) -> None:
        found = self._planner.stored(step["key"]) if step["pure"] and not step["fresh"] else None
        if found is not None:  # another run finished the same step in the meantime
            outputs = column(found, "outputs")
            log.say(**(column(found, "live") or {}))
            log.end(
                "reused", outputs=outputs, seconds=0.0, reason=reuse_words(found), reused_from=found["number"]
            )
        else:
            spec = self._spec(step)
            kept = self._compute(step, spec, log)
            outputs = kept.outputs
            self._show_end(outputs, log)
            if log.stopping.is_set():
                processes.end_children()
            key, seconds = step["key"] if step["pure"] else None, round(time.perf_counter() - began, 3)
            log.end(
                "done",
                outputs=outputs,
                artifacts=kept.artifacts,
                staged=kept.staged,
                key=key,
                seconds=seconds,
                measure=None
                if log.stopping.is_set()
                else self._meter.measure(
                    step, outputs, seconds, log.live.get("curves", {}), self._values.input_bytes
                ),
                **({"early": True, "reason": STOPPED_EARLY} if log.stopping.is_set() else {}),
            )
        self._values.note(step["run"], step["node"], outputs)

    def _spec(self, step: Row) -> BlockSpec:
        spec = self._catalogue.get(step["block"])
        if spec is None:
            raise BlockError(
                f"This worker does not have the block “{step['block']}”. Restart it to load new blocks."
            )
        return spec

    def _compute(self, step: Row, spec: BlockSpec, log: StepLog) -> Kept:
        scratch = self._home.scratch / f"{step['run']}-{step['node']}-{step['token']}"
        if spec.takes_context:
            scratch.mkdir(parents=True)
        try:
            arguments = self._values.inputs(step, spec)
            if spec.takes_context:
                arguments["ctx"] = RunContext(
                    self._home, log, device=self._device, seed=step["seed"], scratch=scratch,
                    notes=column(step, "notes") or {},
                )  # fmt: skip
            if spec.params.model_fields:
                arguments["params"] = spec.params.model_validate(column(step, "params"))
            value = spec.function(**arguments)
            return self._values.keep(spec, value)
        finally:
            if spec.takes_context:
                shutil.rmtree(scratch, ignore_errors=True)

    @staticmethod
    def _show_end(outputs: dict[str, Any], log: StepLog) -> None:
        """The card ends with the result's own picture and scores, where it has them."""
        ending: dict[str, Any] = {"fraction": 1.0, "message": "", "seconds_left": None}
        for output in outputs.values():
            if output["facts"].get("scores"):
                ending["scores"] = output["facts"]["scores"]
            if output["picture"] and "preview" not in ending and "preview" not in log.live:
                ending["preview"] = output["picture"]
        log.say(**ending)


def paused_words(paused: Paused, log: StepLog) -> str:
    """Where a step stood when it left the device."""
    where = str(paused) or log.live.get("message") or f"{log.live.get('fraction') or 0.0:.0%}"
    return f"paused at {where}"


def explain_failure(error: Exception, step: Row, home: Home, device: str) -> str:
    """What the card says about a failure: plain words, never a traceback."""
    if isinstance(error, BlockError):
        return str(error)
    if is_full(error):
        home.drop_ballast()
        free = home.free_bytes() / 1e6
        return (
            f"The disk is full: {free:,.0f} MB are free in {home.root}. Nothing that was finished is lost."
            " Free some space and run again; finished blocks are reused."
        )
    lack = shortage(error, device)
    if lack is not None:
        return (
            f"{step['title']} ran out of memory. {lack}".strip()
            + " Try a smaller batch size, smaller images or fewer of them, then run again."
        )
    return (
        f"{step['title']} stopped because of a fault in the block itself, not in your settings:"
        f" {type(error).__name__}: {str(error)[:300]}. The log of the run has the details."
    )
