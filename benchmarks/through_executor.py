"""Training as a run does it, for the comparison with the plain loop: a real worker, a store, events and previews."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.executor import engine
from pipelines.document import Document, Node, Wire

_SAID = re.compile(r"([\d,]+) steps in ([\d.]+) s ")


def pipeline(steps: int, seed: int) -> Document:
    """Digits, prepared as in the demo, and a VAE that trains for so many steps."""
    nodes = (
        Node("digits", "dataset.digits"),
        Node(
            "prep",
            "preprocess.images",
            params={"size": 16, "channels": "grey", "held_out": 0.28, "fit": "stretch"},
        ),
        Node("vae", "train.vae", params={"budget": {"steps": steps}, "seed": seed}),
    )
    wires = (Wire(("digits", "images"), ("prep", "images")), Wire(("prep", "train"), ("vae", "images")))
    return Document("training through the executor", nodes, wires)


class TrainingRuns:
    """Trains through the executor; each call is a new run with a new seed, so that nothing is reused."""

    def __init__(self, service, worker) -> None:  # type: ignore[no-untyped-def]
        self._service, self._worker, self._seed = service, worker, 0

    def __call__(self, steps: int) -> float:
        """Seconds of the training loop itself, as the step's log says."""
        self._seed += 1
        document = pipeline(steps, self._seed)
        id = self._service.pipeline_of_file(document, "training")
        started = self._service.start_run(id, f"training-{self._seed}", document)
        assert started.run, started.problems
        while self._worker.step():
            pass
        step = self._service.steps(started.run)[2]
        assert step.status == "done", step.error
        said = [found for line in step.log if (found := _SAID.match(line["text"]))]
        assert int(said[0][1].replace(",", "")) == steps
        return float(said[0][2])


@contextmanager
def training_runs() -> Iterator[TrainingRuns]:
    """A worker in this process that trains."""
    with engine() as (service, worker):
        yield TrainingRuns(service, worker)
