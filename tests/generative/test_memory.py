"""When memory runs out: the same training with half batches, once; and what is said where that does not help."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import numpy as np
import pytest
import torch

from generative import memory
from generative.device import Device
from generative.loop import LoopSettings, Outcome, Training
from generative.memory import OutOfMemory
from generative.parts import PARTS
from generative.vae_training import VAERecipe, VAESettings, build_vae, to_tensors

NAMES = tuple("0123456789")
CPU = (
    "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
    "allocate 4194304 bytes. Error code 12 (Cannot allocate memory)"
)
CUDA = (
    "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 139.80 GiB of which 1.50 GiB is "
    "free. Process 1 has 138.29 GiB memory in use."
)


class Scarce(VAERecipe):
    """Runs out of memory for every batch above `most`, as an allocator would: in the middle of the work."""

    def __init__(self, digits, settings: VAESettings, most: int, since: int = 0) -> None:
        pictures, labels = to_tensors(digits.train, digits.train_labels)
        super().__init__(build_vae(digits.train, NAMES, settings), pictures, labels, settings)
        self.most, self.since, self.failures = most, since, 0
        self.seen: list[int] = []
        self.lost: list[weakref.ref[torch.Tensor]] = []

    def loss(self, player, batch, step, generator):
        self.seen.append(len(batch[0]))
        losses = super().loss(player, batch, step, generator)
        if len(batch[0]) > self.most and step >= self.since:
            self.failures += 1
            kept = losses["loss"] * 1
            self.lost.append(weakref.ref(kept))
            raise RuntimeError(CPU)
        assert all(lost() is None for lost in self.lost), "the failed try is still held in memory"
        return losses


def train(recipe: Scarce, digits, observer, batch: int = 128, steps: int = 40, parts: int = 1) -> Outcome:
    pictures, _ = to_tensors(digits.train, None)
    loop = LoopSettings(VAESettings(steps=steps).budget, batch, seed=3, accumulate=parts)
    return Training(recipe, (pictures,), loop, Device("cpu"), observer).run()


def weights(outcome: Outcome) -> torch.Tensor:
    return torch.cat([weight.flatten() for weight in outcome.modules["vae"].parameters()])


SETTINGS = VAESettings(steps=40, seed=3)


@pytest.mark.parametrize(("parts", "batch"), [(2, 128), (4, 128), (3, 128), (8, 96)])
def test_a_batch_in_parts_teaches_what_the_whole_batch_teaches(
    digits, recorder, parts: int, batch: int
) -> None:
    whole = train(Scarce(digits, SETTINGS, 10**6), digits, recorder(), batch)
    recipe = Scarce(digits, SETTINGS, 10**6)
    apart = train(recipe, digits, recorder(), batch, parts=parts)
    assert max(recipe.seen) == -(-batch // parts)
    if batch % (16 * parts) == 0:  # the noise of the parts is then, number for number, that of the whole
        assert torch.allclose(weights(whole), weights(apart), rtol=1e-3, atol=1e-4)
    assert apart.losses == pytest.approx(whole.losses, rel=2e-3 if batch % (16 * parts) == 0 else 0.05)


@pytest.mark.parametrize("since", [0, 25])
def test_when_memory_runs_out_it_goes_on_with_half_batches_and_says_so(digits, recorder, since: int) -> None:
    observer = recorder()
    said: list[str] = []
    messages: list[str] = []
    observer.log = said.append  # type: ignore[method-assign]
    observer.progress = lambda fraction, message="", left=None: messages.append(message)  # type: ignore[method-assign]
    recipe = Scarce(digits, SETTINGS, most=64, since=since)
    outcome = train(recipe, digits, observer)
    assert recipe.failures == 1
    assert outcome.steps == 40
    assert recipe.seen == [128] * (since + 1) + [64, 64] * (40 - since)
    remark = "Ran out of memory with batches of 128; goes on with 2 × 64"
    assert said[0].startswith(f"{remark}. 4 MB more were needed and ")
    assert said[0].endswith(" were free.")
    assert messages[-1] == f"Step 40 · {remark}"
    whole = train(Scarce(digits, SETTINGS, 10**6), digits, recorder())
    assert torch.allclose(weights(whole), weights(outcome), rtol=1e-3, atol=1e-4), "the same effective batch"


def test_a_second_training_repeats_the_halving_without_running_out(digits, recorder) -> None:
    first = recorder()
    outcome = train(Scarce(digits, SETTINGS, most=64, since=25), digits, first)
    second = recorder()
    second.remember(PARTS, first.recall(PARTS))
    recipe = Scarce(digits, SETTINGS, most=10**6)
    assert torch.equal(weights(train(recipe, digits, second)), weights(outcome))
    assert recipe.seen == [128] * 25 + [64, 64] * 15


def test_it_is_tried_once_and_never_unchanged(digits, recorder) -> None:
    observer = recorder()
    recipe = Scarce(digits, SETTINGS, most=30)
    with pytest.raises(
        OutOfMemory, match=r"batches of 128, not even as 2 × 64\. 4 MB more were needed and .* were free"
    ):
        train(recipe, digits, observer)
    assert recipe.seen == [128, 64]
    again = recorder()  # a later attempt of the same step begins with what the first one learned
    again.remember(PARTS, observer.recall(PARTS))
    recipe = Scarce(digits, SETTINGS, most=30)
    with pytest.raises(OutOfMemory):
        train(recipe, digits, again)
    assert recipe.seen == [64]


def test_a_batch_of_one_cannot_be_halved(digits, recorder) -> None:
    recipe = Scarce(digits, SETTINGS, most=0)
    with pytest.raises(OutOfMemory, match=r"does not suffice for batches of 1\. "):
        train(recipe, digits, recorder(), batch=1)
    assert recipe.seen == [1]


def test_another_fault_is_not_taken_for_a_lack_of_memory(digits, recorder) -> None:
    class Broken(Scarce):
        def loss(self, player, batch, step, generator):
            self.seen.append(len(batch[0]))
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    recipe = Broken(digits, SETTINGS, most=64)
    with pytest.raises(RuntimeError, match="shapes"):
        train(recipe, digits, recorder())
    assert recipe.seen == [128]


@pytest.mark.parametrize(
    ("error", "asked", "free"),
    [
        (RuntimeError(CPU), 4194304, None),
        (torch.OutOfMemoryError(CUDA), 20 * 2**30, 3 * 2**29),
        (MemoryError("Unable to allocate 7.45 GiB for an array with shape (1000000000,) and data type int64"),
         int(7.45 * 2**30), None),
        (MemoryError(), None, None),
        (OSError(12, "Cannot allocate memory"), None, None),
    ],
)  # fmt: skip
def test_what_was_needed_is_read_from_what_the_allocators_say(error, asked, free) -> None:
    assert memory.ran_out(error)
    assert memory.shortage(error, "cuda") == memory.Shortage(asked, free)
    assert memory.shortage(error, "cpu").free is not None


def test_the_real_allocators_are_understood() -> None:
    with pytest.raises(RuntimeError) as of_torch:
        torch.empty(2**60, dtype=torch.uint8)
    with pytest.raises(MemoryError) as of_numpy:
        np.empty(2**60, dtype=np.uint8)
    for caught in (of_torch, of_numpy):
        assert memory.ran_out(caught.value)
        assert memory.shortage(caught.value).asked == 2**60
    del caught, of_torch, of_numpy
    gc.collect()


def test_a_limit_of_the_process_counts_as_what_there_is() -> None:
    code = (
        "import resource; from generative import memory;"
        "pages = int(open('/proc/self/statm').read().split()[0]);"
        "resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 50_000_000,) * 2);"
        "print(memory.free_bytes())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 40_000_000 < int(done.stdout) < 51_000_000
