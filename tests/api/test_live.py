"""Live state: a snapshot first, then deltas; the newest wins; nothing grows; the end is quick."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from api.live import Hub, Subscriber
from pipelines.service import Service
from tests.api.conftest import THERE, wait_for


def delta(run: str | None, **nodes: Any) -> dict[str, Any]:
    return {
        "type": "delta",
        "run": {"run": run} if run else None,
        "stored": False,
        "nodes": nodes,
        "worker": "busy",
    }


class FakeService:
    """Answers `live` with the run that is set, and counts how often it is asked."""

    def __init__(self) -> None:
        self.run: str | None = None
        self.asked = 0

    def live(self, pipeline: str) -> dict[str, Any]:
        self.asked += 1
        return {**delta(self.run), "type": "snapshot"}


def receive_some(socket: Any) -> None:
    """More messages than may still be under way."""
    for _ in range(3):
        socket.receive_json()


def test_the_first_message_is_a_snapshot_and_a_started_run_follows(
    client: TestClient, service: Service
) -> None:
    opened = service.open_template("digits-vae")
    with client.websocket_connect(f"{THERE}/api/pipelines/{opened.id}/live") as socket:
        first = socket.receive_json()
        assert first["type"] == "snapshot"
        assert first["run"] is None
        service.start_run(opened.id, "one")
        message = first
        for _ in range(20):
            if message["run"] is not None:
                break
            message = socket.receive_json()
        assert message["run"]["number"] == 1
        assert set(message["nodes"]) == {node["id"] for node in opened.document["nodes"]}


def test_a_pipeline_that_is_not_there_ends_the_conversation(client: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as ended,
        client.websocket_connect(THERE + "/api/pipelines/nothing/live") as socket,
    ):
        socket.receive_json()
    assert ended.value.code == 4404


def test_stopping_ends_open_conversations_at_once(client: TestClient, service: Service) -> None:
    opened = service.open_template("digits-vae")
    with client.websocket_connect(f"{THERE}/api/pipelines/{opened.id}/live") as socket:
        socket.receive_json()
        started = time.monotonic()
        client.hub.stop()  # type: ignore[attr-defined]
        with pytest.raises(WebSocketDisconnect):
            receive_some(socket)
        assert time.monotonic() - started < 1


def test_a_browser_that_leaves_is_forgotten(client: TestClient, service: Service) -> None:
    opened, hub = service.open_template("digits-vae"), client.hub  # type: ignore[attr-defined]
    with client.websocket_connect(f"{THERE}/api/pipelines/{opened.id}/live") as socket:
        socket.receive_json()
        assert len(hub._subscribers) == 1
    wait_for(lambda: not hub._subscribers)


def test_deltas_are_merged_and_the_newest_state_of_a_node_wins() -> None:
    async def scene() -> None:
        service, subscriber = FakeService(), Subscriber("p")
        service.run = "r"
        assert (await subscriber.next(service))["type"] == "snapshot"  # type: ignore[arg-type, index]
        for number in range(5000):  # a browser that is asleep
            subscriber.tell(delta("r", a=number, b="old" if number < 4999 else "new"))
        message = await subscriber.next(service)  # type: ignore[arg-type]
        assert message is not None
        assert message["nodes"] == {"a": 4999, "b": "new"}
        assert message["type"] == "delta"
        assert service.asked == 1

    asyncio.run(scene())


def test_a_new_run_is_a_new_snapshot() -> None:
    async def scene() -> None:
        service, subscriber = FakeService(), Subscriber("p")
        await subscriber.next(service)  # type: ignore[arg-type]
        service.run = "second"
        subscriber.tell(delta("second", a=1))
        message = await subscriber.next(service)  # type: ignore[arg-type]
        assert message is not None
        assert message["type"] == "snapshot"
        subscriber.tell(delta("second", a=2))
        message = await subscriber.next(service)  # type: ignore[arg-type]
        assert message is not None
        assert message["type"] == "delta"

    asyncio.run(scene())


def test_a_worker_that_comes_or_goes_is_told(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = service.open_template("digits-vae")
    with client.websocket_connect(f"{THERE}/api/pipelines/{opened.id}/live") as socket:
        assert socket.receive_json()["worker"] != "ready"
        wait_for(lambda: client.hub._worker is not None)  # type: ignore[attr-defined]
        monkeypatch.setattr(service, "worker_state", lambda: "ready")
        for _ in range(5):
            message = socket.receive_json()
            if message["worker"] == "ready":
                break
        assert message["worker"] == "ready"


def test_polling_survives_a_store_that_fails_for_a_moment() -> None:
    calls = threading.Semaphore(0)

    class Failing:
        """Fails once, then knows of nothing new."""

        failed = False

        def changes(self, since: int) -> tuple[int, dict[str, Any]]:
            calls.release()
            if not self.failed:
                self.failed = True
                raise OSError("disk")
            return 1, {}

    async def scene() -> None:
        hub = Hub(Failing())  # type: ignore[arg-type]
        hub.start()
        assert await asyncio.to_thread(lambda: all(calls.acquire(timeout=5) for _ in range(4)))
        hub.stop()

    asyncio.run(scene())
