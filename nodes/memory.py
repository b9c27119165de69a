"""A lack of memory in words: what the step asked for, and what there was."""

from __future__ import annotations


def shortage(error: BaseException, device: str) -> str | None:
    """What is known of a lack of memory, as a sentence or nothing; None where the error is another one.

    To be called while the error is handled: later, what is free says nothing about what was.
    """
    from generative import memory

    return str(memory.shortage(error, device.partition(":")[0])) if memory.ran_out(error) else None
