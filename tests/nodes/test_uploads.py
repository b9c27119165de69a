"""Uploads: honest archives are read, hostile ones refused with a sentence, and nothing is half done."""

from __future__ import annotations

import io
import json
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nodes.api import BlockError, ImageFiles
from nodes.dataset.images import ImagesParams, images
from nodes.reading import Inspection, archives, inspect
from nodes.reading.magic import Kind, describe
from nodes.reading.pictures import fault, open_upright
from nodes.testing import FakeContext
from tests.nodes import corpus
from tests.nodes.corpus import picture, renamed, zipped

GOOD = zipped({"a.png": picture()})


def looked_at(tmp_path: Path, data: bytes) -> Inspection:
    path = tmp_path / "upload"
    path.write_bytes(data)
    return inspect(path)


def imported(data: bytes) -> tuple[ImageFiles, FakeContext]:
    ctx = FakeContext()
    result = images(ctx, ImagesParams(archive=ctx.give(data, "mine.zip")))
    assert isinstance(result, ImageFiles)
    return result, ctx


# name, archive, words of the refusal
REFUSED = [
    ("an empty file", b"", "empty"),
    ("a picture", picture(), "not a zip archive but a PNG picture"),
    ("a tar.gz", b"\x1f\x8b\x08" + bytes(60), "not a zip archive but a gzip archive"),
    ("text", b"hello, I am no zip", "not a zip archive but text"),
    ("a zip without an end", GOOD[:-30], "cut short"),
    ("an end record alone", b"PK\5\6" + bytes(18), "holds no files"),
    ("a damaged list of contents", GOOD.replace(b"PK\1\2", b"PK\1\3"), "damaged"),
    ("the parent folder", zipped({"../../evil.png": picture()}), "leads out of the archive's own folder"),
    ("the parent folder inside", zipped({"a/../../b.png": picture()}), "leads out"),
    ("an absolute name", zipped({"/etc/evil.png": picture()}), "a place on the computer"),
    ("a backslash", renamed(zipped({"a@b.png": picture()}), "a@b.png", "a\\b.png"), "backslash"),
    ("a drive letter", zipped({"C:evil.png": picture()}), "drive letter"),
    ("a zero byte", renamed(zipped({"a.png@x": picture()}), "a.png@x", "a.png\0x"), "zero byte"),
    ("a reserved name", zipped({"cat/con.png": picture()}), "reserve"),
    ("a reserved folder", zipped({"LPT1/a.png": picture()}), "reserve"),
    ("a name of 300 characters", zipped({"x" * 300 + ".png": picture()}), "longer than"),
    ("a symlink", corpus.symlink("a.png", "/etc/passwd"), "a link to another file"),
    ("encryption", corpus.encrypted(), "Make a zip without a password"),
    ("a name twice", renamed(zipped({"a.png": picture(), "b.png": picture()}), "b.png", "a.png"), "twice"),
    ("overlapping entries", corpus.overlapping(2000, bytes(10**7)), "overlap"),
    ("far too many entries", corpus.many_entries(200_000), "more than 20,000 files"),
    ("no pictures", zipped({"a.txt": b"hello", "b.csv": b"1,2"}), "“a.txt”: it is text"),
    ("only litter", zipped({"__MACOSX/._a.png": b"x", ".DS_Store": b"y"}), "holds no files"),
    ("only broken pictures", zipped({"a.png": picture()[:80]}), "broken or cut short"),
    ("an image bomb", zipped({"a.png": corpus.png_bomb()}), "claims many more than the 50 million pixels"),
    ("a lesser image bomb", zipped({"a.png": corpus.png_bomb(9_000, 9_000)}), "claims 9,000×9,000 pixels"),
    ("a WebP bomb", zipped({"a.webp": corpus.webp_bomb()}), "claims 16,384×16,384 pixels"),
    ("a zip in a zip", zipped({"inner.zip": GOOD}), "an archive inside the archive"),
    ("SVG as PNG", zipped({"a.png": b"<svg xmlns='x' onload='alert(1)'/>"}), "SVG"),
    ("HTML as PNG", zipped({"a.png": b"<!DOCTYPE html><script>alert(1)</script>"}), "a web page"),
    ("a TIFF", zipped({"a.tif": picture("TIFF")}), "a TIFF picture"),
    ("an EPS", zipped({"a.png": b"%!PS-Adobe-3.0 EPSF-3.0"}), "EPS"),
    ("a pickle", zipped({"a.png": b"\x80\x04\x95abc."}), "Python pickle"),
    ("a lying size, too small", corpus.lying_size(20, picture()), "cannot be unpacked"),
    ("a lying size, too large", corpus.lying_size(3 * 1024**3, picture()), "more than 2 GB"),
    (
        "images in and beside classes",
        zipped({"s/a.png": picture(), "s/cat/b.png": picture()}),
        "beside the class",
    ),
]


@pytest.mark.parametrize(("data", "words"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_hostile_upload_is_refused_in_words_and_leaves_nothing(
    tmp_path: Path, data: bytes, words: str
) -> None:
    began = time.monotonic()
    with pytest.raises(BlockError) as refusal:
        looked_at(tmp_path, data)
    assert words in str(refusal.value)
    assert str(refusal.value).rstrip(")").endswith((".", "!"))
    assert time.monotonic() - began < 2
    before = {path: path.stat().st_mtime_ns for path in tmp_path.parent.rglob("*")}
    with pytest.raises(BlockError) as again:
        imported(data)
    assert str(again.value) == str(refusal.value)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.parent.rglob("*")} == before


def test_a_huge_ratio_is_stopped_while_it_is_unpacked(tmp_path: Path) -> None:
    bomb = zipped({"a.bmp": b"BM" + bytes(archives.MAX_MEMBER + 1000)})
    assert len(bomb) < 100_000
    tracemalloc.start()
    with pytest.raises(BlockError, match="unpacks to more than 64 MB"):
        looked_at(tmp_path, bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80 * 1024**2


def test_the_total_is_checked_before_and_counted_while_unpacking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(zipped({f"{i}.bmp": picture("BMP", (100, 100), i) for i in range(3)}))
    with archives.Archive(path) as archive:
        monkeypatch.setattr(archives, "MAX_TOTAL", 50_000)
        archive.read(archive.members[0], lambda head: True)
        with pytest.raises(BlockError, match="The archive unpacks to more than"):
            archive.read(archive.members[1], lambda head: True)
    with pytest.raises(BlockError, match="The archive unpacks to more than"):
        archives.Archive(path)


def test_a_file_that_is_no_picture_is_never_unpacked_whole(tmp_path: Path) -> None:
    found = looked_at(
        tmp_path, zipped({"a.png": picture(), "video.mp4": b"\0\0\0\x20ftypisom" + bytes(10**8)})
    )
    assert found.skipped == (("video.mp4", "it is a video, not a PNG, JPEG, WebP, GIF or BMP picture"),)


def test_one_broken_picture_among_good_ones_is_skipped_counted_and_named(tmp_path: Path) -> None:
    jpeg = picture("JPEG", (64, 64))
    files = {
        "cat/1.png": picture(),
        "cat/2.jpg": jpeg[: len(jpeg) // 2],
        "dog/3.png": picture(),
        "dog/4.png": b"",
    }
    found = looked_at(tmp_path, zipped(files))
    assert found.classes == (("cat", 1), ("dog", 1))
    assert [name for name, _ in found.skipped] == ["cat/2.jpg", "dog/4.png"]
    assert "cut short" in found.skipped[0][1]
    assert "an empty file" in found.skipped[1][1]
    assert found.summary == "2 images · 2 classes · 2 skipped"
    value, _ = imported(zipped(files))
    assert value.notes["skipped"] == [list(one) for one in found.skipped]
    assert value.notes["skipped_count"] == 2
    assert value.summary() == "2 image files · 2 classes · 2 skipped"


def test_a_checksum_that_does_not_fit_skips_only_that_file(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.png", picture(seed=1))
        archive.writestr("b.png", picture(seed=2))
    data = bytearray(out.getvalue())
    data[data.index(picture(seed=1)) + 200] ^= 0xFF
    found = looked_at(tmp_path, bytes(data))
    assert (found.count, [name for name, _ in found.skipped]) == (1, ["a.png"])


# files, classes with counts
LAYOUTS = [
    (["a.png", "b.png"], {}),
    (["photos/a.png", "photos/b.png"], {}),
    (["cat/a.png", "dog/b.png", "dog/c.png"], {"cat": 1, "dog": 2}),
    (["set/cat/a.png", "set/dog/b.png", "set/readme.txt", "__MACOSX/set/._a.png"], {"cat": 1, "dog": 1}),
    (["deep/set/cat/a.png", "deep/set/dog/x/b.png"], {"cat": 1, "dog": 1}),
    (["d/train/cat/a.png", "d/test/cat/b.png", "d/test/dog/c.png"], {"cat": 2, "dog": 1}),
    (["Кот/a.png", "犬/b.png"], {"Кот": 1, "犬": 1}),
    (["no\u202egnp.cat/a.png", "dog/b.png"], {"nognp.cat": 1, "dog": 1}),
]


@pytest.mark.parametrize(("names", "classes"), LAYOUTS, ids=[" ".join(names)[:30] for names, _ in LAYOUTS])
def test_the_class_is_the_subfolder(tmp_path: Path, names: list[str], classes: dict[str, int]) -> None:
    files = {name: picture() if name.endswith(".png") and "._" not in name else b"text" for name in names}
    assert dict(looked_at(tmp_path, zipped(files)).classes) == classes


def test_splits_and_small_or_twin_classes_are_pointed_out(tmp_path: Path) -> None:
    names = ["train/Cat/a.png", "test/cat/b.png", "test/dog/c.png"]
    warnings = " ".join(looked_at(tmp_path, zipped(dict.fromkeys(names, picture()))).warnings)
    assert "“test” and “train” were put together" in warnings
    assert "differ only in capital letters" in warnings
    assert "Class “dog” has only 1 image." in warnings


def test_files_get_our_names_their_own_bytes_and_true_extensions() -> None:
    gif = picture("GIF", (16, 16))
    value, ctx = imported(zipped({"cat/x.PNG": gif, "dog/y": picture("WEBP"), "dog/a.png": picture("JPEG")}))
    assert value.rows() == [
        {"file_name": "images/000000.gif", "label": 0, "original_name": "cat/x.PNG"},
        {"file_name": "images/000001.jpg", "label": 1, "original_name": "dog/a.png"},
        {"file_name": "images/000002.webp", "label": 1, "original_name": "dog/y"},
    ]
    assert (value.folder / "images/000000.gif").read_bytes() == gif
    assert sorted(path.name for path in value.folder.iterdir()) == ["images", "metadata.jsonl"]
    assert value.folder.is_relative_to(ctx.scratch)
    lines = (value.folder / "metadata.jsonl").read_text().splitlines()
    assert all(set(json.loads(line)) == {"file_name", "label", "original_name"} for line in lines)


def test_a_large_archive_is_opened_within_a_time_and_says_what_it_left(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(zipped({f"{i}.png": picture(seed=i) for i in range(5)}))
    found = inspect(path, seconds=-1)
    assert found.count == 5
    assert found.warnings == ("5 images were recognised but not opened yet; the run opens every one.",)


def test_a_missing_upload_is_explained() -> None:
    ctx = FakeContext()
    params = ImagesParams(archive={"hash": "0" * 64, "name": "lost.zip"})
    with pytest.raises(BlockError, match="no longer stored"):
        images(ctx, params)


def test_a_photo_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "a.jpg").write_bytes(picture("JPEG", (20, 10), exif=exif))
    assert open_upright(tmp_path / "a.jpg").size == (10, 20)


def test_sixteen_bits_become_eight_without_losing_the_bright_half(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 32_768, 65_535]], np.uint16)).save(tmp_path / "a.png")
    assert np.asarray(open_upright(tmp_path / "a.png")).tolist() == [[0, 128, 255]]


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for form in ("GIF", "PNG", "WEBP"):
        path = tmp_path / f"a.{form.lower()}"
        frames[0].save(
            path,
            form,
            save_all=True,
            append_images=frames[1:],
            **({"lossless": True} if form == "WEBP" else {}),
        )
        assert fault(path.read_bytes(), Kind(form, "")) is None
        assert open_upright(path).convert("RGB").getpixel((0, 0)) == (255, 0, 0)


def test_every_cut_of_every_format_is_judged_without_raising() -> None:
    for form in ("PNG", "JPEG", "GIF", "BMP", "WEBP"):
        data = picture(form, (24, 24))
        assert fault(data, Kind(form, "")) is None
        for length in range(8, len(data), max(1, len(data) // 12)):
            assert fault(data[:length], Kind(form, "")) is not None or length > len(data) - 12


def test_what_a_file_is_comes_from_its_bytes() -> None:
    assert describe(b"") == "an empty file"
    assert describe(b"\0\0\0\x18ftypheic") == "a HEIC or AVIF picture"
    assert describe(bytes(range(1, 30))) == "a file of an unknown kind"
