"""Which class a saved model folder holds, and how to load it."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

# Named rather than imported, so that loading one family does not load them all.
FAMILIES = {"ImageVAE": "generative.vae"}


def load(folder: str | Path) -> Any:
    """Load a trained model, on the CPU and in evaluation mode.

    Args:
        folder: what `save_pretrained` wrote: config.json and safetensors. Nothing is fetched, no code is run.

    Raises:
        ValueError: the folder is missing, is no model, or is one of another program; the text says which.
    """
    folder = Path(folder)
    config = folder / "config.json"
    if not config.is_file():
        raise ValueError(f"There is no model in {folder.name!r}: a model folder holds a file config.json.")
    try:
        name = json.loads(config.read_text(encoding="utf-8")).get("_class_name")
    except (json.JSONDecodeError, UnicodeDecodeError, AttributeError) as error:
        raise ValueError(f"The config.json in {folder.name!r} is not a JSON object: {error}") from error
    if name not in FAMILIES:
        raise ValueError(
            f"The model in {folder.name!r} is a {name!r}, which cannot be drawn from here. "
            f"Known: {', '.join(sorted(FAMILIES))}."
        )
    if not list(folder.glob("*.safetensors")):
        raise ValueError(f"The model in {folder.name!r} has a config.json but no weights (*.safetensors).")
    family = getattr(importlib.import_module(FAMILIES[name]), name)
    try:
        return family.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, low_cpu_mem_usage=False
        ).eval()
    except (OSError, RuntimeError, KeyError, TypeError) as error:
        raise ValueError(f"The model in {folder.name!r} cannot be read: {error}") from error
