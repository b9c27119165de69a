"""Block `evaluate.images`: how good drawn images are, with everything needed to trust the figures."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from nodes.api import BlockError, Context, Images, Param, Params, Scores, block

if TYPE_CHECKING:
    from generative.scores.evaluator import Evaluator

_FEW = 50


class EvaluateParams(Params):
    neighbours: int = Param(
        8, ge=1, le=40, title="Neighbours shown",
        description="Samples to show above their nearest training image; the most alike ones come first.",
    )  # fmt: skip
    baseline: bool = Param(
        True, title="Baseline",
        description="Also score a simple mixture model without any network, which a good model should beat.",
    )  # fmt: skip
    seed: int = Param(
        0, ge=0, le=2**31 - 1, advanced=True, title="Seed",
        description="Rules the learned features and the intervals; compare only scores of the same seed.",
    )  # fmt: skip


@block(
    "evaluate.images", version=1, title="Evaluate images", tags=("fid", "kid", "precision", "recall", "score")
)
def evaluate(ctx: Context, samples: Images, train: Images, heldout: Images, params: EvaluateParams) -> Scores:
    """Score drawn images against real ones that the model never saw.

    FID and KID say how far the samples as a whole are from the held-out images (lower is better). Precision is the
    share of samples that look real, recall the share of real images whose kind the samples cover, and near copies
    the share that all but repeats a training image. Each has an interval and stands beside its floor: what real
    training images get in the place of the samples. A value near its floor is as good as this test can see.

    The features are learned from your training images, so scores compare models of the same data and not with
    published figures. The baseline row is a mixture of Gaussians on principal components, made in under a second. The
    picture shows samples above the training image each is nearest to: look there for copies.
    """
    from generative.scores.evaluator import evaluator_for

    ctx.check()
    _check_sizes(samples, train, heldout)
    try:
        # The seed of the form alone, whatever the run's is: every run is measured with the same yardstick.
        judge = evaluator_for(train.pixels, train.labels, heldout.pixels, heldout.labels, params.seed)
        ctx.progress(0.1, "Scoring the samples")
        rows = judge.score(samples.pixels)
        ctx.scores(rows)
        ctx.check()
        ctx.progress(0.5, "Scoring the baseline")
        rows = rows + (judge.baseline_scores(len(samples)) if params.baseline else [])
        ctx.check()
        ctx.progress(0.9, "Finding the nearest training images")
        picture, closest = _pairs(judge, samples, train, params.neighbours)
    except ValueError as error:  # says which side has too few images
        raise BlockError(str(error)) from error
    ctx.scores(rows)
    warnings = _warnings(samples, heldout)
    for warning in warnings:
        ctx.log(warning)
    notes: dict[str, Any] = {
        "samples": len(samples), "train": len(train), "heldout": len(heldout), "warnings": warnings,
        "picture": "Samples above their nearest training image, the most alike first.", "closest": closest,
    }  # fmt: skip
    few = " Few samples: the value is uncertain." if len(samples) < _FEW else ""
    return Scores(tuple({**asdict(row), "meaning": row.meaning + few} for row in rows), notes, picture)


def _check_sizes(samples: Images, train: Images, heldout: Images) -> None:
    for name, other in (("samples", samples), ("held-out images", heldout)):
        if other.pixels.shape[1:] != train.pixels.shape[1:]:
            raise BlockError(
                f"The {name} are {_words(other)}, but the training images are {_words(train)}, so they cannot be "
                "compared. Wire “train” and “heldout” from the “Prepare images” block that the model learned from."
            )


def _words(images: Images) -> str:
    _, height, width, channels = images.pixels.shape
    return f"{width}×{height} {'grey' if channels == 1 else 'colour'}"


def _warnings(samples: Images, heldout: Images) -> list[str]:
    found = []
    for name, count, advice in (
        ("samples", len(samples), "Draw a few hundred in the “Generate images” block."),
        ("held-out images", len(heldout), "Give more images or hold out a larger share."),
    ):
        if count < _FEW:
            found.append(f"Only {count} {name}: the scores are uncertain, as their intervals show. {advice}")
    return found


def _pairs(judge: Evaluator, samples: Images, train: Images, shown: int) -> tuple[bytes, list[float]]:
    """A PNG of the samples most like a training image, above that image; and their distances."""
    from generative.pictures import grid, to_png

    nearest, distances = judge.nearest(samples.pixels)
    order = np.argsort(distances, kind="stable")[:shown]
    zoom = max(1, round(48 / samples.pixels.shape[1]))
    rows = np.concatenate([samples.pixels[order], train.pixels[nearest[order]]])
    sheet = grid(rows.repeat(zoom, 1).repeat(zoom, 2), columns=len(order))
    return to_png(sheet), [round(float(distances[index]), 4) for index in order]
