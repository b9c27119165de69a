"""Documents for the canvas's own tests."""

from __future__ import annotations

from typing import Any


def blank() -> dict[str, Any]:
    """Nothing on the canvas."""
    return {"format": 1, "name": "Empty", "description": "", "seed": 0, "nodes": [], "wires": []}


def chain() -> dict[str, Any]:
    """Digits, trained, drawn and scored, all wired."""
    nodes = [
        _node("digits", "dataset.digits", 0, 0),
        _node("vae", "train.vae", 304, 0, {"budget": {"seconds": 8}, "latent_size": 12}),
        _node("generate", "generate.images", 608, 40),
        _node("score", "evaluate.images", 912, 0),
    ]
    wires = [
        _wire("digits.train", "vae.images"),
        _wire("vae.model", "generate.model"),
        _wire("generate.images", "score.samples"),
        _wire("digits.train", "score.train"),
        _wire("digits.heldout", "score.heldout"),
    ]
    return {
        "format": 1, "name": "Digits with a VAE", "description": "Learn to draw digits on a laptop.", "seed": 7,
        "nodes": nodes, "wires": wires,
    }  # fmt: skip


def grid(count: int) -> dict[str, Any]:
    """Many short chains, in rows of four."""
    nodes, wires = [], []
    for index in range(count // 3):
        left, top = index % 4 * 960, index // 4 * 420
        nodes += [
            _node(f"digits_{index}", "dataset.digits", left, top),
            _node(f"vae_{index}", "train.vae", left + 304, top),
            _node(f"generate_{index}", "generate.images", left + 608, top),
        ]
        wires += [
            _wire(f"digits_{index}.train", f"vae_{index}.images"),
            _wire(f"vae_{index}.model", f"generate_{index}.model"),
        ]
    return {**blank(), "name": f"Grid of {count}", "nodes": nodes, "wires": wires}


def _node(id: str, block: str, x: int, y: int, params: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "id": id, "block": block, "version": 1, "title": None, "params": params or {}, "position": [x, y],
    }  # fmt: skip


def _wire(source: str, target: str) -> dict[str, Any]:
    return {"from": source.split("."), "to": target.split(".")}
