"""The guard: every route of the real app, HTTP and WebSocket, refuses strangers. A new route is covered unasked."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.guard import Guard, address_problem, is_loopback

HERE = "http://127.0.0.1:8501"
THERE = "ws://127.0.0.1:8501"  # the test client would go elsewhere for a WebSocket
METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
STRANGERS = {
    "another host": {"Host": "evil.example"},
    "a host that begins like ours": {"Host": "127.0.0.1.evil.example:8501"},
    "no host": {"Host": ""},
    "another origin": {"Origin": "http://evil.example"},
    "no origin at all": {"Origin": "null"},
    "another port": {"Origin": "http://127.0.0.1:9999"},
    "another spelling of loopback": {"Origin": "http://localhost:8501"},
    "a file": {"Origin": "file://"},
}


def all_routes(routes: Any, prefix: str = "") -> Iterator[tuple[str, bool]]:
    """(path, is it a WebSocket) of every route, with something in place of its parameters."""
    for route in routes:
        path = prefix + re.sub(r"\{[^}]*\}", "x", getattr(route, "path", ""))
        inner = getattr(route, "routes", None)
        if isinstance(route, Mount):
            yield from all_routes(inner or [], path)
            yield path + "/x", False
        else:
            yield path or "/", isinstance(route, WebSocketRoute)


@pytest.fixture(scope="module")
def real() -> Starlette:
    """The app as it is served, with Streamlit's own routes."""
    import app

    return app.app._build_starlette_app()


@pytest.fixture(scope="module")
def stranger(real: Starlette) -> TestClient:
    """A client of the real app; whatever is let through fails, for nothing behind the guard is started."""
    return TestClient(real, base_url=HERE, raise_server_exceptions=False)


def test_every_route_refuses_every_stranger(real: Starlette, stranger: TestClient) -> None:
    paths = sorted(set(all_routes(real.routes)))
    assert {"/api/pipelines", "/api/uploads", "/canvas-assets/x"} <= {path for path, _ in paths}
    assert any(is_socket for _, is_socket in paths)
    for path, is_socket in paths:
        for who, headers in STRANGERS.items():
            if is_socket:
                with (
                    pytest.raises(WebSocketDisconnect) as refused,
                    stranger.websocket_connect(THERE + path, headers=headers),
                ):
                    pass
                assert refused.value.code == 1008, f"{who} was let in to {path}"
                continue
            for method in METHODS:
                answer = stranger.request(method, path, headers={"X-Genloom": "1", **headers})
                assert answer.status_code == 403, f"{who} may {method} {path}"


def test_every_write_needs_our_header_and_a_body_that_no_form_sends(
    real: Starlette, stranger: TestClient
) -> None:
    for path, is_socket in sorted(set(all_routes(real.routes))):
        if is_socket or path.startswith("/_stcore/"):  # Streamlit guards its own writes by a token
            continue
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            bare = stranger.request(method, path)
            assert bare.status_code in (403, 405), f"{method} {path} needs no header"
            for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
                answer = stranger.request(
                    method, path, content=b"x", headers={"X-Genloom": "1", "Content-Type": kind}
                )
                assert answer.status_code in (405, 415), f"{method} {path} takes {kind or 'an unnamed body'}"


def test_the_real_app_has_the_guard_outermost(real: Starlette) -> None:
    assert real.user_middleware[0].cls is Guard


async def _hello(_: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


async def _socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


def guarded(**settings: Any) -> Starlette:
    routes = [
        Route("/api/x", _hello, methods=["GET", "POST"]),
        WebSocketRoute("/api/ws", _socket),
        Route("/", _hello),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guard, **settings)])


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "[::1]:8501", "127.5.5.5"])
def test_our_own_pages_are_served(host: str) -> None:
    client = TestClient(guarded(), base_url=f"http://{host}", headers={"Origin": f"http://{host}"})
    assert client.get("/").text == "hello"
    assert client.post("/api/x", headers={"X-Genloom": "1"}, json={}).text == "hello"
    with client.websocket_connect(f"ws://{host}/api/ws"):
        pass


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_data_is_not_embedded_by_other_sites(site: str) -> None:
    client = TestClient(guarded(), base_url=HERE, headers={"Sec-Fetch-Site": site})
    assert client.get("/api/x").status_code == 403
    assert client.get("/").status_code == 200  # a link to our page may stand anywhere


def test_answers_carry_the_headers_that_keep_browsers_careful() -> None:
    client = TestClient(guarded(), base_url=HERE)
    assert client.get("/").headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'self'" in client.get("/").headers["content-security-policy"]
    assert client.get("/api/x").headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert client.get("/api/x", headers={"Host": "evil"}).headers["x-content-type-options"] == "nosniff"


async def _asked_from_outside(settings: dict[str, Any]) -> int:
    """The status of a request that arrived at an address of the network."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("hello")(scope, receive, send)

    scope = {
        "type": "http", "method": "GET", "path": "/", "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8501"), *settings.pop("headers", [])], "server": ("192.168.1.5", 8501),
    }  # fmt: skip
    await Guard(inner, **settings)(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({}, 403),
        ({"password": "a long password"}, 401),
        (
            {
                "password": "a long password",
                "headers": [(b"authorization", b"Basic OmEgbG9uZyBwYXNzd29yZA==")],
            },
            200,
        ),
    ],
)
def test_other_machines_are_served_only_with_a_password(settings: dict[str, Any], status: int) -> None:
    import asyncio

    assert asyncio.run(_asked_from_outside(settings)) == status


def test_the_password_is_asked_for_on_everything_and_a_cookie_stands_for_it() -> None:
    client = TestClient(guarded(password="correct horse"), base_url=HERE)
    asked = client.get("/")
    assert asked.status_code == 401
    assert asked.headers["www-authenticate"].startswith("Basic")
    assert "set-cookie" not in asked.headers
    for wrong in ("", "correct hors", "correct horse "):
        header = "Basic " + base64.b64encode(f"me:{wrong}".encode()).decode()
        assert client.get("/", headers={"Authorization": header}).status_code == 401
    assert client.get("/", headers={"Authorization": "Basic %%%"}).status_code == 401
    assert client.get("/", headers={"Cookie": "genloom_session=wrong"}).status_code == 401
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(THERE + "/api/ws"):
        pass
    right = client.get("/", auth=("anyone", "correct horse"))
    assert right.text == "hello"
    assert "HttpOnly; SameSite=Strict" in right.headers["set-cookie"]
    assert client.get("/").text == "hello"  # by the cookie
    with client.websocket_connect(THERE + "/api/ws"):
        pass


def test_with_a_password_the_machine_is_reached_by_number_and_by_the_names_it_was_given() -> None:
    client = TestClient(guarded(password="correct horse", hosts=["lab.example"]), base_url=HERE)
    for host, status in (
        ("192.168.1.5:8501", 200),
        ("[fe80::1]", 200),
        ("lab.example", 200),
        ("evil.example", 403),
    ):
        assert client.get("/", headers={"Host": host}, auth=("me", "correct horse")).status_code == status
    assert TestClient(guarded(), base_url=HERE).get("/", headers={"Host": "192.168.1.5"}).status_code == 403


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "localhost", "::1", "[::1]", "127.9.9.9", "::ffff:127.0.0.1"]
)
def test_loopback(address: str) -> None:
    assert is_loopback(address)
    assert address_problem(address, None) is None


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "::", "192.168.1.5", "example.com", None, "", "127.0.0.1.evil.example"]
)
def test_other_addresses_need_a_password(address: str | None) -> None:
    problem = address_problem(address, None)
    assert problem
    assert "GENLOOM_PASSWORD" in problem
    assert address_problem(address, "short")
    assert address_problem(address, "a password that is long") is None
