"""Find a Chromium for the browser tests, and install one where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tools.plain import SetupError, say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find() -> str | None:
    """The path of a Chromium that starts: GENLOOM_CHROMIUM, the system's, or Playwright's own."""
    places = [os.environ.get("GENLOOM_CHROMIUM"), *map(shutil.which, NAMES), *playwrights_own()]
    return next((place for place in places if place and starts(place)), None)


def playwrights_own() -> list[str]:
    """What `playwright install chromium` put in its cache, newest first."""
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return sorted(map(str, cache.glob("chromium-*/chrome-linux*/chrome")), reverse=True)


def starts(path: str) -> bool:
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def ensure(python: Path) -> str:
    """The path of a Chromium; installs one when there is none, or says how to."""
    if found := find():
        return found
    say("No Chromium found for the browser tests; fetching Playwright's.")
    attempt([str(python), "-m", "playwright", "install", "chromium"])
    if found := find():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("That did not work; installing the system's package chromium.")
        attempt(["apt-get", "update", "-q"])
        attempt(["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"])
        if found := find():
            return found
    raise SetupError(
        "The browser tests need Chromium or Chrome and none could be installed. "
        "On Debian: sudo apt-get install chromium. A browser in another place: GENLOOM_CHROMIUM=/path/to/it. "
        "To leave the browser tests out this once: GENLOOM_BROWSER_TESTS=0 make test."
    )


def attempt(command: list[str]) -> bool:
    """Run one command for its effect; only the end of its output is shown, and only if it failed."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-5:])
        print(f"  `{' '.join(command[-3:])}` failed:\n{tail}", flush=True)
    return done.returncode == 0
