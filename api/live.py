"""Run state to the browsers: one thread asks the store what changed, one WebSocket per open canvas tells it.

Messages are merged for 30 ms and per node the newest wins, so that a slow browser receives the present and not
the past, and nothing grows while it sleeps.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from pipelines.service import NotFound, Service

log = logging.getLogger("genloom.live")

POLL_SECONDS = 0.08
MERGE_SECONDS = 0.03
WORKER_SECONDS = 1.0
SEND_SECONDS = 20.0  # a browser that takes no message for so long is given up; it connects again by itself

Live = dict[str, Any]


class Subscriber:
    """What one browser has not been told yet. Used in the event loop only."""

    def __init__(self, pipeline: str) -> None:
        self.pipeline = pipeline
        self.closed = False
        self._run: str | None = None
        self._pending: Live | None = None
        self._stale = True
        self._wake = asyncio.Event()

    def tell(self, delta: Live) -> None:
        """Merge a delta into what is pending. One of another run asks for a new snapshot."""
        if _run_of(delta) != self._run:
            self._stale = True
        if self._pending is None:
            self._pending = {**delta, "nodes": dict(delta["nodes"])}
        else:
            nodes = {**self._pending["nodes"], **delta["nodes"]}
            kept = {name: delta.get(name) or self._pending.get(name) for name in ("forecast", "cost")}
            self._pending = {**delta, "nodes": nodes, **kept}
        self._wake.set()

    def refresh(self) -> None:
        """The next message shall be a new snapshot."""
        self._stale = True
        self._wake.set()

    def close(self) -> None:
        """End the conversation."""
        self.closed = True
        self._wake.set()

    async def next(self, service: Service) -> Live | None:
        """The next message, or None when the conversation has ended."""
        if not self._stale:
            await self._wake.wait()
            if not self.closed:
                await asyncio.sleep(MERGE_SECONDS)
        if self.closed:
            return None
        self._wake.clear()
        pending, self._pending = self._pending, None
        if not self._stale:
            return pending
        self._stale = False
        snapshot = await run_in_threadpool(service.live, self.pipeline)
        self._run = _run_of(snapshot)
        return snapshot


class Hub:
    """Joins the polling thread and the subscribers of all pipelines."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._subscribers: set[Subscriber] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = threading.Event()
        self._since: int | None = None
        self._worker: str | None = None
        self._worker_at = 0.0
        self._thread = threading.Thread(target=self._poll, name="genloom-live", daemon=True)

    def start(self) -> None:
        """Begin to poll. Called in the event loop that serves the browsers."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        """End every conversation and the polling. Safe from a signal handler and from any thread."""
        self._stop.set()
        self._in_loop(self._close_all)

    @property
    def stopping(self) -> bool:
        """Whether every conversation is to end."""
        return self._stop.is_set()

    def stop_on_signals(self) -> None:
        """Stop before the server waits for its open connections, which would otherwise never end."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            before = signal.getsignal(number)

            def handle(received: int, frame: Any, before: Any = before) -> None:
                self.stop()
                if callable(before):
                    before(received, frame)

            signal.signal(number, handle)

    def subscribe(self, pipeline: str) -> Subscriber:
        """A new conversation about one pipeline."""
        subscriber = Subscriber(pipeline)
        self._subscribers.add(subscriber)
        if self._stop.is_set():
            subscriber.close()
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """End one conversation."""
        self._subscribers.discard(subscriber)

    def _close_all(self) -> None:
        for subscriber in self._subscribers:
            subscriber.close()

    def _poll(self) -> None:
        """Ask for changes until told to stop. A store that fails for a moment is asked again a second later."""
        wait, failing = 0.0, False
        while not self._stop.wait(wait):
            try:
                self._look()
                wait, failing = POLL_SECONDS, False
            except Exception:
                if not failing:
                    log.exception("Run state could not be read; trying again every second")
                wait, failing = 1.0, True

    def _look(self) -> None:
        """One round: what changed goes out as deltas; a worker that came or went, as new snapshots."""
        if self._since is None:  # what happened before is in the snapshots, which are taken again after this
            self._since = self.service.changes(0)[0]
            self._in_loop(self._refresh_all)
        self._since, deltas = self.service.changes(self._since)
        if deltas:
            self._in_loop(lambda: self._deliver(deltas))
        if self._subscribers and time.monotonic() >= self._worker_at:
            self._worker_at = time.monotonic() + WORKER_SECONDS
            before, self._worker = self._worker, self.service.worker_state()
            if self._worker != before and before is not None:
                self._in_loop(self._refresh_all)

    def _in_loop(self, action: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # the loop may close in this moment
                self._loop.call_soon_threadsafe(action)

    def _refresh_all(self) -> None:
        for subscriber in self._subscribers:
            subscriber.refresh()

    def _deliver(self, deltas: dict[str, Live]) -> None:
        for subscriber in self._subscribers:
            if subscriber.pipeline in deltas:
                subscriber.tell(deltas[subscriber.pipeline])


async def live(socket: WebSocket) -> None:
    """One canvas listens to the run of its pipeline: a snapshot, then deltas, until either side leaves."""
    hub: Hub = socket.app.state.hub
    await socket.accept()
    subscriber = hub.subscribe(socket.path_params["id"])
    leaving = asyncio.create_task(_until_gone(socket, subscriber))
    try:
        while (message := await subscriber.next(hub.service)) is not None:
            await asyncio.wait_for(socket.send_json(message), SEND_SECONDS)
        await socket.close(1001)
    except NotFound as missing:
        await socket.close(4404, str(missing)[:120])
    except (WebSocketDisconnect, TimeoutError, RuntimeError):
        pass  # the browser left while we spoke
    except Exception:
        log.exception("Live state of pipeline %s failed", subscriber.pipeline)
        with contextlib.suppress(RuntimeError):
            await socket.close(1011, "Something went wrong inside Genloom.")
    finally:
        leaving.cancel()
        hub.leave(subscriber)


async def _until_gone(socket: WebSocket, subscriber: Subscriber) -> None:
    """Browsers say nothing here; reading is how their leaving is noticed."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass
    subscriber.close()


def _run_of(message: Live) -> str | None:
    run = message.get("run")
    return run["run"] if run else None
