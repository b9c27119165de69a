"""Block `dataset.digits`: real scans of handwritten digits that come with scikit-learn."""

from __future__ import annotations

import numpy as np

from nodes.api import Images, Param, Params, block


class DigitsParams(Params):
    limit: int | None = Param(
        None, ge=20, le=1797, title="Limit", description="Take only this many scans; empty for all 1,797."
    )


@block("dataset.digits", version=1, title="Handwritten digits", tags=("demo", "numbers", "scans", "mnist"))
def digits(params: DigitsParams) -> Images:
    """1,797 real scans of handwritten digits, 8×8 pixels, with their labels.

    The scans were made by 43 people and come with scikit-learn (the UCI “Optical Recognition of Handwritten
    Digits” test set), so nothing is downloaded. They are small and easy: they show whether a training recipe
    works, not how large a model can grow. A simple mixture model already does well on them, which is why the
    evaluation always shows that baseline.
    """
    from sklearn.datasets import load_digits

    scans = load_digits()
    pixels = np.rint(scans.images * (255 / 16)).astype(np.uint8)[..., None]
    count = params.limit or len(pixels)
    classes = tuple(str(name) for name in scans.target_names)
    notes = {"origin": "scikit-learn digits (UCI, real scans)"}
    return Images(pixels[:count], scans.target[:count].astype(np.int64), classes, notes)
