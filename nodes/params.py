"""Parameters of a block: one pydantic model gives its form, its validation and its part of the cache key."""

from __future__ import annotations

import math
import re
import types
import typing
from typing import Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticUndefined


class Params(BaseModel):
    """Base of every block's parameters: unchangeable, and unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def Param(
    default: Any = ...,
    *,
    title: str,
    description: str,
    ge: float | None = None,
    le: float | None = None,
    gt: float | None = None,
    unit: str | None = None,
    step: float | None = None,
    advanced: bool = False,
    shown_when: dict[str, Any] | None = None,
    choices: dict[str, str] | None = None,
) -> Any:
    """Declare one parameter.

    Args:
        default: the value of a fresh node.
        title, description: what the form shows; the description ends with a full stop.
        ge, le, gt: the range, bounds included (`gt`: excluded).
        unit: shown behind the number, such as "px" or "s".
        step: the step of the form's stepper.
        advanced: whether the form folds it away.
        shown_when: {other parameter: value} that must hold for the form to show it.
        choices: {value: label} to show for a Literal.
    """
    extra: dict[str, Any] = {"advanced": advanced}
    for name, value in (("unit", unit), ("step", step), ("shown_when", shown_when), ("choices", choices)):
        if value is not None:
            extra[name] = value
    bounds: dict[str, Any] = {k: v for k, v in (("ge", ge), ("le", le), ("gt", gt)) if v is not None}
    return Field(default, title=title, description=description, json_schema_extra=extra, **bounds)


class Budget(BaseModel):
    """How long to train: exactly one of seconds, steps or epochs. Reads 30, "30 s", "500 steps", "20 epochs"."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    seconds: float | None = Field(default=None, gt=0, le=864_000)
    steps: int | None = Field(default=None, ge=1, le=100_000_000)
    epochs: float | None = Field(default=None, gt=0, le=1_000_000)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            return value
        if not isinstance(value, str):
            return {"seconds": value}
        match = re.fullmatch(r"\s*([0-9.]+(?:e[+-]?[0-9]+)?)\s*([a-z]*)\s*", value.lower())
        units = {
            "": "seconds",
            "s": "seconds",
            "sec": "seconds",
            "second": "seconds",
            "step": "steps",
            "epoch": "epochs",
            "min": "minutes",
            "minute": "minutes",
            "m": "minutes",
        }
        unit = match and units.get(match[2] if match[2] in units else match[2].rstrip("s"))
        if not match or not unit:
            raise ValueError('a budget is written like "30 s", "500 steps" or "20 epochs"')
        amount = float(match[1])
        if unit == "minutes":
            return {"seconds": amount * 60}
        return {unit: int(amount) if unit == "steps" and amount.is_integer() else amount}

    @model_validator(mode="after")
    def _exactly_one(self) -> Budget:
        given = [n for n in ("seconds", "steps", "epochs") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of seconds, steps or epochs")
        return self

    def words(self) -> str:
        """The budget as a person would write it, such as "30 s"."""
        if self.seconds is not None:
            return f"{self.seconds:g} s"
        if self.steps is not None:
            return f"{self.steps:,} {'step' if self.steps == 1 else 'steps'}"
        return f"{self.epochs:g} {'epoch' if self.epochs == 1 else 'epochs'}"


class Upload(BaseModel):
    """A file that a user gave: its content hash in the store, and the name it had, which is only a label."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    name: str = Field("upload", max_length=200)


def _unwrap(annotation: Any) -> tuple[Any, bool]:
    """Take `X | None` apart into X and whether None is allowed."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        rest = [a for a in typing.get_args(annotation) if a is not type(None)]
        return rest[0], len(rest) < len(typing.get_args(annotation))
    return annotation, False


_WIDGETS = {bool: "switch", int: "integer", float: "number", str: "text", Budget: "budget", Upload: "upload"}


def form_fields(params: type[Params]) -> list[dict[str, Any]]:
    """What a form needs of each parameter, in declared order, as plain JSON.

    Each has name, title, description, widget (switch, integer, number, text, choice, budget, upload),
    default, required, nullable, minimum, maximum, exclusive_minimum, step, unit, choices, advanced, shown_when.
    """
    fields = []
    for name, info in params.model_fields.items():
        kind, nullable = _unwrap(info.annotation)
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        choices = None
        if typing.get_origin(kind) is Literal:
            labels: Any = extra.get("choices") or {}
            choices = [{"value": v, "label": labels.get(v, str(v))} for v in typing.get_args(kind)]
        default = None if info.default is PydanticUndefined else info.default
        bounds = {type(m).__name__: m for m in info.metadata}
        fields.append({
            "name": name,
            "title": info.title or name,
            "description": info.description or "",
            "widget": "choice" if choices else _WIDGETS.get(kind, "text"),
            "default": default.model_dump(exclude_none=True) if isinstance(default, BaseModel) else default,
            "required": info.is_required(),
            "nullable": nullable,
            "minimum": getattr(bounds.get("Ge"), "ge", getattr(bounds.get("Gt"), "gt", None)),
            "maximum": getattr(bounds.get("Le"), "le", None),
            "exclusive_minimum": "Gt" in bounds,
            "step": extra.get("step"),
            "unit": extra.get("unit"),
            "choices": choices,
            "advanced": bool(extra.get("advanced")),
            "shown_when": extra.get("shown_when"),
        })  # fmt: skip
    return fields


def explain(error: pydantic.ValidationError, params: type[Params]) -> list[tuple[str, str]]:
    """Pydantic's complaints as (parameter, sentence in plain words)."""
    return [_explain_one(dict(item), params) for item in error.errors(include_url=False)]


def _explain_one(item: dict[str, Any], params: type[Params]) -> tuple[str, str]:
    name = str(item["loc"][0]) if item["loc"] else ""
    info = params.model_fields.get(name)
    if info is None:
        known = ", ".join(params.model_fields) or "none"
        return name, f"There is no parameter “{name}”. This block has: {known}."
    title, unit = info.title or name, ""
    if isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get("unit"):
        unit = f" {info.json_schema_extra['unit']}"
    if len(item["loc"]) > 1:  # a part of a budget or an upload
        title += f": {item['loc'][-1]}"
    context, given = item.get("ctx", {}), _shown(item.get("input"))
    match item["type"]:
        case "greater_than_equal":
            return name, f"{title} must be at least {context['ge']:g}{unit}, but is {given}."
        case "less_than_equal":
            return name, f"{title} must be at most {context['le']:g}{unit}, but is {given}."
        case "greater_than":
            return name, f"{title} must be more than {context['gt']:g}{unit}, but is {given}."
        case "missing":
            return name, f"{title} is needed. {info.description}"
        case "literal_error":
            return name, f"{title} must be one of {context['expected']}, but is {given}."
        case "int_type" | "int_parsing" | "int_from_float":
            return name, f"{title} must be a whole number, but is {given}."
        case "float_type" | "float_parsing" | "finite_number":
            return name, f"{title} must be a number, but is {given}."
        case "bool_type" | "bool_parsing":
            return name, f"{title} must be true or false, but is {given}."
        case "string_type":
            return name, f"{title} must be text, but is {given}."
        case "extra_forbidden":
            return name, f"{info.title or name}: there is no part “{item['loc'][-1]}”."
        case "value_error":
            return name, f"{title}: {context['error']}."
        case _:
            return name, f"{title}: {item['msg'][:1].lower()}{item['msg'][1:]} (given: {given})."


def _shown(value: Any) -> str:
    """A given value as short text, never raising."""
    if isinstance(value, float) and not math.isfinite(value):
        return "not a finite number"
    if value is None:
        return "empty"
    text = str(value) if isinstance(value, str) else repr(value)
    text = text if len(text) <= 60 else text[:57] + "…"
    return f"“{text}”" if isinstance(value, str) else text
