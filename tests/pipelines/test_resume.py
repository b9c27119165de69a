"""Training that is interrupted: killed, paused, or left with a torn checkpoint, it goes on as if nothing had been."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.document import Document, Node, Wire
from pipelines.life import sweep
from pipelines.service import Service
from pipelines.states import StepRow
from pipelines.worker import Worker
from tests.pipelines.conftest import begin, until, worker_pids


def training(steps: int) -> Document:
    """Digits, and a small VAE that learns them for so many steps."""
    nodes = (
        Node("digits", "dataset.digits"),
        Node("prep", "preprocess.images", params={"size": 16, "channels": "grey", "held_out": 0.28}),
        Node("vae", "train.vae", params={"budget": {"steps": steps}}),
    )
    wires = (Wire(("digits", "images"), ("prep", "images")), Wire(("prep", "train"), ("vae", "images")))
    return Document("training", nodes, wires)


def _vae(service: Service, run: str) -> StepRow:
    return next(step for step in service.steps(run) if step.node == "vae")


def _resumed_at(step: StepRow) -> list[int]:
    words = "Resumed at step "
    return [
        int(line["text"].removeprefix(words).rstrip(".").replace(",", ""))
        for line in step.log
        if line["text"].startswith(words)
    ]


def _saved(service: Service, run: str) -> list[str]:
    folder = service.home.checkpoints.folder(run, "vae")
    return sorted(path.name for path in folder.glob("0*")) if folder.is_dir() else []


def _saved_step(service: Service, run: str) -> int:
    from nodes import checkpoints

    state = service.home.checkpoints.load(run, "vae", checkpoints.read)
    return int(state["step"]) if state else 0


def _work(worker: Worker) -> None:
    while worker.step():
        pass


def _learned(service: Service, run: str) -> int:
    """The last step on the curve."""
    points = _vae(service, run).curves.get("loss")
    return int(points[-1][0]) if points else 0


def _runs_undisturbed(home: Path, steps: int) -> str:
    """The hash of the model of a run that nobody interrupts."""
    service = Service.open(home)
    worker = Worker(service.home, service.catalogue, "cpu")
    run = begin(service, training(steps))
    _work(worker)
    worker.close()
    step = _vae(service, run)
    assert step.status == "done", step.error
    return str(step.outputs["model"]["hash"])


def _is_killed(service: Service, run: str, luck: random.Random) -> int:
    """Let it train, save and train on, and kill its worker at a random moment. Returns the step of the checkpoint."""
    step = _saved_step(service, run)
    until(lambda: _learned(service, run) > step, 60, "it trains")
    time.sleep(luck.uniform(0, 0.4))
    before = _saved(service, run)
    service.save_now(run, "vae")
    until(lambda: bool(_saved(service, run)) and _saved(service, run)[-1:] != before[-1:], 60, "it saves")
    time.sleep(luck.uniform(0, 0.4))
    os.kill(worker_pids(service)[0], signal.SIGKILL)
    until(lambda: "runs again" in _vae(service, run).reason, 10, "the death is noticed")
    return _saved_step(service, run)


def _interrupted_equals_undisturbed(service: Service, other: Path, kills: int, steps: int) -> None:
    run, luck = begin(service, training(steps)), random.Random(kills)
    saved = [_is_killed(service, run, luck) for _ in range(kills)]
    until(lambda: service.run(run).status not in ("queued", "running"), 600, "the run ends")
    step = _vae(service, run)
    assert step.status == "done", step.error
    assert _resumed_at(step) == saved, "it goes on exactly where the last checkpoint stands"
    assert saved == sorted(set(saved)), "every attempt gets further"
    assert saved[-1] < steps, "it was killed while it trained"
    across = [point[0] for point in step.curves["loss"]]
    assert across == sorted(set(across)), "the curve goes on, and never back"
    assert across[0] <= saved[0] < saved[-1] < across[-1]
    until(lambda: not _saved(service, run), 10, "checkpoints go when the step is done")
    assert step.outputs["model"]["hash"] == _runs_undisturbed(other, steps)


@pytest.mark.slow
def test_a_training_killed_three_times_ends_bit_for_bit_as_if_undisturbed(
    supervised: Service, tmp_path: Path
) -> None:
    _interrupted_equals_undisturbed(supervised, tmp_path / "other", kills=3, steps=5000)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_training_killed_thirty_times_ends_bit_for_bit_as_if_undisturbed(
    supervised: Service, tmp_path: Path
) -> None:
    _interrupted_equals_undisturbed(supervised, tmp_path / "other", kills=30, steps=50_000)


def test_a_pause_saves_frees_the_worker_and_goes_on_where_it_was(
    service: Service, worker: Worker, tmp_path: Path
) -> None:
    run = begin(service, training(2000))

    def pause() -> None:
        until(lambda: _learned(service, run) > 0, 60, "it trains")
        service.pause(run)

    asking = threading.Thread(target=pause)
    asking.start()
    _work(worker)  # it comes back: the worker is free
    asking.join()
    assert service.run(run).status == "paused"
    saved = _saved_step(service, run)
    assert 0 < saved < 2000
    assert _vae(service, run).reason == f"paused at step {saved:,}"
    service.resume(run)
    _work(worker)
    step = _vae(service, run)
    assert step.status == "done", step.error
    assert _resumed_at(step) == [saved]
    assert step.outputs["model"]["hash"] == _runs_undisturbed(tmp_path / "other", 2000)


def _interrupted_once(service: Service, worker: Worker, steps: int) -> str:
    """A run whose worker was lost after two checkpoints; `worker` may claim it again."""
    run = begin(service, training(steps))
    kept = service.home.checkpoints.save
    count = 0

    def save(run_: str, node: str, write: Callable[[Path], None]) -> None:
        nonlocal count
        kept(run_, node, write)
        count += 1
        if count == 3:
            raise KeyboardInterrupt  # as good as a death: nothing is recorded

    service.home.checkpoints.save = save  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        _work(worker)
    service.home.checkpoints.save = kept  # type: ignore[method-assign]
    return run


def test_a_torn_or_changed_checkpoint_is_passed_over_for_the_one_before(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pipelines.saving as saving

    monkeypatch.setattr(saving, "FIRST_SECONDS", 0.2)
    worker = Worker(service.home, service.catalogue, "cpu")
    run = _interrupted_once(service, worker, 3000)
    worker.close()
    folder = service.home.checkpoints.folder(run, "vae")
    older, newest = _saved(service, run)
    (folder / "temporary-of-a-dead-one").mkdir()
    whole = _saved_step(service, run)
    weights = folder / newest / "tensors.safetensors"
    torn = weights.read_bytes()
    weights.write_bytes(torn[: len(torn) // 2])
    before = _saved_step(service, run)
    assert 0 < before < whole
    weights.write_bytes(bytes([torn[0] ^ 1]) + torn[1:])
    assert _saved_step(service, run) == before
    (folder / older / "tensors.safetensors").unlink()
    assert _saved_step(service, run) == 0
    again = Worker(service.home, service.catalogue, "cpu")
    _work(again)
    again.close()
    step = _vae(service, run)
    assert step.status == "done", step.error
    assert _resumed_at(step) == []
    across = [point[0] for point in step.curves["loss"]]
    assert across == sorted(set(across)), "the curve begins anew with the training"
    assert not folder.exists()


def test_checkpoints_of_steps_that_are_done_or_gone_are_swept(service: Service) -> None:
    run = begin(service, training(10))
    for node in ("vae", "gone"):
        service.home.checkpoints.save(run, node, lambda folder: None)
    service.home.checkpoints.save("deleted", "vae", lambda folder: None)
    sweep(service.home)
    assert [path.name for path in (service.home.root / "checkpoints").rglob("*")][:2] == [run, "vae"]
    service.cancel(run)
    service.clear()
    assert list((service.home.root / "checkpoints").iterdir()) == []
