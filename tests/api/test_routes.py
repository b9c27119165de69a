"""Pipelines, runs, pictures and files over HTTP: what is answered, what is refused, and in which words."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from pipelines.service import Service


def save(
    client: TestClient, opened: Any, rev: int, document: dict[str, Any], epoch: str | None = None
) -> Any:
    body = {"epoch": epoch or opened.epoch, "rev": rev, "document": document}
    return client.put(f"/api/pipelines/{opened.id}/draft", json=body)


def test_a_draft_is_saved_and_read_back(
    client: TestClient, service: Service, document: dict[str, Any]
) -> None:
    opened = service.new_pipeline()
    answer = save(client, opened, opened.rev + 1, document)
    assert answer.status_code == 200
    saved = answer.json()
    cost = saved.pop("cost")
    assert saved == {"rev": opened.rev + 1, "problems": [], "forecast": {"digits": "first run"}}
    assert (cost["seconds"], cost["unknown"]) == (None, ["digits"])
    stored = client.get(f"/api/pipelines/{opened.id}").json()
    assert stored["name"] == "Small"
    assert stored["rev"] == opened.rev + 1
    assert client.get("/api/pipelines").json()[0]["id"] == opened.id


def test_what_keeps_a_draft_from_running_is_said_when_it_is_saved(
    client: TestClient, service: Service, document: dict[str, Any]
) -> None:
    opened = service.new_pipeline()
    document["nodes"][0]["block"] = "dataset.digit"
    problems = save(client, opened, opened.rev + 1, document).json()["problems"]
    assert problems
    assert problems[0]["node"] == "digits"
    assert "dataset.digit" in problems[0]["message"]


@pytest.mark.parametrize("stale", ["epoch", "rev"])
def test_a_save_over_newer_work_is_refused_with_what_is_there(
    client: TestClient, service: Service, document: dict[str, Any], stale: str
) -> None:
    opened = service.new_pipeline()
    save(client, opened, opened.rev + 2, document)
    epoch = "another" if stale == "epoch" else opened.epoch
    answer = save(client, opened, opened.rev + 1, document, epoch)
    assert answer.status_code == 409
    assert answer.json()["epoch"] == opened.epoch
    assert answer.json()["rev"] == opened.rev + 2
    assert answer.json()["message"].endswith(".")


def test_a_template_is_not_overwritten(
    client: TestClient, service: Service, document: dict[str, Any]
) -> None:
    opened = service.open_template("digits-vae")
    assert save(client, opened, opened.rev + 1, document).status_code == 409


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"[]", 422),
        (b"{", 400),
        (b'{"epoch": 1, "rev": 2, "document": {}}', 422),
        (b'{"epoch": "e", "rev": 2}', 422),
        (b'{"epoch": "e", "rev": NaN, "document": {}}', 422),
        (b'{"epoch": "e", "rev": 2, "document": {}, "more": 1}', 422),
        (b'{"epoch": "e", "rev": 2, "document": {"nodes": 5}}', 422),
        (b"[" * 100_000, 400),
        (b"\xff\xfe", 400),
        (b" " * 6_000_000, 413),
    ],
)
def test_a_body_that_is_no_save_is_refused_in_words(
    client: TestClient, service: Service, content: bytes, status: int
) -> None:
    opened = service.new_pipeline()
    answer = client.put(
        f"/api/pipelines/{opened.id}/draft", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"message"}
    assert "Traceback" not in answer.text
    assert "pydantic" not in answer.text


def test_a_run_starts_once_per_request(client: TestClient, service: Service) -> None:
    opened = service.open_template("digits-vae")
    first = client.post(f"/api/pipelines/{opened.id}/runs", json={"request": "one"})
    again = client.post(f"/api/pipelines/{opened.id}/runs", json={"request": "one"})
    client.post(f"/api/runs/{first.json()['run']}/cancel")
    other = client.post(f"/api/pipelines/{opened.id}/runs", json={"request": "two"})
    assert first.status_code == 201
    assert first.json() == again.json()
    assert other.json()["number"] == first.json()["number"] + 1
    assert [run["number"] for run in client.get("/api/runs").json()] == [2, 1]
    assert client.get("/api/runs?pipeline=none").json() == []


def test_a_run_of_the_document_that_is_sent(
    client: TestClient, service: Service, document: dict[str, Any]
) -> None:
    opened = service.new_pipeline()
    answer = client.post(f"/api/pipelines/{opened.id}/runs", json={"request": "r", "document": document})
    assert answer.status_code == 201
    assert service.run_document(answer.json()["run"])["name"] == "Small"


def test_a_run_with_problems_does_not_start_and_says_why(
    client: TestClient, service: Service, document: dict[str, Any]
) -> None:
    opened = service.new_pipeline()
    document["nodes"][0]["params"] = {"nonsense": 1}
    answer = client.post(f"/api/pipelines/{opened.id}/runs", json={"request": "r", "document": document})
    assert answer.status_code == 422
    assert answer.json()["run"] is None
    assert answer.json()["problems"][0]["node"] == "digits"
    broken = client.post(f"/api/pipelines/{opened.id}/runs", json={"request": "s", "document": {"nodes": 1}})
    assert broken.status_code == 422
    assert broken.json()["problems"]


def test_cancelling(client: TestClient, service: Service) -> None:
    opened = service.open_template("digits-vae")
    run = client.post(f"/api/pipelines/{opened.id}/runs", json={"request": "one"}).json()["run"]
    assert client.post(f"/api/runs/{run}/cancel").status_code == 200
    assert service.run(run).status == "cancelled" or service.run(run).message == "cancelling"


def test_copying_a_template_makes_it_ones_own(
    client: TestClient, service: Service, document: dict[str, Any]
) -> None:
    opened = service.open_template("digits-vae")
    plain = client.post(f"/api/pipelines/{opened.id}/copy")
    edited = client.post(f"/api/pipelines/{opened.id}/copy", json=document)
    assert plain.status_code == edited.status_code == 201
    assert len(plain.json()["document"]["nodes"]) == len(opened.document["nodes"])
    assert len(edited.json()["document"]["nodes"]) == 1
    assert set(plain.json()) == {"id", "epoch", "rev", "document"}
    assert not service.open_pipeline(plain.json()["id"]).readonly
    assert client.post(f"/api/pipelines/{opened.id}/copy", json=[1]).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/pipelines/nothing", None),
        (
            "PUT",
            "/api/pipelines/nothing/draft",
            {"epoch": "e", "rev": 1, "document": {"name": "x", "nodes": []}},
        ),
        ("POST", "/api/pipelines/nothing/copy", None),
        ("POST", "/api/pipelines/nothing/runs", {"request": "r"}),
        ("POST", "/api/runs/nothing/cancel", None),
        ("GET", "/api/blobs/nothing.png", None),
        ("GET", "/api/blobs/" + "0" * 64 + ".png", None),
        ("GET", "/api/blobs/..%2f..%2fgenloom.db.png", None),
        ("GET", "/api/artifacts/nothing/x", None),
        ("GET", "/api/artifacts/" + "0" * 64 + "/x", None),
        ("GET", "/api/artifacts/" + "0" * 64 + "/../../genloom.db", None),
        ("GET", "/api/nothing", None),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(
    client: TestClient, method: str, path: str, body: Any
) -> None:
    answer = client.request(method, path, json=body) if body else client.request(method, path)
    assert answer.status_code in (404, 422), answer.text
    assert answer.json()["message"].endswith(".")


def test_pictures_are_kept_by_the_browser_for_ever(client: TestClient, service: Service) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(buffer, "PNG")
    digest = service.home.files.put(buffer.getvalue())
    answer = client.get(f"/api/blobs/{digest}.png")
    assert answer.content == buffer.getvalue()
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("page.html", "application/octet-stream"),
        ("drawing.svg", "application/octet-stream"),
        ("script.js", "application/octet-stream"),
        ("data.json", "application/json"),
        ("ünï côde.png", "image/png"),
        ("model.safetensors", "application/octet-stream"),
    ],
)
def test_results_are_saved_and_never_shown_as_pages(
    client: TestClient, service: Service, name: str, kind: str
) -> None:
    stored = service.home.artifacts.put(lambda folder: (folder / name).write_text("<script>x</script>"))
    answer = client.get(f"/api/artifacts/{stored.hash}/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == kind
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_a_fault_of_ours_is_a_sentence_and_not_a_traceback(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("secret detail /home/someone")

    monkeypatch.setattr(service, "pipelines", broken)
    answer = client.get("/api/pipelines")
    assert answer.status_code == 500
    assert set(answer.json()) == {"message"}
    assert "secret" not in answer.text


def test_a_part_of_a_pipeline_is_run_and_refused_in_words(client: TestClient, service: Service) -> None:
    opened = service.open_template("digits-vae")
    address = f"/api/pipelines/{opened.id}/runs"
    refused = client.post(address, json={"request": "one", "only": "score"})
    assert refused.status_code == 422
    assert "cannot run alone" in refused.json()["problems"][0]["message"]
    nodes = [node["id"] for node in opened.document["nodes"]]
    started = client.post(address, json={"request": "two", "until": nodes[0], "fresh": [nodes[0]]})
    assert started.status_code == 201
    steps = service.steps(started.json()["run"])
    assert [(s.node, s.reason) for s in steps] == [(nodes[0], "first run")]
    assert client.post(address, json={"request": "three", "until": 7}).status_code == 422
