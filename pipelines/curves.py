"""The curves of a step as its card shows them: never too many points, and continued by a later attempt."""

from __future__ import annotations

from typing import Any

MAX_POINTS = 240


class Curves:
    """Curves inside `live`, which is what the card shows of a step. Not safe for several threads by itself."""

    def __init__(self, live: dict[str, Any], stale: bool = False) -> None:
        """`stale` curves are shown until there is a newer point, or until they are continued."""
        self._live, self._stale = live, stale
        self._strides: dict[str, tuple[int, int]] = {}

    def add(self, step: int, values: dict[str, float]) -> None:
        """Add points. A long curve is thinned out evenly, so that it never holds more than MAX_POINTS."""
        if self._stale:  # the step begins anew, and so do its curves
            self._live["curves"], self._stale = {}, False
        curves = self._live.setdefault("curves", {})
        for name, value in values.items():
            stride, seen = self._strides.get(name, (1, 0))
            points = curves.setdefault(name, [])
            if seen % stride == 0:
                points.append([step, float(f"{value:.6g}")])
                if len(points) > MAX_POINTS:
                    del points[1::2]
                    stride *= 2
            self._strides[name] = (stride, seen + 1)

    def kept(self) -> dict[str, Any]:
        """Everything needed to continue the curves, as JSON."""
        curves = {} if self._stale else self._live.get("curves", {})
        return {"points": {name: list(p) for name, p in curves.items()}, "strides": dict(self._strides)}

    def restore(self, kept: dict[str, Any]) -> None:
        """Go back to where `kept` was taken."""
        self._live["curves"], self._stale = kept["points"], False
        self._strides = {name: (stride, seen) for name, (stride, seen) in kept["strides"].items()}
