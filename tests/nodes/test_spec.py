"""The rules of a block's signature, and what is derived from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from nodes.api import Context, Images, Param, Params, Scores, block
from nodes.errors import DeclarationError
from nodes.testing import FakeContext


class Two(NamedTuple):
    left: Images
    right: Scores


class Bad(NamedTuple):
    left: int


class Untitled(Params):
    size: int = 3


class Some(Params):
    size: int = Param(3, ge=1, title="Size", description="How large.")
    seed: int = Param(0, ge=0, title="Seed", description="Luck.")


def everything(ctx: Context, a: Images, several: list[Images], params: Some, b: Scores | None = None) -> Two:
    """A summary.

    A paragraph of help.
    """
    raise NotImplementedError


def no_docstring(a: Images) -> Images:
    return a


def bare_array(a: list) -> Images:  # type: ignore[type-arg]
    """A port."""
    raise NotImplementedError


def number_port(a: int) -> Images:
    """A port."""
    raise NotImplementedError


def unannotated(a) -> Images:  # type: ignore[no-untyped-def]
    """A port."""
    raise NotImplementedError


def two_kinds(a: Images | Scores) -> Images:
    """A port."""
    raise NotImplementedError


def optional_without_default(a: Images | None) -> Images:
    """A port."""
    raise NotImplementedError


def returns_number(a: Images) -> int:
    """A port."""
    return 1


def returns_numbers(a: Images) -> Bad:
    """A port."""
    raise NotImplementedError


def untitled(a: Images, params: Untitled) -> Images:
    """A port."""
    return a


def two_params(a: Images, params: Some, more: Some) -> Images:
    """A port."""
    return a


def sink(a: Images) -> None:
    """A sink."""


DECLARATIONS: list[tuple[str, Callable[..., Any], dict[str, Any], str]] = [
    ("an id without a group", sink, {"id": "blur"}, "must look like"),
    ("an id with capitals", sink, {"id": "image.Blur"}, "must look like"),
    ("an unknown device", sink, {"device": "gpu"}, "not “gpu”"),
    ("a version of 0", sink, {"version": 0}, "version"),
    ("a missing upgrade", sink, {"version": 2}, "upgrade"),
    ("no docstring", no_docstring, {}, "no docstring"),
    ("a bare list", bare_array, {}, "must be a Port"),
    ("a number as a port", number_port, {}, "must be a Port"),
    ("no annotation", unannotated, {}, "must be a Port"),
    ("either of two kinds", two_kinds, {}, "must be a Port"),
    ("optional without a default", optional_without_default, {}, "needs the default None"),
    ("a number as the result", returns_number, {}, "must return a Port"),
    ("a tuple of numbers as the result", returns_numbers, {}, "must return a Port"),
    ("a parameter without a title", untitled, {}, "needs a title"),
    ("two sets of parameters", two_params, {}, "one set of parameters"),
]


@pytest.mark.parametrize(
    ("function", "changed", "words"), [c[1:] for c in DECLARATIONS], ids=[c[0] for c in DECLARATIONS]
)
def test_a_wrong_declaration_fails_at_import(
    function: Callable[..., Any], changed: dict[str, Any], words: str
) -> None:
    given: dict[str, Any] = {"id": "test.block", "version": 1, "title": "Test", **changed}
    with pytest.raises(DeclarationError, match=words):
        block(given.pop("id"), **given)(function)


def test_everything_is_derived_from_the_signature() -> None:
    declared = block("test.all", version=2, title="All", upgrades={1: dict}, tags=("x",))(everything)
    assert declared is everything
    spec = declared.__block__  # type: ignore[attr-defined]
    described = spec.describe()
    assert described["inputs"] == [
        {"name": "a", "kind": "Images", "optional": False, "multiple": False},
        {"name": "several", "kind": "Images", "optional": False, "multiple": True},
        {"name": "b", "kind": "Scores", "optional": True, "multiple": False},
    ]
    assert described["outputs"] == [{"name": "left", "kind": "Images"}, {"name": "right", "kind": "Scores"}]
    assert (described["summary"], described["help"]) == ("A summary.", "A paragraph of help.")
    assert [entry["name"] for entry in described["fields"]] == ["size", "seed"]
    assert (spec.group, spec.seeded, spec.takes_context) == ("test", True, True)
    assert spec.input("b").optional
    assert spec.output("right").kind is Scores
    assert spec.input("c") is spec.output("c") is None


def test_a_sink_and_a_single_output() -> None:
    assert block("test.sink", version=1, title="Sink")(sink).__block__.outputs == ()  # type: ignore[attr-defined]

    def same(a: Images) -> Images:
        """The same."""
        return a

    spec = block("test.same", version=1, title="Same")(same).__block__  # type: ignore[attr-defined]
    assert [(port.name, port.kind) for port in spec.outputs] == [("images", Images)]
    assert spec.describe()["fields"] == []


def test_the_fake_context_serves_as_the_observer_of_the_mathematics() -> None:
    from generative.observer import Observer

    wanted = {name for name in vars(Observer) if not name.startswith("_")}
    assert wanted <= set(dir(FakeContext))
