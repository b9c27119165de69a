"""Where the arithmetic happens: the one place that knows how CPU, CUDA and MPS differ.

Everything else in the package asks a `Device` and never looks at `torch.cuda` or `torch.backends` itself.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

# Below this many weights a network is bound by the launching of kernels: casting to bf16 only adds launches.
_BF16_PAYS_FROM = 2_000_000
# A dense network below this size has products too small to be worth sharing between threads.
_SMALL_MLP = 4_000_000


@dataclass(frozen=True)
class Device:
    """One device to compute on. `name` is "cpu", "cuda:N" or "mps"."""

    name: str

    @property
    def torch_device(self) -> torch.device:
        return torch.device(self.name)

    @property
    def kind(self) -> str:
        """ "cpu", "cuda" or "mps"."""
        return self.name.partition(":")[0]

    @property
    def compile_pays(self) -> bool:
        """Whether `torch.compile` is worth its wait. Never on a CPU: it costs longer than a short training."""
        return self.kind == "cuda"

    def autocast(self, parameters: int = _BF16_PAYS_FROM) -> contextlib.AbstractContextManager[object]:
        """Compute in bf16 where that is faster: on a CUDA device, for networks that are not tiny.

        `parameters` is the number of weights. bf16 needs no loss scaling, so nothing else has to change.
        """
        if self.kind == "cuda" and parameters >= _BF16_PAYS_FROM and torch.cuda.is_bf16_supported():
            return torch.autocast("cuda", dtype=torch.bfloat16)
        return contextlib.nullcontext()

    def threads_for(self, parameters: int, convolutional: bool = False) -> int:
        """How many CPU threads a training step should use on this machine.

        The threads of one product wait for each other. On an idle machine a second one makes a small dense
        network a third faster; with anything else on its core it makes it twenty times slower (measured).
        """
        if self.kind != "cpu" or (not convolutional and parameters < _SMALL_MLP):
            return 1
        return max(1, min(8, usable_cores() - 1))

    @contextlib.contextmanager
    def threads(self, count: int) -> Iterator[None]:
        """Use `count` CPU threads inside the `with`, and what it was before afterwards."""
        before = torch.get_num_threads()
        torch.set_num_threads(count)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def generator(self, seed: int) -> torch.Generator:
        """A random generator that lives on this device."""
        return torch.Generator(device=self.name).manual_seed(seed)

    def free_unused(self) -> None:
        """Give memory that nothing holds any more back, after a shortage of it."""
        gc.collect()
        if self.kind == "cuda":
            torch.cuda.empty_cache()
        elif self.kind == "mps":
            torch.mps.empty_cache()

    def peak_memory(self) -> int:
        """The most memory used so far, in bytes: of the device, or of this process on a CPU."""
        if self.kind == "cuda":
            return int(torch.cuda.max_memory_allocated(self.torch_device))
        if self.kind == "mps":
            return int(torch.mps.driver_allocated_memory())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return int(peak if sys.platform == "darwin" else peak * 1024)  # macOS counts bytes, Linux kilobytes

    def peak_since_last(self) -> int:
        """The most memory of a CUDA device that this process held since the last call, in bytes."""
        peak = int(torch.cuda.max_memory_reserved(self.torch_device))
        torch.cuda.reset_peak_memory_stats(self.torch_device)
        return peak

    def free_and_total(self) -> tuple[int, int]:
        """Bytes free and in all on a CUDA device. What this process keeps for itself counts as free."""
        free, total = torch.cuda.mem_get_info(self.torch_device)
        kept = torch.cuda.memory_reserved(self.torch_device) - torch.cuda.memory_allocated(self.torch_device)
        return free + kept, total


def pick(name: str = "auto") -> Device:
    """Choose a device. "auto" takes the first CUDA device, else MPS, else the CPU.

    Raises:
        ValueError: the named device does not exist on this machine.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return Device("cuda:0")
        return Device("mps") if torch.backends.mps.is_available() else Device("cpu")
    kind, _, number = name.partition(":")
    if kind == "cuda":
        found = torch.cuda.device_count() if torch.cuda.is_available() else 0
        wanted = int(number) if number.isdigit() else 0
        if wanted >= found:
            raise ValueError(
                f"Device {name} was asked for, but this machine has {found} CUDA devices. "
                'Choose another one, or "auto".'
            )
        return Device(f"cuda:{wanted}")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise ValueError('Device mps was asked for, but this machine has none. Choose "cpu" or "auto".')
    if kind not in ("cpu", "mps"):
        raise ValueError(f"There is no device called {name!r}. Known: auto, cpu, cuda:0, cuda:1, …, mps.")
    return Device(kind)


def usable_cores() -> int:
    """The CPU cores that this process may use; OMP_NUM_THREADS sets a lower number."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wish = os.environ.get("OMP_NUM_THREADS", "")
    return min(found, int(wish)) if wish.isdigit() and int(wish) > 0 else found


def count_parameters(module: nn.Module) -> int:
    """The number of trainable weights."""
    return sum(weight.numel() for weight in module.parameters() if weight.requires_grad)
