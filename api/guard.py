"""The one door: every request, HTTP or WebSocket, page or API, passes here before it reaches anything.

What is not expressly allowed is refused. The guard keeps strangers' pages in the same browser out (Host, Origin,
Sec-Fetch-Site), lets nobody write by a plain form (a header of our own, JSON bodies), and serves no other
machine unless a password is set.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API = "/api/"
UPLOADS = "/api/uploads"
STREAMLIT = "/_stcore/"  # Streamlit's own writes carry its own token against forgery
HEADER = "x-genloom"
COOKIE = "genloom_session"
READS = ("GET", "HEAD", "OPTIONS")
SHORTEST_PASSWORD = 12
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(frozen=True)
class Refusal:
    """Why a request is turned away, in a sentence that says what to do."""

    status: int
    message: str


class Guard:
    """ASGI middleware around the whole app.

    Args:
        hosts: names, beside those of this machine's loopback, under which the app is reached.
        password: asked for on every request when set; without it only this machine is served.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = (), password: str | None = None) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)
        self.password = password

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, with headers added to its answer, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self.refusal(scope)
        if refusal is None:
            await self.app(scope, receive, self._with_headers(scope, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.message[:120]})
        else:
            await self._answer(refusal)(scope, receive, self._with_headers(scope, send))

    def refusal(self, scope: Scope) -> Refusal | None:
        """Why this request is turned away, or None."""
        headers = Headers(scope=scope)
        return (
            self._wrong_host(headers)
            or self._not_allowed_here(scope, headers)
            or _foreign_origin(headers, scope["path"])
            or (_unsafe_write(scope, headers) if scope["type"] == "http" else None)
        )

    def _wrong_host(self, headers: Headers) -> Refusal | None:
        given = headers.getlist("host")
        name = _host_name(given[0]) if len(given) == 1 else ""
        if name and (is_loopback(name) or name in self.hosts):
            return None
        if self.password and _is_address(name):  # a number cannot be pointed elsewhere, as a name can
            return None
        return Refusal(
            403,
            "This address is not one of Genloom's. Open it by http://127.0.0.1 and its port, or name the host in "
            "server.allowedHosts.",
        )

    def _not_allowed_here(self, scope: Scope, headers: Headers) -> Refusal | None:
        if self.password:
            if _proves(headers, self.password):
                return None
            return Refusal(401, "Genloom asks for its password. The user name may be anything.")
        server = scope.get("server")
        if server and server[1] is not None and not is_loopback(str(server[0])):
            return Refusal(403, "Genloom serves only its own machine, because no password is set.")
        return None

    def _answer(self, refusal: Refusal) -> JSONResponse:
        asks = (
            {"WWW-Authenticate": 'Basic realm="Genloom", charset="UTF-8"'} if refusal.status == 401 else None
        )
        return JSONResponse({"message": refusal.message}, refusal.status, asks)

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "same-origin")
                headers.setdefault("Content-Security-Policy", _policy(scope["path"]))
                if self.password and message["status"] != 401:
                    cookie = f"{COOKIE}={_token(self.password)}; Path=/; HttpOnly; SameSite=Strict"
                    headers.append("Set-Cookie", cookie)
            await send(message)

        return sending


def is_loopback(name: str) -> bool:
    """Whether a host name or address means this machine only."""
    if name.lower() in ("localhost", "localhost."):
        return True
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def address_problem(address: str | None, password: str | None) -> str | None:
    """Why the app must not listen on this address, as a sentence, or None."""
    if password and len(password) < SHORTEST_PASSWORD:
        return f"GENLOOM_PASSWORD has {len(password)} characters; use at least {SHORTEST_PASSWORD}."
    if password or (address and (is_loopback(address) or address.startswith("unix://"))):
        return None
    where = address or "every address of this machine"
    return (
        f"Genloom will not listen on {where} without a password: whoever reaches it could run pipelines here. "
        "Use --server.address 127.0.0.1, or set GENLOOM_PASSWORD."
    )


def _foreign_origin(headers: Headers, path: str) -> Refusal | None:
    origins, host = headers.getlist("origin"), headers.get("host", "")
    if any(not _same_place(origin, host) for origin in origins):
        return Refusal(403, "Another site asked for this. Genloom answers only its own pages.")
    if path.startswith(API) and headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return Refusal(403, "Another site asked for this. Genloom answers only its own pages.")
    return None


def _unsafe_write(scope: Scope, headers: Headers) -> Refusal | None:
    path = scope["path"]
    if scope["method"] in READS or path.startswith(STREAMLIT):
        return None
    if not path.startswith(API):
        return Refusal(405, "Nothing can be written here.")
    if headers.get(HEADER) != "1":
        return Refusal(403, "This request lacks the header “X-Genloom: 1”, which Genloom's pages send.")
    wanted = "multipart/form-data" if path == UPLOADS else "application/json"
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if has_body and headers.get("content-type", "").split(";")[0].strip().lower() != wanted:
        return Refusal(415, f"The body of this request must be {wanted}.")
    return None


def _same_place(origin: str, host: str) -> bool:
    """Whether an Origin header names the host that was asked, with the usual port where none is written."""
    try:
        parts = urlsplit(origin)
        usual = _PORTS.get(parts.scheme)
        asked = urlsplit(f"//{host}")
        return (
            parts.scheme in ("http", "https")
            and parts.hostname is not None
            and parts.hostname == asked.hostname
            and (parts.port or usual) == (asked.port or usual)
        )
    except ValueError:
        return False


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _policy(path: str) -> str:
    """What a browser may do with the answer: nothing at all for data, no framing by others for pages."""
    return (
        "default-src 'none'; sandbox" if path.startswith(API) else "frame-ancestors 'self'; object-src 'none'"
    )


def _proves(headers: Headers, password: str) -> bool:
    """Whether the request carries the password, or the cookie that an answer to it set."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(value, validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, password.encode())
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return False
    return cookie is not None and hmac.compare_digest(cookie.value.encode(), _token(password).encode())


def _token(password: str) -> str:
    return hashlib.sha256(b"genloom session\0" + password.encode()).hexdigest()
