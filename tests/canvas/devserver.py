"""A server for the canvas's own tests and for looking at it: `uvicorn tests.canvas.devserver:app --port 8765`.

Real component, real page, pretended pipelines and runs. Open `/?pipeline=chain-1`, `template-1`, `blank-1` or
`grid200-1`; `CANVAS_BLOCKS=real` takes the product's blocks instead of those of the tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from canvas import assets_folder, catalogue_message
from nodes import catalogue as product
from tests.canvas import blocks, pictures
from tests.canvas.simulation import Pipelines

known = product.load() if os.environ.get("CANVAS_BLOCKS") == "real" else blocks.load()
pipelines = Pipelines(catalogue_message(known.describe()))
sockets: set[WebSocket] = set()


async def save(request: Request) -> Response:
    """PUT pipelines/{id}/draft."""
    row, body = pipelines.open(request.path_params["id"]), await request.json()
    if pipelines.fail_saves:
        pipelines.fail_saves -= 1
        return JSONResponse({"message": "The disk is full."}, 507)
    if body["epoch"] != row["epoch"] or body["rev"] <= row["rev"]:
        message = "This pipeline was changed in another window."
        return JSONResponse({"message": message, "epoch": row["epoch"], "rev": row["rev"]}, 409)
    row.update(rev=body["rev"], document=body["document"])
    pipelines.saves += 1
    return JSONResponse(
        {
            "rev": row["rev"],
            "problems": pipelines.problems(row["document"]),
            "forecast": pipelines.forecast(row["id"]),
        }
    )


async def copy(request: Request) -> Response:
    """POST pipelines/{id}/copy."""
    text = await request.body()
    row = pipelines.copy(request.path_params["id"], json.loads(text) if text.strip() else None)
    return JSONResponse({name: row[name] for name in ("id", "epoch", "rev", "document")}, 201)


async def run(request: Request) -> Response:
    """POST pipelines/{id}/runs."""
    id, body = request.path_params["id"], await request.json()
    problems = pipelines.problems(pipelines.open(id)["document"])
    if problems:
        return JSONResponse({"run": None, "number": None, "problems": problems}, 422)
    started = pipelines.start(id, body["request"])
    return JSONResponse({"run": started["run"], "number": started["number"], "problems": []}, 201)


async def cancel(request: Request) -> Response:
    """POST runs/{run}/cancel."""
    pipelines.cancel(request.path_params["run"])
    return JSONResponse({})


async def upload(request: Request) -> Response:
    """POST uploads."""
    form = await request.form()
    files: list[Any] = form.getlist("file")
    names = [file.filename for file in files]
    if any(name.endswith(".txt") for name in names):
        return JSONResponse({"message": "“notes.txt” is no zip archive. Choose a zip or a folder."}, 422)
    answer = {
        "hash": "cd" * 32, "name": names[0].split("/")[0], "size": sum(f.size or 0 for f in files),
        "summary": f"{len(files)} files", "warnings": ["1 file was left out: it is no image."],
    }  # fmt: skip
    return JSONResponse(answer, 201)


async def blob(request: Request) -> Response:
    """GET blobs/{hash}.png."""
    png = pictures.STORE.get(request.path_params["hash"])
    return Response(png, media_type="image/png") if png else JSONResponse({"message": "Not here."}, 404)


async def live(socket: WebSocket) -> None:
    """WS pipelines/{id}/live."""
    await socket.accept()
    id = socket.path_params["id"]
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    pipelines.listeners.setdefault(id, set()).add(queue)
    sockets.add(socket)
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await socket.send_json(pipelines.snapshot(id))
        while True:
            await socket.send_json(await queue.get())
    pipelines.listeners[id].discard(queue)
    sockets.discard(socket)


async def control(request: Request) -> Response:
    """What a test sets or asks: failing saves, events per second, dropped sockets, stored documents."""
    wish = await request.json()
    for name in ("fail_saves", "rate"):
        if name in wish:
            setattr(pipelines, name, wish[name])
    if wish.get("drop"):
        for socket in list(sockets):
            with contextlib.suppress(Exception):  # some have left already
                await socket.close()
    if "document" in wish:
        pipelines.open(wish["id"])["document"] = wish["document"]
    if "states" in wish:
        pipelines.tell(wish["id"], wish["states"])
    row = pipelines.rows.get(wish.get("id", ""))
    seen = {"runs": len(pipelines.requests), "saves": pipelines.saves, "time": time.time()}
    return JSONResponse({**seen, "row": row})


api = Starlette(
    routes=[
        Route("/pipelines/{id}/draft", save, methods=["PUT"]),
        Route("/pipelines/{id}/copy", copy, methods=["POST"]),
        Route("/pipelines/{id}/runs", run, methods=["POST"]),
        Route("/runs/{run}/cancel", cancel, methods=["POST"]),
        Route("/uploads", upload, methods=["POST"]),
        Route("/blobs/{hash}.png", blob),
        Route("/control", control, methods=["POST"]),
        WebSocketRoute("/pipelines/{id}/live", live),
    ]
)
app = st.App(
    str(Path(__file__).with_name("devpage.py")),
    routes=[
        Mount("/api", app=api),
        Mount("/canvas-assets", app=StaticFiles(directory=assets_folder())),
    ],
)
