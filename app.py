"""The app: pages, HTTP routes and the start of the workers, wired together. Start it with `make run`."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.guard import Guard, address_problem
from api.live import Hub
from api.routes import application
from canvas import assets_folder
from pipelines.supervisor import Supervisor
from storage.database import HomeError
from ui import faults
from ui.session import service as open_service

PASSWORD = os.environ.get("GENLOOM_PASSWORD") or None
ADDRESS: str | None = st.get_option("server.address")

if problem := address_problem(ADDRESS, PASSWORD):
    print(problem, file=sys.stderr, flush=True)
    raise SystemExit(1)


class CanvasFiles(StaticFiles):
    """The canvas bundle. An address with its version never changes its contents."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be kept for ever where the address names its version."""
        response = await super().get_response(path, scope)
        if b"v=" in scope["query_string"] and response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Open the store, listen for changes and look after workers, for as long as the server lives."""
    try:
        service = await run_in_threadpool(open_service)
    except HomeError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)  # an exception would be shown as a traceback; nothing is open yet
    hub = Hub(service)
    api.state.service, api.state.hub = service, hub
    hub.start()
    hub.stop_on_signals()
    supervisor = Supervisor(service.home)
    supervisor.start()
    try:
        yield
    finally:
        hub.stop()
        await run_in_threadpool(supervisor.stop)


def own_hosts() -> set[str]:
    """Names under which the app is reached, beside those of the loopback."""
    hosts = set(st.get_option("server.allowedHosts"))
    if ADDRESS:
        try:
            unspecified = ipaddress.ip_address(ADDRESS).is_unspecified
        except ValueError:
            unspecified = False
        hosts |= set() if unspecified else {ADDRESS}
    return hosts


api = application()
app = st.App(
    "ui/main.py",
    lifespan=lifespan,
    routes=[
        Mount("/api", app=api),
        Mount("/canvas-assets", app=CanvasFiles(directory=assets_folder(), check_dir=False)),
    ],
    middleware=[Middleware(Guard, hosts=own_hosts(), password=PASSWORD)],
    on_script_error=faults.show,
)
