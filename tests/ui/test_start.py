"""The app as a process: it starts without torch, stops at once, and does not listen where it should not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _start(port: int, *more: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", *more]
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_the_app_is_imported_without_torch(home: Path) -> None:
    code = (
        "import sys, app, ui.gallery, ui.build, ui.runs, ui.mine\n"
        "heavy = {'torch', 'diffusers', 'transformers', 'sklearn', 'torchvision'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_it_does_not_listen_to_the_network_without_a_password(
    home: Path, free_port: int, address: str
) -> None:
    process = _start(free_port, f"--server.address={address}")
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "GENLOOM_PASSWORD" in output
    assert "Traceback" not in output


def test_it_starts_and_stops_at_once_with_open_connections(home: Path, free_port: int) -> None:
    from websockets.sync.client import connect

    process = _start(free_port)
    try:
        _wait(free_port)
        page = urllib.request.urlopen(f"http://127.0.0.1:{free_port}/", timeout=5)
        assert page.status == 200
        with connect(f"ws://127.0.0.1:{free_port}/api/pipelines/template-digits-vae/live") as socket:
            assert "snapshot" in str(socket.recv(timeout=10))
            started = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)
            assert time.monotonic() - started < 5
    finally:
        process.kill()


def _wait(port: int) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2)
            return
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.2)
