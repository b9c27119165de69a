"""Every failure as an answer in plain words. Tracebacks go to the log and never to the browser."""

from __future__ import annotations

import logging
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from nodes.errors import BlockError
from pipelines.problem import DocumentError
from pipelines.service import Conflict, NotFound

log = logging.getLogger("genloom.api")

_WORDS = {404: "There is nothing at this address.", 405: "This address does not take that kind of request."}


class Refused(Exception):
    """A request that cannot be answered. Its text is for the user."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def said(message: str, status: int) -> JSONResponse:
    """An ErrorAnswer."""
    return JSONResponse({"message": message}, status)


async def refused(_: Request, error: Exception) -> Response:
    """The answer to `Refused`."""
    assert isinstance(error, Refused)
    return said(str(error), error.status)


async def conflict(_: Request, error: Exception) -> Response:
    """What the server holds instead of what the browser wanted to save."""
    assert isinstance(error, Conflict)
    message = str(error) or "This pipeline was changed elsewhere. Reload it, or keep your version as a copy."
    return JSONResponse({"message": message, "epoch": error.epoch, "rev": error.rev}, 409)


async def not_found(_: Request, error: Exception) -> Response:
    """The answer to an unknown id."""
    return said(str(error) or _WORDS[404], 404)


async def unusable(_: Request, error: Exception) -> Response:
    """The answer to a document or an upload that cannot be used; its text is meant for the user."""
    return said(str(error), 422)


async def http(_: Request, error: Exception) -> Response:
    """Starlette's own refusals, such as an unknown address."""
    assert isinstance(error, HTTPException)
    return said(_WORDS.get(error.status_code, "This request cannot be answered."), error.status_code)


async def gone(_: Request, error: Exception) -> Response:
    """The browser left before its request was read; nobody sees the answer."""
    return said("The connection was closed.", 400)


async def unexpected(request: Request, error: Exception) -> Response:
    """A fault of ours. The server logs the traceback by itself, because this handler runs outermost."""
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return said("Something went wrong inside Genloom. Nothing was changed; its log says what happened.", 500)


HANDLERS: dict[Any, Any] = {
    Refused: refused,
    Conflict: conflict,
    NotFound: not_found,
    DocumentError: unusable,
    BlockError: unusable,
    HTTPException: http,
    ClientDisconnect: gone,
    Exception: unexpected,
}
