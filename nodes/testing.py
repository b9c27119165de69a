"""What the author of a block needs to test it: `FakeContext` runs it, `NodeContract` checks what every block owes.

    class TestBlur(NodeContract):
        block = blur

        def example(self, ctx):
            return {"images": fake_images(4), "params": BlurParams(radius=1)}

Only numpy and this package are used, so that a third party's own test suite can import it.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import ValidationError

from nodes.errors import Cancelled
from nodes.fake_context import FakeContext
from nodes.params import Budget
from nodes.ports.base import Port
from nodes.ports.images import Images
from nodes.spec import BlockSpec

__all__ = ["FakeContext", "NodeContract", "fake_images", "run_block", "tiny_budget"]
PNG = b"\x89PNG\r\n\x1a\n"


class NodeContract:
    """What every block owes, as tests. A subclass named `Test…` sets `block` and gives a tiny `example`."""

    block: ClassVar[Callable[..., Any]]

    def example(self, ctx: FakeContext) -> dict[str, Any]:
        """Inputs and `params` of one small run, by the names in the block's signature."""
        raise NotImplementedError(f"{type(self).__name__} gives no example")

    @property
    def spec(self) -> BlockSpec:
        """What was derived from the block's signature."""
        spec: BlockSpec = type(self).block.__block__  # type: ignore[attr-defined]
        return spec

    def run(self, ctx: FakeContext, arguments: dict[str, Any] | None = None) -> dict[str, Port]:
        """Run the example; the outputs by port."""
        return run_block(type(self).block, ctx, self.example(ctx) if arguments is None else arguments)

    def test_the_declaration_is_sound(self) -> None:
        described = json.loads(json.dumps(self.spec.describe(), allow_nan=False))
        assert described["id"] == self.spec.id
        missing = set(range(1, self.spec.version)) - set(self.spec.upgrades)
        assert not missing, f"{self.spec.id} cannot read parameters of its versions {sorted(missing)}"
        names = [port.name for port in self.spec.inputs] + [port.name for port in self.spec.outputs]
        assert all(name.isidentifier() and name.islower() for name in names), (
            f"port names are small words: {names}"
        )

    def test_it_is_documented(self) -> None:
        spec = self.spec
        assert spec.summary.endswith("."), (
            f"the first line of the help of {spec.id} is a sentence: {spec.summary!r}"
        )
        assert len(spec.summary) <= 120, (
            f"the first line of the help of {spec.id} is for a tooltip; make it shorter"
        )
        assert len(spec.help) >= 80, f"{spec.id} needs a paragraph of help below its first line"
        for entry in spec.describe()["fields"]:
            words = entry["description"]
            assert words.endswith("."), (
                f"the description of {spec.id}.{entry['name']} ends with a full stop: {words!r}"
            )
            other = next(iter(entry["shown_when"] or {}), None)
            assert other is None or other in spec.params.model_fields, (
                f"shown_when names {other}, which is missing"
            )

    def test_the_defaults_are_valid(self) -> None:
        for name, info in self.spec.params.model_fields.items():
            if not info.is_required():
                _validate_default(self.spec, name)

    def test_the_parameters_survive_json(self) -> None:
        params = self.example(FakeContext()).get("params", None)
        if params is not None:
            again = type(params).model_validate_json(params.model_dump_json())
            assert again == params

    def test_its_outputs_have_the_declared_types(self) -> None:
        outputs = self.run(FakeContext())
        for port in self.spec.outputs:
            assert isinstance(outputs[port.name], port.kind), f"output {port.name} is no {port.kind.__name__}"

    def test_it_leaves_its_inputs_unchanged(self) -> None:
        ctx = FakeContext()
        arguments = self.example(ctx)
        before = _digests(arguments)
        self.run(ctx, arguments)
        assert _digests(arguments) == before, f"{self.spec.id} changed what it was given"

    def test_the_same_seed_gives_the_same_bytes(self) -> None:
        first, second = FakeContext(seed=7), FakeContext(seed=7)
        if self.spec.pure:
            assert _digests(self.run(first)) == _digests(self.run(second))

    def test_its_outputs_survive_the_disk(self) -> None:
        ctx = FakeContext()
        for name, value in self.run(ctx).items():
            with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
                value.save(Path(first))
                again = type(value).load(Path(first))
                again.save(Path(second))
                assert _files(Path(first)) == _files(Path(second)), f"output {name} changes when saved again"
                assert again.summary() == value.summary()
                assert 0 < len(value.summary()) <= 200, f"output {name} needs a short summary"
                picture = value.thumbnail()
                assert picture is None or picture.startswith(PNG), f"the thumbnail of {name} is no PNG"
                json.dumps(value.facts(), allow_nan=False)

    def test_it_cancels_within_one_step(self) -> None:
        if not self.spec.takes_context:
            return
        for passed in (0, 1):
            ctx = FakeContext(cancel_after=passed)
            try:
                self.run(ctx)
            except Cancelled:
                assert ctx.checks == passed + 1, f"{self.spec.id} went on after it was cancelled"
            else:
                assert ctx.checks == passed == 1, f"{self.spec.id} never asked whether it was cancelled"


def run_block(block: Callable[..., Any], ctx: FakeContext, arguments: dict[str, Any]) -> dict[str, Port]:
    """Call a block with named inputs and `params`; returns its outputs by port."""
    spec: BlockSpec = block.__block__  # type: ignore[attr-defined]
    given = dict(arguments)
    if spec.takes_context:
        given["ctx"] = ctx
    result = block(**given)
    if len(spec.outputs) == 1 and isinstance(result, Port):
        return {spec.outputs[0].name: result}
    return {} if result is None else dict(zip((port.name for port in spec.outputs), result, strict=True))


def fake_images(count: int = 12, size: int = 8, channels: int = 1, classes: int = 2, seed: int = 0) -> Images:
    """Small pictures with something to learn: one blurred bar per class, at a random place."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int64) % max(1, classes)
    across = np.arange(size)
    pixels = np.empty((count, size, size, channels), np.uint8)
    for index, label in enumerate(labels):
        bar = np.exp(-(((across - rng.uniform(size * 0.25, size * 0.75)) / (1 + label)) ** 2))
        picture = np.tile(bar, (size, 1)) if label % 2 else np.tile(bar[:, None], (1, size))
        noisy = picture[..., None] * 200 + rng.uniform(0, 40, (size, size, channels))
        pixels[index] = np.rint(noisy).astype(np.uint8)
    names = tuple(f"class {label}" for label in range(classes))
    return Images(pixels, labels if classes else None, names, {"origin": "made for tests"})


def tiny_budget() -> Budget:
    """The budget for an example of a training block."""
    return Budget(steps=30)


def _validate_default(spec: BlockSpec, name: str) -> None:
    """Validate the default of one parameter as if a user had sent it."""
    default = spec.params.model_fields[name].get_default(call_default_factory=True)
    plain = (
        json.loads(default.model_dump_json(exclude_none=True))
        if hasattr(default, "model_dump_json")
        else default
    )
    try:
        spec.params.model_validate({name: plain})
    except ValidationError as error:
        wrong = [item for item in error.errors() if item["type"] != "missing"]
        assert not wrong, f"the default of {spec.id}.{name} is not valid: {wrong}"


def _digests(values: dict[str, Any]) -> dict[str, Any]:
    """What each port value is made of, by what it writes to disk."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, list):
            found |= _digests({f"{name}[{index}]": item for index, item in enumerate(value)})
        elif isinstance(value, Port):
            with tempfile.TemporaryDirectory() as folder:
                value.save(Path(folder))
                found[name] = _files(Path(folder))
    return found


def _files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
