"""Block `dataset.images`: a user's own pictures, from an uploaded zip archive."""

from __future__ import annotations

import json
from typing import Any

from nodes.api import Context, ImageFiles, Param, Params, Upload, block

_NAMED = 1000  # skipped files listed by name; all are counted


class ImagesParams(Params):
    archive: Upload = Param(
        title="Images",
        description="A zip archive or a folder of PNG, JPEG, WebP, GIF or BMP images, one subfolder per class.",
    )


@block(
    "dataset.images", version=1, title="Your images", tags=("upload", "folder", "zip", "photos", "pictures")
)
def images(ctx: Context, params: ImagesParams) -> ImageFiles:
    """Your own images, from a zip archive or a folder that you upload.

    The subfolder that an image lies in is its class: `cats/tom.png` belongs to the class “cats”. One folder around
    everything is no class. Without subfolders the images simply have no classes.

    PNG, JPEG, WebP, GIF (its first frame) and BMP are read, whatever the files are called. Images that are broken,
    cut short, larger than 50 million pixels, or not images at all are left out, counted and named. An archive may
    hold 20,000 files of up to 64 MB each, 2 GB in all. Archives with links, passwords or names that lead out of
    their folder are refused.

    The files are kept exactly as you gave them; connect “Prepare images” to bring them to one size.
    """
    from nodes.reading.collection import Collection

    folder = ctx.scratch / "image-files"
    (folder / "images").mkdir(parents=True)
    found = Collection()
    files: list[str] = []
    for data, kind in found.walk(ctx.upload(params.archive.hash), lambda m: ctx.steps(m, "Reading images")):
        files.append(f"images/{len(files):06d}.{kind.extension}")
        (folder / files[-1]).write_bytes(data)
    classes, labels, warnings = found.classes()
    lines = [
        json.dumps(
            {"file_name": file, "label": labels and labels[index], "original_name": name}, ensure_ascii=False
        )
        for index, (file, name) in enumerate(zip(files, found.names, strict=True))
    ]
    (folder / "metadata.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    for warning in warnings:
        ctx.log(warning)
    notes: dict[str, Any] = {
        "origin": params.archive.name,
        "skipped": [list(one) for one in found.skipped[:_NAMED]],
        "skipped_count": len(found.skipped),
        "warnings": warnings,
    }
    return ImageFiles(folder, tuple(classes), len(files), notes)
