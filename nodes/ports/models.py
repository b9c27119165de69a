"""Trained models as they travel along wires: saved in the ecosystem's own layout, loaded only when needed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from nodes.ports.base import Port, read_json, write_json


@dataclass(frozen=True)
class ImageModel(Port):
    """Any model that draws images: a folder with config.json, safetensors weights, README.md and training.json.

    `folder` is that folder; `report` is what its training wrote down (steps, seconds, final losses, scores).
    """

    folder: Path
    report: dict[str, Any] = field(default_factory=dict)

    title: ClassVar[str] = "Image model"
    colour: ClassVar[str] = "#a855f7"
    port_name: ClassVar[str] = "model"
    refers_to_folder: ClassVar[bool] = True

    def save(self, folder: Path) -> None:
        if self.folder != folder:
            shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        write_json(folder / "training.json", self.report)

    @classmethod
    def load(cls, folder: Path) -> Self:
        return cls(folder, read_json(folder / "training.json"))

    def network(self) -> Any:
        """The network itself, on the CPU, ready to draw."""
        from generative import models

        return models.load(self.folder)

    def summary(self) -> str:
        parts = []
        if self.report.get("parameters"):
            parts.append(f"{self.report['parameters']:,} weights")
        if self.report.get("steps"):
            parts.append(f"{self.report['steps']:,} steps")
        return " · ".join(parts) or self.title

    def facts(self) -> dict[str, Any]:
        return {"report": self.report}


@dataclass(frozen=True)
class VAEModel(ImageModel):
    """A variational autoencoder that draws images: its latents have a prior fitted after training."""

    title: ClassVar[str] = "VAE model"
    colour: ClassVar[str] = "#c026d3"
