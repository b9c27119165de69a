"""The ways a block may end other than well."""

from __future__ import annotations


class BlockError(Exception):
    """The user can mend this. Its text is shown as it is: what happened, what was expected, what to do."""


class Cancelled(BaseException):
    """The run was cancelled. Not an `Exception`, so that a block's `except Exception` cannot swallow it."""


class Paused(BaseException):
    """The run was paused: the step leaves the device and goes on later. Its text says where it stood, if anything."""


class DeclarationError(TypeError):
    """A block is declared wrongly. Raised at import, so that a bad block never reaches the canvas."""
