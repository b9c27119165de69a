"""Uploads: streamed to the home's own disk, bounded, and with names that lead nowhere."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from api import uploads
from api.errors import Refused
from pipelines.service import Service


def picture(value: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8), value, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def archive(count: int = 12) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for index in range(count):
            file.writestr(f"{'ab'[index % 2]}/{index}.png", picture(index * 9))
    return buffer.getvalue()


def test_a_zip_of_pictures(client: TestClient) -> None:
    answer = client.post("/api/uploads", files={"file": ("pictures.zip", archive())})
    assert answer.status_code == 201, answer.text
    stored = answer.json()
    assert set(stored) == {"hash", "name", "size", "summary", "warnings"}
    assert stored["name"] == "pictures.zip"
    assert "12" in stored["summary"]


def test_a_folder_is_many_parts_with_relative_names(client: TestClient) -> None:
    parts: list[Any] = [("file", (f"cats/{index}.png", picture(index))) for index in range(12)]
    answer = client.post("/api/uploads", files=parts)
    assert answer.status_code == 201, answer.text
    assert "12" in answer.json()["summary"]


def test_nothing_is_left_behind(client: TestClient, service: Service) -> None:
    client.post("/api/uploads", files={"file": ("pictures.zip", archive())})
    client.post("/api/uploads", files={"file": ("no.zip", b"nothing")})
    assert not list(service.home.scratch.glob("upload-*"))


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ({"file": ("x.zip", b"not a zip")}, 422),
        ({"other": ("x.zip", b"")}, 400),
        ({"file": ("../../x.zip", b"PK")}, 400),
        ({"file": ("/etc/passwd", b"PK")}, 400),
        ({"file": ("..\\x.zip", b"PK")}, 400),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(client: TestClient, files: Any, status: int) -> None:
    answer = client.post("/api/uploads", files=files)
    assert answer.status_code == status, answer.text
    assert answer.json()["message"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=b", b"no boundary here"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data; name=file; filename=x\r\n",
        ),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b--\r\n"),
    ],
)
def test_a_damaged_body_is_refused_in_words(client: TestClient, kind: str, body: bytes) -> None:
    answer = client.post("/api/uploads", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 400, answer.text
    assert answer.json()["message"].endswith(".")


def test_too_much_is_refused_before_it_is_taken(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LARGEST", 1000)
    answer = client.post("/api/uploads", files={"file": ("x.zip", b"x" * 2000)})
    assert answer.status_code == 413

    def without_length() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        for _ in range(100):
            yield b"x" * 100

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert client.post("/api/uploads", content=without_length(), headers=headers).status_code == 413


def test_too_many_files_are_refused(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_FILES", 3)
    parts: list[Any] = [("file", (f"a/{index}.png", b"x")) for index in range(5)]
    assert client.post("/api/uploads", files=parts).status_code == 413


def test_a_large_body_goes_to_disk_and_not_through_memory(tmp_path: Path) -> None:
    receiver = uploads.Receiver(b"b", tmp_path)
    receiver.write(b'--b\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n')
    chunk = bytes(1024 * 1024)
    tracemalloc.start()
    for _ in range(64):
        receiver.write(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    receiver.write(b"\r\n--b--\r\n")
    name, path = receiver.finish().files[0]
    assert name == "big"
    assert path.stat().st_size == 64 * 1024 * 1024
    assert peak < 8 * 1024 * 1024


def test_a_full_disk_is_said(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SPARE_BYTES", 10**18)
    answer = client.post("/api/uploads", files={"file": ("x.zip", b"x")})
    assert answer.status_code == 507
    assert "full" in answer.json()["message"]


@pytest.mark.parametrize("name", ["", "a" * 2000, "..", "a/../b", "/a", "C:/a", "a\x00b", "a\nb"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(Refused):
        uploads.label(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.zip", "a.zip"), ("cats/1.png", "cats/1.png"), ("./a.png", "a.png"), ("a\\b.png", "a/b.png"), ("ü 🐈", "ü 🐈")],
)  # fmt: skip
def test_names_that_are_kept(name: str, expected: str) -> None:
    assert uploads.label(name) == expected
