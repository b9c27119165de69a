"""What a worker asks before its first step: which device it has, and to load the heavy libraries early."""

from __future__ import annotations


def pick_device(wish: str) -> str:
    """The device for a wish such as "auto", "cpu" or "cuda:0".

    Raises:
        BlockError: the wish names a device that this machine does not have.
    """
    from generative.device import pick
    from nodes.errors import BlockError

    try:
        return pick(wish).name
    except ValueError as error:
        raise BlockError(str(error)) from error


def load_libraries() -> None:
    """Import what nearly every step needs, so that the first training starts at once."""
    from generative import models, sampling, scores, vae_training  # noqa: F401


def peak_memory(device: str) -> int | None:
    """The most memory in use since the last call, in bytes: on a GPU by this process, else by this process.

    None where the machine does not tell.
    """
    if not device.startswith("cuda"):
        return _peak_of_process()
    from generative.device import Device

    return Device(device).peak_since_last()


def memory(device: str) -> tuple[int, int]:
    """Bytes free and in all on a GPU."""
    from generative.device import Device

    return Device(device).free_and_total()


def _peak_of_process() -> int | None:
    """The peak of this process since the last call. Only Linux tells: its mark is set back after reading."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            marks = [line.split() for line in status if line.startswith("VmHWM:")]
        with open("/proc/self/clear_refs", "w", encoding="ascii") as clear:
            clear.write("5")
        return int(marks[0][1]) * 1024
    except (OSError, IndexError):
        return None
