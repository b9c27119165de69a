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
