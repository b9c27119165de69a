"""Pictures as they travel along wires: image files as given, and arrays of one size ready to learn from."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from nodes.ports.base import Port, read_json, write_json


class ImageData(Port):
    """Any pictures: files of any size, or arrays of one size. All have `classes` (names) and `notes`."""

    classes: tuple[str, ...]
    notes: dict[str, Any]

    title: ClassVar[str] = "Pictures"
    colour: ClassVar[str] = "#3b82f6"
    port_name: ClassVar[str] = "images"


@dataclass(frozen=True)
class ImageFiles(ImageData):
    """Image files of any size, in the "imagefolder" layout that Hugging Face `datasets` reads.

    `folder` holds `images/000000.png …` and `metadata.jsonl` with file_name, label, original_name per line.
    """

    folder: Path
    classes: tuple[str, ...] = ()
    count: int = 0
    notes: dict[str, Any] = field(default_factory=dict)

    title: ClassVar[str] = "Image files"
    colour: ClassVar[str] = "#0ea5e9"
    port_name: ClassVar[str] = "images"
    refers_to_folder: ClassVar[bool] = True

    def save(self, folder: Path) -> None:
        if self.folder != folder:
            shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        meta = {"classes": list(self.classes), "count": self.count, "notes": self.notes}
        write_json(folder / "meta.json", meta)

    @classmethod
    def load(cls, folder: Path) -> Self:
        meta = read_json(folder / "meta.json")
        return cls(folder, tuple(meta["classes"]), meta["count"], meta["notes"])

    def rows(self) -> list[dict[str, Any]]:
        """One dict per image: file_name (inside `folder`), label (a class number or None), original_name."""
        lines = (self.folder / "metadata.jsonl").read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines if line]

    def summary(self) -> str:
        classes = f" · {len(self.classes)} classes" if self.classes else ""
        skipped = self.notes.get("skipped_count", 0)
        return f"{self.count:,} image files{classes}" + (f" · {skipped:,} skipped" if skipped else "")

    def thumbnail(self) -> bytes | None:
        from PIL import Image

        from nodes.reading.pictures import open_upright

        tiles = []
        for row in self.rows()[:: max(1, self.count // 24)][:24]:
            tile = open_upright(self.folder / row["file_name"], at_least=64).convert("RGBA")
            tile.thumbnail((64, 64))
            square = Image.new("RGB", (64, 64), "white")
            square.paste(tile, ((64 - tile.width) // 2, (64 - tile.height) // 2), tile)
            tiles.append(np.asarray(square))
        return png_of(np.stack(tiles), columns=8) if tiles else None


@dataclass(frozen=True)
class Images(ImageData):
    """Pictures of one size: `pixels` uint8 (count, height, width, channels) with 1 or 3 channels, 0 to 255.

    `labels` are class numbers (count,) int64 into `classes`, or None. `notes` say where they come from.
    """

    pixels: np.ndarray
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)

    title: ClassVar[str] = "Images"
    colour: ClassVar[str] = "#3b82f6"
    port_name: ClassVar[str] = "images"

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if self.pixels.dtype != np.uint8 or len(shape) != 4 or shape[3] not in (1, 3):
            raise TypeError(
                f"Images are uint8 (count, height, width, 1 or 3), not {self.pixels.dtype} {shape}"
            )
        if self.labels is not None and self.labels.shape != (shape[0],):
            raise TypeError(f"{shape[0]} images need {shape[0]} labels, not {self.labels.shape}")
        for array in (self.pixels, self.labels):
            if array is not None:
                array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.pixels)

    def save(self, folder: Path) -> None:
        np.save(folder / "images.npy", np.ascontiguousarray(self.pixels), allow_pickle=False)
        if self.labels is not None:
            np.save(folder / "labels.npy", self.labels.astype(np.int64), allow_pickle=False)
        meta = {"classes": list(self.classes), "notes": self.notes}
        write_json(folder / "meta.json", meta)

    @classmethod
    def load(cls, folder: Path) -> Self:
        meta = read_json(folder / "meta.json")
        labels = folder / "labels.npy"
        return cls(
            np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False),
            np.load(labels, allow_pickle=False) if labels.exists() else None,
            tuple(meta["classes"]),
            meta["notes"],
        )

    def summary(self) -> str:
        count, height, width, channels = self.pixels.shape
        classes = f" · {len(self.classes)} classes" if self.labels is not None else ""
        return f"{count:,} images · {width}×{height} · {'grey' if channels == 1 else 'colour'}{classes}"

    def thumbnail(self) -> bytes | None:
        return png_of(self.pixels[:40]) if len(self.pixels) else None


def png_of(pixels: np.ndarray, columns: int = 8, gap: int = 1) -> bytes:
    """A PNG contact sheet of uint8 NHWC pictures; small pictures are enlarged so that a tile has about 48 px."""
    from PIL import Image

    count, height, width, channels = pixels.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    zoom = max(1, round(48 / max(height, width)))
    cell_h, cell_w = height * zoom, width * zoom
    sheet = np.full((rows * (cell_h + gap) - gap, columns * (cell_w + gap) - gap, channels), 128, np.uint8)
    for index, picture in enumerate(pixels):
        top, left = (index // columns) * (cell_h + gap), (index % columns) * (cell_w + gap)
        sheet[top : top + cell_h, left : left + cell_w] = picture.repeat(zoom, 0).repeat(zoom, 1)
    out = io.BytesIO()
    Image.fromarray(sheet[..., 0] if channels == 1 else sheet).save(out, "PNG", optimize=True)
    return out.getvalue()
