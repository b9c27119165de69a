"""The addresses under /api. Each handler reads its request, asks the service in a thread, and answers in JSON."""

from __future__ import annotations

import mimetypes
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import Field
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from api import controls, errors, events, uploads
from api.bodies import Strict, read_body, read_json
from api.live import Hub, live
from pipelines.foresight import NOTHING
from pipelines.part import Part
from pipelines.problem import DocumentError
from pipelines.service import Service

FOREVER = "public, max-age=31536000, immutable"
INLINE = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


class SaveDraft(Strict):
    """Body of PUT pipelines/{id}/draft."""

    epoch: str
    rev: int
    document: dict[str, Any]


class StartRun(Strict):
    """Body of POST pipelines/{id}/runs."""

    request: str
    rev: int | None = None
    document: dict[str, Any] | None = None
    until: str | None = None
    only: str | None = None
    fresh: list[str] = Field(default_factory=list, max_length=10_000)


def application(service: Service | None = None, hub: Hub | None = None) -> Starlette:
    """The API as an app of its own. `state.service` and `state.hub` may be set later, before it is used."""
    routes = [
        Route("/pipelines", pipelines, methods=["GET"]),
        Route("/pipelines/{id}", pipeline, methods=["GET"]),
        Route("/pipelines/{id}/draft", save_draft, methods=["PUT"]),
        Route("/pipelines/{id}/copy", copy, methods=["POST"]),
        Route("/pipelines/{id}/runs", start_run, methods=["POST"]),
        Route("/runs", runs, methods=["GET"]),
        *controls.ROUTES,
        Route("/runs/{run}/events", events.of_run, methods=["GET"]),
        Route("/events", events.of_all, methods=["GET"]),
        Route("/uploads", upload, methods=["POST"]),
        Route("/blobs/{hash}.png", blob, methods=["GET"]),
        Route("/artifacts/{hash}/{name:path}", artifact, methods=["GET"]),
        WebSocketRoute("/pipelines/{id}/live", live),
    ]
    app = Starlette(routes=routes, exception_handlers=errors.HANDLERS)
    app.state.service, app.state.hub = service, hub
    return app


async def pipelines(request: Request) -> Response:
    """All pipelines of this home."""
    return JSONResponse(_plain(await run_in_threadpool(_service(request).pipelines)))


async def pipeline(request: Request) -> Response:
    """One pipeline with its draft."""
    return JSONResponse(_plain(await run_in_threadpool(_service(request).open_pipeline, _id(request))))


async def save_draft(request: Request) -> Response:
    """Store the draft of a pipeline, and say what would keep it from running."""
    body = await read_body(request, SaveDraft)
    service, id = _service(request), _id(request)
    problems = await run_in_threadpool(service.save_draft, id, body.epoch, body.rev, body.document)
    foresight = NOTHING if problems else await run_in_threadpool(service.foresee, id)
    return JSONResponse({"rev": body.rev, "problems": _plain(problems), **foresight})


async def copy(request: Request) -> Response:
    """Copy a pipeline, with the document of the body where there is one."""
    document = await read_json(request)
    if document is not None and not isinstance(document, dict):
        raise errors.Refused("The body of this request must be a pipeline, or nothing.", 422)
    made = await run_in_threadpool(_service(request).copy, _id(request), document)
    answer = {"id": made.id, "epoch": made.epoch, "rev": made.rev, "document": made.document}
    return JSONResponse(_plain(answer), 201)


async def start_run(request: Request) -> Response:
    """Run a pipeline. The same request id never starts two runs."""
    body = await read_body(request, StartRun)
    if not body.request or len(body.request) > 100:
        raise errors.Refused("“request” must be a text of 1 to 100 characters, made anew for each run.", 422)
    try:
        started = await run_in_threadpool(
            _service(request).start_run, _id(request), body.request, body.document,
            Part(body.until, body.only, tuple(body.fresh)),
        )  # fmt: skip
    except DocumentError as error:
        return JSONResponse({"run": None, "number": None, "problems": _plain(error.problems)}, 422)
    answer = {"run": started.run, "number": started.number, "problems": started.problems}
    return JSONResponse(_plain(answer), 201 if started.run else 422)


async def runs(request: Request) -> Response:
    """The newest runs, of one pipeline where `pipeline` is given."""
    chosen = request.query_params.get("pipeline")
    return JSONResponse(_plain(await run_in_threadpool(_service(request).runs, 100, chosen)))


async def upload(request: Request) -> Response:
    """Store one file, or a folder as many files."""
    return JSONResponse(await uploads.store(request, _service(request)), 201)


async def blob(request: Request) -> Response:
    """A stored picture. Its address holds its hash, so it never changes."""
    path = await run_in_threadpool(_service(request).picture, request.path_params["hash"])
    if path is None:
        raise errors.Refused("This picture is not stored here.", 404)
    return FileResponse(path, media_type="image/png", headers={"Cache-Control": FOREVER})


async def artifact(request: Request) -> Response:
    """A file of a result, to be saved and never opened as a page."""
    name = request.path_params["name"]
    path = await run_in_threadpool(_artifact, _service(request), request.path_params["hash"], name)
    if path is None:
        raise errors.Refused("This file is not stored here.", 404)
    disposition = f"attachment; filename*=utf-8''{quote(Path(name).name, safe='')}"
    headers = {"Content-Disposition": disposition, "Cache-Control": FOREVER}
    return FileResponse(path, media_type=_media_type(path), headers=headers)


def _artifact(service: Service, digest: str, name: str) -> Path | None:
    try:
        return service.artifact_file(digest, name)
    except ValueError:  # what was given is no hash
        return None


def _media_type(path: Path) -> str:
    """Pictures and plain data by their type; whatever a browser might run, as bytes."""
    guessed = INLINE.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0] or ""
    harmless = guessed in {*INLINE.values(), "application/json", "text/csv", "text/plain", "audio/x-wav"}
    return guessed if harmless else "application/octet-stream"


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _id(request: Request) -> str:
    return str(request.path_params["id"])


def _plain(value: Any) -> Any:
    """Dataclasses as plain JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
