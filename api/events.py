"""Events of runs for other programs: `text/event-stream`, resumed by Last-Event-ID. See docs/events.md.

Each reader asks the store itself, a few times a second and only for what is new, so that there is no queue between
them that could grow. A reader that takes nothing for a while is given up; it connects again where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import errors
from pipelines.events import Feed, as_text

POLL_SECONDS = 0.2
HEARTBEAT_SECONDS = 15.0
SEND_SECONDS = 20.0
MOST_READERS = 64
HEADERS = {"Cache-Control": "no-cache, no-store", "X-Accel-Buffering": "no"}


async def of_run(request: Request) -> Response:
    """What happened in a run so far, and what happens until it ends."""
    return await _stream(request, str(request.path_params["run"]))


async def of_all(request: Request) -> Response:
    """What happens in all runs from now on."""
    return await _stream(request, None)


async def _stream(request: Request, run: str | None) -> Response:
    if request.method == "HEAD":
        return Response(media_type=Stream.media_type, headers=HEADERS)
    state = request.app.state
    readers: set[Stream] = getattr(state, "readers", set())
    state.readers = readers
    if len(readers) >= MOST_READERS:
        raise errors.Refused(f"{MOST_READERS} programs read events already. Close one of them.", 503)
    feed = await run_in_threadpool(Feed, state.service, run, _since(request))
    first = await run_in_threadpool(feed.read)
    if not first and feed.ended:  # the reader has it all; this answer tells it not to come again
        return Response(status_code=204)
    return Stream(feed, as_text(first, feed.since), state.hub, readers)


def _since(request: Request) -> int | None:
    given = request.headers.get("Last-Event-ID", "")
    return int(given) if given.isdecimal() and len(given) < 16 else None


class Stream(Response):
    """An answer that goes on until the run ends, the reader leaves, or the server stops."""

    media_type = "text/event-stream"

    def __init__(self, feed: Feed, first: str, hub: Any, readers: set[Stream]) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["Content-Length"]
        self._feed, self._first, self._hub, self._readers = feed, first, hub, readers
        self._told_at = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        self._readers.add(self)
        left = asyncio.create_task(_until_left(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._say(send, self._first or ": hello\n\n")
            while not (self._feed.ended or self._hub.stopping or left.done()):
                await asyncio.sleep(POLL_SECONDS)
                events = await run_in_threadpool(self._feed.read)
                await self._say(send, as_text(events, self._feed.since) or self._heartbeat())
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (TimeoutError, OSError):
            pass  # it takes nothing any more
        finally:
            left.cancel()
            self._readers.discard(self)

    async def _say(self, send: Send, text: str) -> None:
        if text:
            self._told_at = time.monotonic()
            part = {"type": "http.response.body", "body": text.encode(), "more_body": True}
            await asyncio.wait_for(send(part), SEND_SECONDS)

    def _heartbeat(self) -> str:
        return ": still here\n\n" if time.monotonic() - self._told_at >= HEARTBEAT_SECONDS else ""


async def _until_left(receive: Receive) -> None:
    with contextlib.suppress(RuntimeError):
        while (await receive())["type"] != "http.disconnect":
            pass
