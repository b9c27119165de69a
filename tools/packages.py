"""Install the pinned packages with pip, and choose which build of PyTorch fits the machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

from tools.plain import ROOT, SetupError, say

TORCH_INDEX = "https://download.pytorch.org/whl/"
ANSWERS_WITHIN = 3.0

# What pip's error stream contains, and what that means for the user.
MEANINGS = (
    (
        r"No space left on device",
        "The disk is full. Genloom's packages need about 2 GB, with PyTorch's CUDA build about 6 GB.",
    ),
    (
        r"NewConnectionError|NameResolution|name resolution|Connection refused|Network is unreachable"
        r"|timed out|ProxyError|RemoteDisconnected|Max retries|from versions: none",
        "The package registry could not be reached. Check the network (and the proxy, if there is one) and "
        "run the same command again; what was installed so far is kept. pip's own settings (index-url, "
        "find-links, proxy) are honoured, so a mirror or a folder of wheels works too.",
    ),
    (
        r"SSLError|CERTIFICATE_VERIFY_FAILED",
        "The package registry's certificate was not accepted. Behind a company proxy, give pip the company's "
        "certificate: pip config set global.cert FILE",
    ),
    (
        r"No matching distribution",
        "A pinned package has no build for this Python or this machine. Genloom is tested with Python 3.11 "
        "on Linux, x86-64; choose the Python with PYTHON=python3.11.",
    ),
)


def requirement_files(*, dev: bool) -> list[Path]:
    names = ["requirements.txt", "requirements-dev.txt"] if dev else ["requirements.txt"]
    return [ROOT / name for name in names]


def install(python: Path, files: list[Path], torch: str, before: str | None) -> str:
    """Install everything; returns the build of PyTorch that was chosen."""
    drop_half_installed(python)
    chosen = install_torch(python, files[0], torch, before)
    say("Installing the packages of " + " and ".join(file.name for file in files) + ".")
    pip(python, *(word for file in files for word in ("-r", str(file))))
    return chosen


def drop_half_installed(python: Path) -> None:
    """Forget packages whose installation was interrupted: pip would take them for whole."""
    for notes in python.parent.parent.glob("lib/python*/site-packages/*.dist-info"):
        if not (notes / "RECORD").exists():
            shutil.rmtree(notes)


# ---- PyTorch ----


def install_torch(python: Path, file: Path, wish: str, before: str | None) -> str:
    """Install a special build first; pip then finds the pinned version satisfied."""
    pinned = re.search(r"^torch==([\w.]+)", file.read_text(), re.MULTILINE)
    if pinned is None:
        raise SetupError(f"{file.name} does not pin torch.")
    build = (before or choose_build()) if wish == "auto" else wish
    if build == "default":
        if before not in (None, "default"):
            pip(python, "--force-reinstall", "--no-deps", f"torch=={pinned[1]}")
        return "default"
    say(f"Installing PyTorch {pinned[1]}, {build} build.")
    source = ["--extra-index-url", TORCH_INDEX + build, "--retries", "1"]
    pip(python, "--no-deps", *source, f"torch=={pinned[1]}+{build}")
    return build


def choose_build() -> str:
    """The CPU build on a Linux machine without a GPU, if its index answers; otherwise the registry's own."""
    if sys.platform != "linux":
        return "default"
    if any(map(os.path.exists, ("/dev/nvidia0", "/dev/kfd", "/dev/dxg"))) or shutil.which("nvidia-smi"):
        say("PyTorch: a GPU is there, so the registry's default build. Another: TORCH=cpu, TORCH=cu130.")
        return "default"
    if answers(TORCH_INDEX + "cpu/"):
        say("PyTorch: no GPU found, so the CPU build. To have the default build: TORCH=default.")
        return "cpu"
    say(
        f"PyTorch: no GPU found, but {TORCH_INDEX}cpu does not answer, so the registry's default build "
        "(large on Linux: it carries CUDA). To insist on the CPU build: TORCH=cpu."
    )
    return "default"


def answers(url: str) -> bool:
    """Whether an address answers within three seconds, name look-up and all."""
    found = threading.Event()

    def ask() -> None:
        try:
            with urllib.request.urlopen(url, timeout=ANSWERS_WITHIN):
                found.set()
        except (OSError, urllib.error.URLError, ValueError):
            pass

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(ANSWERS_WITHIN)
    return found.is_set()


# ---- pip ----


def pip(python: Path, *words: str) -> None:
    """Run `pip install`; its progress goes to the terminal, its errors also to us, to say what they mean."""
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *words]
    settings = {**os.environ, "PIP_USER": "0"}  # a user-wide "--user" cannot work inside an environment
    running = subprocess.Popen(command, cwd=ROOT, env=settings, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    errors = []
    for line in running.stderr:
        sys.stderr.write(line)
        errors.append(line)
    if running.wait() == 0:
        return
    said = "".join(errors)
    meaning = next((text for pattern, text in MEANINGS if re.search(pattern, said)), None)
    raise SetupError(meaning or "pip could not install the packages; its own message stands above.")
