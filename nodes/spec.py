"""`@block` and what it derives from a function's signature: ports, form, help. Faults surface at import."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nodes.context import Context
from nodes.errors import DeclarationError
from nodes.params import Params, form_fields
from nodes.ports.base import Port


@dataclass(frozen=True)
class Input:
    """One input port: its name, the kind it takes, and whether it may be empty or take several wires."""

    name: str
    kind: type[Port]
    optional: bool = False
    multiple: bool = False


@dataclass(frozen=True)
class Output:
    """One output port."""

    name: str
    kind: type[Port]


@dataclass(frozen=True)
class BlockSpec:
    """Everything the product knows of a block, derived from its function."""

    id: str
    version: int
    title: str
    function: Callable[..., Any]
    params: type[Params]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    device: str = "cpu"
    tags: tuple[str, ...] = ()
    pure: bool = True
    takes_context: bool = False
    upgrades: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """The palette group: the part of the id before the dot."""
        return self.id.split(".")[0]

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return inspect.cleandoc(self.function.__doc__ or "").split("\n")[0]

    @property
    def help(self) -> str:
        """The rest of the docstring: paragraphs separated by empty lines."""
        return inspect.cleandoc(self.function.__doc__ or "").partition("\n")[2].strip()

    @property
    def seeded(self) -> bool:
        """Whether its result depends on a seed."""
        return "seed" in self.params.model_fields

    def input(self, name: str) -> Input | None:
        """The input port of that name, or None."""
        return next((port for port in self.inputs if port.name == name), None)

    def output(self, name: str) -> Output | None:
        """The output port of that name, or None."""
        return next((port for port in self.outputs if port.name == name), None)

    def describe(self) -> dict[str, Any]:
        """The block as plain JSON, for the canvas, the command line and the help pages."""
        return {
            "id": self.id,
            "version": self.version,
            "title": self.title,
            "group": self.group,
            "device": self.device,
            "tags": list(self.tags),
            "summary": self.summary,
            "help": self.help,
            "inputs": [
                {"name": p.name, "kind": p.kind.__name__, "optional": p.optional, "multiple": p.multiple}
                for p in self.inputs
            ],
            "outputs": [{"name": p.name, "kind": p.kind.__name__} for p in self.outputs],
            "fields": form_fields(self.params),
        }


class NoParams(Params):
    """The parameters of a block that has none."""


def block(
    id: str,
    *,
    version: int,
    title: str,
    device: str = "cpu",
    tags: tuple[str, ...] = (),
    pure: bool = True,
    upgrades: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a function to be a block. The function is returned unchanged, with its spec attached.

    Args:
        id: "group.name"; never changes, since saved pipelines hold it.
        version: raised when the meaning changes; `upgrades[n]` turns parameters of version n into n + 1.
        device: "accelerator" where a GPU helps, else "cpu".
        pure: False for a block whose result may differ on equal inputs; it is never reused.

    Raises:
        DeclarationError: something in the signature does not fit the rules of a block.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        spec = _derive(function, id, version, title, device, tags, pure, upgrades or {})
        function.__block__ = spec  # type: ignore[attr-defined]
        return function

    return declare


def _derive(
    function: Callable[..., Any], id: str, version: int, title: str, device: str, tags: tuple[str, ...],
    pure: bool, upgrades: dict[int, Any],
) -> BlockSpec:  # fmt: skip
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", id):
        raise DeclarationError(f"Block id “{id}” must look like “group.name” in small letters.")
    if not inspect.getdoc(function):
        raise DeclarationError(f"Block {id} has no docstring; its first line is what users read.")
    if device not in ("cpu", "accelerator"):
        raise DeclarationError(f"Block {id}: device is “cpu” or “accelerator”, not “{device}”.")
    _check_version(id, version, upgrades)
    hints = typing.get_type_hints(function)
    returned = hints.pop("return", None)
    params: type[Params] = NoParams
    inputs, takes_context = [], False
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints.get(name)
        if hint is Context:
            takes_context = True
        elif isinstance(hint, type) and issubclass(hint, Params):
            if params is not NoParams:
                raise DeclarationError(
                    f"Block {id} takes one set of parameters, but “{name}” is a second one."
                )
            params = hint
        else:
            inputs.append(_input(id, name, hint, parameter.default is None))
    _check_params(id, params)
    return BlockSpec(
        id, version, title, function, params, tuple(inputs), _outputs(id, returned), device, tags, pure,
        takes_context, upgrades,
    )  # fmt: skip


def _check_version(id: str, version: int, upgrades: dict[int, Any]) -> None:
    if version < 1:
        raise DeclarationError(f"Block {id}: the version is {version}, but versions count from 1.")
    if missing := sorted(set(range(1, version)) - set(upgrades)):
        raise DeclarationError(f"Block {id} is at version {version} but has no upgrade from {missing}.")


def _input(id: str, name: str, hint: Any, has_none_default: bool) -> Input:
    optional = multiple = False
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        members = [a for a in typing.get_args(hint) if a is not type(None)]
        optional, hint = True, members[0] if len(members) == 1 else None
    if typing.get_origin(hint) is list:
        multiple, hint = True, typing.get_args(hint)[0]
    if not (isinstance(hint, type) and issubclass(hint, Port)):
        raise DeclarationError(
            f"Block {id}: “{name}” must be a Port, Port | None, list[Port], Params or Context, not {hint}."
        )
    if optional and not has_none_default:
        raise DeclarationError(f"Block {id}: the optional input “{name}” needs the default None.")
    return Input(name, hint, optional, multiple)


def _outputs(id: str, returned: Any) -> tuple[Output, ...]:
    if returned is None or returned is type(None):
        return ()
    if isinstance(returned, type) and issubclass(returned, Port):
        return (Output(returned.port_name, returned),)
    if isinstance(returned, type) and issubclass(returned, tuple) and hasattr(returned, "_fields"):
        hints = typing.get_type_hints(returned)
        if all(isinstance(h, type) and issubclass(h, Port) for h in hints.values()):
            return tuple(Output(name, hints[name]) for name in returned._fields)
    raise DeclarationError(f"Block {id} must return a Port, a NamedTuple of Ports or None, not {returned}.")


def _check_params(id: str, params: type[Params]) -> None:
    for name, info in params.model_fields.items():
        if not info.title or not info.description:
            raise DeclarationError(f"Block {id}: parameter “{name}” needs a title and a description.")
