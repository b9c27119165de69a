"""`make check`: one line for each check, and the output of those that failed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "canvas" / "frontend"


def main() -> int:
    failed = [name for name, command, folder in checks() if not passes(name, command, folder)]
    print(f"\n{len(failed)} failed: {', '.join(failed)}" if failed else "\nAll checks passed.")
    return 1 if failed else 0


def checks() -> Iterator[tuple[str, list[str], Path]]:
    """Name, command and folder of each check."""
    python = [sys.executable, "-m"]
    yield "format", [*python, "ruff", "format", "--check", "."], ROOT
    yield "lint", [*python, "ruff", "check", "."], ROOT
    yield "types", [*python, "mypy"], ROOT
    yield "imports between packages", [*python, "pytest", "tests/test_architecture.py"], ROOT
    yield "generated: TypeScript types", [*python, "canvas.typegen", "--check"], ROOT
    yield "generated: block reference", [*python, "nodes.reference", "--check"], ROOT
    yield "words: docs match the code", [*python, "pytest", "tests/test_docs.py"], ROOT
    node, npm = node_commands()
    if not (FRONTEND / "node_modules" / "vitest").exists():
        yield "canvas: development packages", [*npm, "ci", "--no-audit", "--no-fund"], FRONTEND
    yield "canvas: bundle", [*python, "canvas.build"], ROOT
    yield "canvas: TypeScript", [*node, "node_modules/typescript/bin/tsc", "--noEmit"], FRONTEND
    yield "canvas: vitest", [*node, "node_modules/vitest/vitest.mjs", "run"], FRONTEND


def node_commands() -> tuple[list[str], list[str]]:
    """The same Node and npm that build the bundle."""
    from canvas import build

    return build._find_node()


def passes(name: str, command: list[str], folder: Path) -> bool:
    """Run one check and print its line; what it printed follows only when it failed."""
    started = time.monotonic()
    print(f"{name:<30}", end="", flush=True)
    environment = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    word = "ok" if done.returncode == 0 else "FAILED"
    print(f"{word:<7} {time.monotonic() - started:5.1f} s", flush=True)
    if done.returncode:
        print("\n".join("    " + line for line in done.stdout.strip().splitlines()), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
