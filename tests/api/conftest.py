"""The HTTP routes on a real service in a home of their own, behind the guard, as the app puts them together."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.testclient import TestClient

from api.guard import Guard
from api.live import Hub
from api.routes import application
from pipelines.service import Service

OURS = {"X-Genloom": "1"}
HERE = "http://127.0.0.1:8501"
THERE = "ws://127.0.0.1:8501"  # the test client would go elsewhere for a WebSocket


@pytest.fixture
def service(home: Path) -> Service:
    """A service without workers: what is started stays queued."""
    return Service.open(home)


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    """A browser's view of the API."""
    hub = Hub(service)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        hub.start()
        yield
        hub.stop()

    app = Starlette(
        routes=[Mount("/api", app=application(service, hub))],
        middleware=[Middleware(Guard)],
        lifespan=lifespan,
    )
    with TestClient(app, base_url=HERE, headers=OURS, raise_server_exceptions=False) as client:
        client.hub = hub  # type: ignore[attr-defined]
        yield client


@pytest.fixture
def document() -> dict[str, Any]:
    """A small valid pipeline."""
    return {
        "format": 1,
        "name": "Small",
        "description": "",
        "seed": 0,
        "nodes": [
            {"id": "digits", "block": "dataset.digits", "version": 1, "params": {}, "position": [0, 0]}
        ],
        "wires": [],
    }


def wait_for(condition: Any, seconds: float = 5.0) -> None:
    """Until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        threading.Event().wait(0.02)
