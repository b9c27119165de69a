"""Set Genloom up: an environment in `.venv`, the pinned packages, the canvas bundle, a browser for the tests.

Run by any Python 3.11 or newer with nothing but the standard library; `make` calls it before everything else.
When nothing changed since the last time it returns at once, without calling pip.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import chromium, packages
from tools.plain import ROOT, SetupError, say

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "genloom-setup.json"
OLDEST = (3, 11)


def main() -> int:
    options = arguments()
    try:
        check_python()
        with one_at_a_time():
            prepare(options)
    except SetupError as problem:
        print(f"\nSet-up stopped. {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up interrupted; the next one goes on from here.", file=sys.stderr)
        return 130
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/setup.py", description=__doc__.partition("\n")[0])
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    parser.add_argument("--browser", action="store_true", help="also a Chromium for the browser tests")
    parser.add_argument("--no-canvas", action="store_true", help="leave the canvas bundle alone")
    parser.add_argument("--torch", default="auto", help="auto, default, cpu, or a CUDA build such as cu130")
    parser.add_argument("--exact-python", action="store_true", help="make .venv anew if its Python differs")
    return parser.parse_args()


def prepare(options: argparse.Namespace) -> None:
    """Each part in turn; each does nothing when it is already there."""
    ensure_environment(exact=options.exact_python)
    ensure_packages(packages.requirement_files(dev=options.dev), options.torch)
    if not options.no_canvas:
        ensure_canvas()
    if options.browser:
        chromium.ensure(PYTHON)


# ---- the interpreter and the environment ----


def check_python() -> None:
    if sys.version_info < OLDEST:
        raise SetupError(f"Genloom needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}.")


def ensure_environment(*, exact: bool) -> None:
    """Make `.venv` when it is missing, broken, or of another Python than the one asked for by name."""
    if PYTHON.exists() and (STAMP.exists() or has_pip() or add_pip()):
        here = ".".join(map(str, sys.version_info[:2]))
        if not exact or python_version().startswith(here + "."):
            return
        say(f"The environment in .venv is Python {python_version()}; making it anew with {here}.")
    elif VENV.exists():
        say("The environment in .venv is incomplete; making it anew.")
    else:
        say(f"Making an environment in .venv with Python {sys.version.split()[0]}.")
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError(
            f"{sys.executable} cannot make environments: its venv package is not installed. On Debian and "
            f"Ubuntu: sudo apt-get install python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        )
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)]).returncode:
        raise SetupError(f"`{sys.executable} -m venv .venv` failed; its own message stands above.")


def has_pip() -> bool:
    return subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode == 0


def add_pip() -> bool:
    """Give an environment without pip (as uv makes them) its pip, rather than throw it away."""
    return subprocess.run([PYTHON, "-m", "ensurepip"], capture_output=True).returncode == 0


def python_version() -> str:
    """The version of the environment's Python, as its own settings file says."""
    lines = (VENV / "pyvenv.cfg").read_text().splitlines() if (VENV / "pyvenv.cfg").exists() else []
    values = dict(line.replace(" ", "").split("=", 1) for line in lines if "=" in line)
    return values.get("version") or values.get("version_info", "unknown")


# ---- the packages ----


def ensure_packages(files: list[Path], torch: str) -> None:
    """Install the pinned packages, unless the stamp says that exactly these are there."""
    installed = read_stamp()
    wanted = {file.name: digest(file) for file in [*files, ROOT / "constraints.txt"]}
    wanted_by = python_version()
    same = all(installed.get("files", {}).get(name) == value for name, value in wanted.items())
    if same and installed.get("python") == wanted_by and torch in ("auto", installed.get("torch")):
        return
    STAMP.unlink(missing_ok=True)
    chosen = packages.install(PYTHON, files, torch, before=installed.get("torch"))
    requirements = {**installed.get("files", {}), **wanted}
    kept = {name: value for name, value in requirements.items() if value == digest(ROOT / name)}
    STAMP.write_text(json.dumps({"files": kept, "python": wanted_by, "torch": chosen}) + "\n")


def read_stamp() -> dict:
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""


# ---- the canvas ----


def ensure_canvas() -> None:
    """Build the canvas bundle from its sources; `canvas.build` itself knows when nothing changed."""
    if not (ROOT / "canvas" / "build.py").exists():
        return
    if subprocess.run([PYTHON, "-m", "canvas.build"], cwd=ROOT).returncode:
        raise SetupError("The canvas could not be built; the reason stands above. Try `make canvas` again.")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the set-up lock, so that two starts at once do not install over each other."""
    folder = ROOT / ".setup"
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up is at work in this folder; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
