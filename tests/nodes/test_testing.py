"""The contract catches what it promises to: each broken block fails exactly the check made for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from nodes.api import BlockError, Cancelled, Context, Images, Param, Params, Paused, Port, block
from nodes.testing import FakeContext, NodeContract, fake_images

_HELP = " ".join(["This paragraph says what a user should know of the block."] * 2)
_count = itertools.count()


class Amount(Params):
    amount: float = Param(2.0, title="Amount", description="How much.")


class WrongDefault(Params):
    amount: float = Param(2.0, le=1, title="Amount", description="How much.")


class NoFullStop(Params):
    amount: float = Param(2.0, title="Amount", description="How much")


class OddlyShown(Params):
    amount: float = Param(2.0, title="Amount", description="How much.", shown_when={"mode": "a"})


@dataclass(frozen=True)
class Forgetful(Port):
    """A port whose file differs each time it is written."""

    def save(self, folder: Path) -> None:
        (folder / "value").write_text(str(next(_count)))

    @classmethod
    def load(cls, folder: Path) -> Self:
        return cls()


def sound(ctx: Context, images: Images, params: Amount) -> Images:
    for _ in ctx.steps(range(3)):
        pass
    return Images(images.pixels.copy(), images.labels)


def mutates(ctx: Context, images: Images, params: Amount) -> Images:
    ctx.check()
    images.pixels.flags.writeable = True
    images.pixels[0] = 7
    return Images(images.pixels.copy())


def unseeded(ctx: Context, images: Images, params: Amount) -> Images:
    ctx.check()
    return Images(np.random.default_rng().integers(0, 256, (2, 4, 4, 1), np.uint8))


def deaf(ctx: Context, images: Images, params: Amount) -> Images:
    return Images(images.pixels.copy())


def swallows(ctx: Context, images: Images, params: Amount) -> Images:
    for _ in range(3):
        try:
            ctx.check()
        except Cancelled:
            continue
    return Images(images.pixels.copy())


def finishes_first(ctx: Context, images: Images, params: Amount) -> Images:
    for index in range(3):
        try:
            ctx.check()
        except Cancelled:
            if index == 2:
                raise
    return Images(images.pixels.copy())


def wrong_type(ctx: Context, images: Images, params: Amount) -> Images:
    ctx.check()
    return Forgetful()  # type: ignore[return-value]


def forgetful(ctx: Context, images: Images, params: Amount) -> Forgetful:
    ctx.check()
    return Forgetful()


def wrong_default(ctx: Context, images: Images, params: WrongDefault) -> Images:
    return sound(ctx, images, Amount())


def no_full_stop(ctx: Context, images: Images, params: NoFullStop) -> Images:
    return sound(ctx, images, Amount())


def oddly_shown(ctx: Context, images: Images, params: OddlyShown) -> Images:
    return sound(ctx, images, Amount())


BROKEN: list[tuple[Callable[..., Any], str]] = [
    (mutates, "test_it_leaves_its_inputs_unchanged"),
    (unseeded, "test_the_same_seed_gives_the_same_bytes"),
    (deaf, "test_it_cancels_within_one_step"),
    (swallows, "test_it_cancels_within_one_step"),
    (finishes_first, "test_it_cancels_within_one_step"),
    (wrong_type, "test_its_outputs_have_the_declared_types"),
    (forgetful, "test_its_outputs_survive_the_disk"),
    (wrong_default, "test_the_defaults_are_valid"),
    (no_full_stop, "test_it_is_documented"),
    (oddly_shown, "test_it_is_documented"),
]


def contract_of(function: Callable[..., Any], help: str = _HELP, **options: Any) -> NodeContract:
    function.__doc__ = f"A summary.\n\n{help}"
    declared = block(f"test.{function.__name__}", version=1, title="Test", **options)(function)
    params = declared.__block__.params  # type: ignore[attr-defined]

    class Contract(NodeContract):
        block = declared

        def example(self, ctx: FakeContext) -> dict[str, Any]:
            return {"images": fake_images(6), "params": params.model_construct(amount=1.0)}

    return Contract()


CHECKS = [name for name in dir(NodeContract) if name.startswith("test_")]


@pytest.mark.parametrize("check", CHECKS)
def test_a_sound_block_passes(check: str) -> None:
    getattr(contract_of(sound), check)()


@pytest.mark.parametrize(("function", "check"), BROKEN, ids=[function.__name__ for function, _ in BROKEN])
def test_a_broken_block_fails_its_check(function: Callable[..., Any], check: str) -> None:
    with pytest.raises(AssertionError):
        getattr(contract_of(function), check)()


def test_help_of_one_word_is_not_enough() -> None:
    with pytest.raises(AssertionError, match="paragraph of help"):
        contract_of(sound, help="Short.").test_it_is_documented()


def test_a_block_that_is_not_pure_may_vary() -> None:
    contract_of(unseeded, pure=False).test_the_same_seed_gives_the_same_bytes()


def test_the_fake_context_cancels_stops_remembers_and_keeps_uploads() -> None:
    ctx = FakeContext(cancel_after=3, stop_after=2)
    seen: list[tuple[int, bool]] = []
    with pytest.raises(Cancelled):
        seen.extend((item, ctx.stopping()) for item in ctx.steps(range(10), "Working"))
    assert seen == [(0, False), (1, True), (2, True)]
    assert [fraction for fraction, *_ in ctx.said("progress")] == [0, 0.1, 0.2]
    ctx.remember("plan", {"steps": (1, 2)})
    assert ctx.recall("plan") == {"steps": [1, 2]}
    upload = ctx.give(b"content", "a.zip")
    assert ctx.upload(upload.hash).read_bytes() == b"content"
    with pytest.raises(BlockError, match="Upload the file again"):
        ctx.upload("0" * 64)
    with pytest.raises(AssertionError, match="a preview is uint8"):
        ctx.preview(0, lambda: np.zeros((1, 2, 2, 1)))
    with pytest.raises(AssertionError, match="from 0 to 1"):
        ctx.progress(2)


def test_the_fake_context_pauses_and_keeps_checkpoints_as_files() -> None:
    ctx = FakeContext(pause_after=4, checkpoint_every=2)
    assert ctx.load_checkpoint() is None
    for step in range(1, 5):
        ctx.check()
        if ctx.checkpoint_due():
            ctx.save_checkpoint({"step": step, "weights": np.full(3, step)})
    with pytest.raises(Paused):
        ctx.check()
    assert ctx.said("save_checkpoint") == [(2,), (4,)]
    second = FakeContext()
    second.checkpoint = ctx.checkpoint
    state = second.load_checkpoint()
    assert state["step"] == 4
    assert state["weights"].tolist() == [4, 4, 4]
