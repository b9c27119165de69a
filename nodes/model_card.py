"""The README.md inside a saved model: what it learned from, how, how good it is, and how to load it.

The text depends on nothing but the training, so that equal trainings write equal bytes. Names that users chose
stand in JSON in fenced code, where Markdown gives them no meaning.
"""

from __future__ import annotations

import json
from typing import Any

from nodes.ports.images import Images

# What differs between two equal trainings and so may not be saved with the model.
_MEASURED = ("seconds", "steps_per_second", "peak_memory", "plan")

_LOAD = """\
```python
from generative.models import load
from generative.sampling import draw

model = load("path/to/this/folder")
pictures = draw(model, 16, seed=0)  # uint8, shape (16, height, width, channels)
```

The folder is a diffusers model: `config.json` and weights as safetensors. `{family}.from_pretrained(folder)` of
`{module}` loads it too, on any device.
"""


def lasting(report: dict[str, Any]) -> dict[str, Any]:
    """The part of a training report that is the same for two equal trainings: no times, no memory."""
    return {name: value for name, value in report.items() if name not in _MEASURED}


def model_card(title: str, family: str, module: str, images: Images, report: dict[str, Any]) -> str:
    """The card of a trained image model.

    Args:
        title: what it is called, such as "VAE".
        family, module: the class that loads it and where that stands.
        images: what it learned from.
        report: the lasting part of the training's report.
    """
    count, height, width, channels = images.pixels.shape
    data = {
        "images": count,
        "size": f"{width}×{height}",
        "channels": channels,
        "classes": list(images.classes) if images.labels is not None else [],
        "notes": {name: value for name, value in images.notes.items() if name != "skipped"},
    }
    sections = [
        _front_matter(),
        f"# {title}",
        f"A {title} that draws {width}×{height} images, trained in {report['steps']:,} steps on {count:,} images "
        f"with Genloom. It has {report['parameters']:,} weights.",
        "## Data",
        _fenced(data),
        "## Settings",
        _fenced({name: value for name, value in report["settings"].items() if name != "classes"}),
        "## Losses at the end",
        _fenced(report["losses"]),
        "## Scores",
        _scores(report.get("scores", [])),
        "## Use",
        _LOAD.format(family=family, module=module).strip(),
    ]
    return "\n\n".join(sections) + "\n"


def _front_matter() -> str:
    return (
        "---\nlibrary_name: diffusers\npipeline_tag: unconditional-image-generation\n"
        "tags:\n- genloom\n- image-generation\n---"
    )


def _fenced(values: dict[str, Any]) -> str:
    """One line for each value that is set."""
    given = [
        f" {json.dumps(name)}: {_line(value)}" for name, value in sorted(values.items()) if value is not None
    ]
    return "```json\n{\n" + ",\n".join(given) + "\n}\n```"


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _scores(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "None were taken: no held-out images were connected to the training."
    head = (
        "| score | value | 95 % interval | floor (real images) | samples | features | better |\n"
        + "|---" * 7
        + "|"
    )
    lines = [
        f"| {row['name']} | {row['value']:.4g} | {row['low']:.4g} to {row['high']:.4g} | {row['floor']:.4g} "
        f"| {row['n']:,} | {row['features']} | {row['better']} |"
        for row in rows
    ]
    return "\n".join([head, *lines])
