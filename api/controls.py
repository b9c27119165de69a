"""The addresses that act on runs and on the queue. What cannot be done is answered with 422 and a sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.bodies import Strict, read_body
from pipelines.service import Service

Handler = Callable[[Request], Awaitable[Response]]


class Move(Strict):
    """Body of POST runs/{run}/move."""

    to: Literal["first", "up", "down"]


def _on_run(act: Callable[[Service, str], None]) -> Handler:
    async def handler(request: Request) -> Response:
        await run_in_threadpool(act, request.app.state.service, request.path_params["run"])
        return JSONResponse({})

    return handler


def _on_step(act: Callable[[Service, str, str], None]) -> Handler:
    async def handler(request: Request) -> Response:
        run, node = request.path_params["run"], request.path_params["node"]
        await run_in_threadpool(act, request.app.state.service, run, node)
        return JSONResponse({})

    return handler


async def move(request: Request) -> Response:
    """Move a waiting run in the queue."""
    body = await read_body(request, Move)
    await run_in_threadpool(request.app.state.service.move, request.path_params["run"], body.to)
    return JSONResponse({})


async def cancel_all(request: Request) -> Response:
    """Cancel every run that has not ended."""
    return JSONResponse({"cancelled": await run_in_threadpool(request.app.state.service.cancel_all)})


async def clear(request: Request) -> Response:
    """Remove ended runs from the list. Results stay."""
    chosen = request.query_params.get("pipeline")
    return JSONResponse({"removed": await run_in_threadpool(request.app.state.service.clear, chosen)})


ROUTES = [
    Route("/runs/cancel_all", cancel_all, methods=["POST"]),
    Route("/runs/clear", clear, methods=["POST"]),
    Route("/runs/{run}/cancel", _on_run(Service.cancel), methods=["POST"]),
    Route("/runs/{run}/pause", _on_run(Service.pause), methods=["POST"]),
    Route("/runs/{run}/resume", _on_run(Service.resume), methods=["POST"]),
    Route("/runs/{run}/retry", _on_run(Service.retry), methods=["POST"]),
    Route("/runs/{run}/move", move, methods=["POST"]),
    Route("/runs/{run}/steps/{node}/stop", _on_step(Service.stop_early), methods=["POST"]),
    Route("/runs/{run}/steps/{node}/save", _on_step(Service.save_now), methods=["POST"]),
]
