"""Strict reading of JSON from strangers: what is refused, and where it stands. Knows nothing of pipelines."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

MAX_BYTES = 5_000_000
MAX_DEPTH = 64
MAX_VALUES = 250_000
MAX_FAULTS = 100
MAX_NUMBER_LENGTH = 40
LARGEST = 2**63 - 1

Path = tuple[str | int, ...]


class NotJson(ValueError):
    """The text as a whole cannot be read. Its message is for the user."""


@dataclass(frozen=True)
class Fault:
    """Something inside that is refused: where, and the end of a sentence, such as "is given twice"."""

    path: Path
    says: str


@dataclass(frozen=True)
class _BadNumber:
    """Stands where the text had a number that is refused."""

    says: str


class _Repeated(dict[str, Any]):
    """An object in which a name stood more than once."""

    names: tuple[str, ...] = ()


def parse(text: str | bytes) -> Any:
    """Read JSON. What is wrong inside stays in the value, for `faults` to find with its place.

    Raises:
        NotJson: too large, not UTF-8, not JSON, or nested too deeply to be read at all.
    """
    if len(text) > MAX_BYTES:
        raise NotJson(
            f"This file has {len(text) / 1e6:,.1f} MB. A pipeline has at most {MAX_BYTES / 1e6:g} MB."
        )
    try:
        text = text.decode("utf-8") if isinstance(text, bytes) else text
        text = text.removeprefix("\ufeff")
        if not text.strip():
            raise NotJson("This file is empty. A pipeline is a JSON object with “nodes” and “wires”.")
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=lambda word: _BadNumber(f"is {word}, which is not a finite number"),
        )
    except UnicodeDecodeError as error:
        raise NotJson("This file is not text in UTF-8, so it is not a pipeline.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno:,}, column {error.colno:,}"
        raise NotJson(f"This is not JSON: it cannot be read at {place}.") from error
    except RecursionError:
        raise NotJson(f"This text is nested too deeply: more than {MAX_DEPTH} levels.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    repeated = _Repeated(made)
    repeated.names = tuple(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return repeated


def _integer(text: str) -> Any:
    if len(text) > MAX_NUMBER_LENGTH:
        return _BadNumber(f"is a number of {len(text.lstrip('-')):,} digits, which is too large")
    return int(text)


def _decimal(text: str) -> Any:
    if len(text) > MAX_NUMBER_LENGTH:
        return _BadNumber(f"is a number of {len(text):,} characters, which is too long")
    value = float(text)
    return value if math.isfinite(value) else _BadNumber(f"is {text}, which is too large")


def faults(value: Any) -> list[Fault]:
    """Everything that JSON may not hold here: repeated names, bad numbers, bad text, too much depth.

    After `MAX_FAULTS` it looks no further.
    """
    look = _Look()
    look.at(value, ())
    if look.left < 0:
        look.found.append(Fault((), f"holds more than {MAX_VALUES:,} values"))
    return look.found


class _Look:
    """One walk through a value, in its own order."""

    def __init__(self) -> None:
        self.found: list[Fault] = []
        self.left = MAX_VALUES

    def at(self, value: Any, path: Path) -> None:
        says = _refused(value)
        if says:
            self.found.append(Fault(path, says))
        elif len(path) >= MAX_DEPTH:
            self.found.append(Fault(path, f"is nested too deeply: more than {MAX_DEPTH} levels"))
        elif isinstance(value, dict):
            self.found += _faults_of_names(value, path)
            self._inside(value.items(), path)
        elif isinstance(value, (list, tuple)):
            self._inside(enumerate(value), path)

    def _inside(self, items: Iterable[tuple[str | int, Any]], path: Path) -> None:
        for name, item in items:
            self.left -= 1
            if self.left < 0 or len(self.found) >= MAX_FAULTS:
                return
            if isinstance(item, (dict, list, tuple)) or _refused(item):
                self.at(item, (*path, name))


def _faults_of_names(value: dict[str, Any], path: Path) -> list[Fault]:
    found = [Fault((*path, name), "is given twice") for name in getattr(value, "names", ())]
    for name in value:
        if not isinstance(name, str):
            found.append(Fault(path, "holds a name that is not text"))
        elif says := _refused(name):
            found.append(Fault(path, f"holds a name that {says}"))
    return found


def _refused(value: Any) -> str | None:
    """The end of a sentence about a value that is refused, or None."""
    if isinstance(value, _BadNumber):
        return value.says
    if isinstance(value, str):
        if value.isascii():
            return None
        try:
            value.encode()
        except UnicodeEncodeError:
            return "holds characters that are not valid Unicode"
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return "is not a finite number"
    if isinstance(value, int) and abs(value) > LARGEST:
        return "is a number that is too large"
    if value is None or isinstance(value, (bool, int, float, dict, list, tuple)):
        return None
    return "is not a value that JSON knows"


def plain(value: Any) -> Any:
    """A deep copy of a value without faults, of plain dicts and lists only."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def kind(value: Any) -> str:
    """What sort of value this is, in plain words."""
    if value is None:
        return "empty"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", dict: "an object"}
    return names.get(type(value), "an object" if isinstance(value, dict) else "a list")
