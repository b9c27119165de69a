"""Controls of runs and of the queue over HTTP: what they do, and in which words they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from pipelines.service import Service


@pytest.fixture
def runs(client: TestClient, service: Service, document: dict[str, Any]) -> list[str]:
    """Three runs that wait."""
    opened = service.new_pipeline()
    made = []
    for seed in range(3):
        body = {"request": f"r{seed}", "document": {**document, "seed": seed, "name": f"Small {seed}"}}
        made.append(client.post(f"/api/pipelines/{opened.id}/runs", json=body).json()["run"])
    return made


def _status(client: TestClient) -> list[str]:
    return [run["status"] for run in reversed(client.get("/api/runs").json())]


def test_pause_resume_cancel_and_retry(client: TestClient, runs: list[str]) -> None:
    for word, status in (
        ("pause", "paused"),
        ("resume", "queued"),
        ("cancel", "cancelled"),
        ("retry", "queued"),
    ):
        answer = client.post(f"/api/runs/{runs[1]}/{word}")
        assert (answer.status_code, answer.json()) == (200, {})
        assert _status(client) == ["queued", status, "queued"]


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("resume", None, 422, "Run 1 waits for a worker, so there is nothing to resume."),
        ("retry", None, 422, "Run 1 waits for a worker. Only a failed or cancelled run can be retried."),
        ("steps/digits/stop", None, 422, "“Handwritten digits” is not running, so there is nothing to stop."),
        ("steps/digits/save", None, 422, "“Handwritten digits” is not running, so there is nothing to save."),
        ("steps/other/save", None, 422, "Run 1 has no block “other”."),
        ("move", {"to": "sideways"}, 422, "This request cannot be read: to: "),
        ("move", None, 422, "This request cannot be read: the body: "),
    ],
)
def test_what_cannot_be_done_is_said(
    client: TestClient, runs: list[str], path: str, body: Any, status: int, words: str
) -> None:
    answer = (
        client.post(f"/api/runs/{runs[0]}/{path}", json=body)
        if body
        else client.post(f"/api/runs/{runs[0]}/{path}")
    )
    assert answer.status_code == status
    assert answer.json()["message"].startswith(words), answer.text


@pytest.mark.parametrize("path", ["pause", "resume", "retry", "move", "steps/x/stop", "steps/x/save"])
def test_an_unknown_run_is_said(client: TestClient, path: str) -> None:
    answer = client.post(f"/api/runs/nothing/{path}", json={"to": "up"})
    assert answer.status_code == 404
    assert answer.json()["message"].startswith("There is no such run.")


def test_the_queue(client: TestClient, service: Service, runs: list[str]) -> None:
    assert client.post(f"/api/runs/{runs[2]}/move", json={"to": "first"}).status_code == 200
    assert [run.number for run in service.queue()] == [3, 1, 2]
    client.post(f"/api/runs/{runs[0]}/pause")
    assert client.post("/api/runs/clear").json() == {"removed": 0}
    assert client.post("/api/runs/cancel_all").json() == {"cancelled": 3}
    assert _status(client) == ["cancelled"] * 3
    assert client.post("/api/runs/clear").json() == {"removed": 3}
    assert client.get("/api/runs").json() == []
