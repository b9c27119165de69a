"""Set-up: what it does a second time, after an interruption, and what it says when it cannot go on."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tools import chromium, packages, setup
from tools.plain import SetupError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with an environment and two requirement files; pip is only recorded."""
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").touch()
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.7\n")
    (tmp_path / "requirements.txt").write_text("torch==2.13.0\nrich==15.0.0\n")
    (tmp_path / "requirements-dev.txt").write_text("pytest==9.2.0\n")
    for module in (setup, packages):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VENV", venv)
    monkeypatch.setattr(setup, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(setup, "STAMP", venv / "genloom-setup.json")
    return tmp_path


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The words of every call of pip."""
    seen: list[tuple[str, ...]] = []
    monkeypatch.setattr(packages, "pip", lambda python, *words: seen.append(words))
    monkeypatch.setattr(packages, "choose_build", lambda: "default")
    return seen


def install(*, dev: bool = False, torch: str = "auto") -> None:
    setup.ensure_packages(packages.requirement_files(dev=dev), torch)


def test_a_second_start_does_not_call_pip(place: Path, calls: list) -> None:
    install()
    calls.clear()
    install()
    assert calls == []


def test_running_after_testing_does_not_call_pip(place: Path, calls: list) -> None:
    install(dev=True)
    install()
    install(dev=True)
    assert len(calls) == 1


@pytest.mark.parametrize("changed", ["requirements.txt", ".venv/pyvenv.cfg"])
def test_a_change_calls_pip_again(place: Path, calls: list, changed: str) -> None:
    install()
    calls.clear()
    (place / changed).write_text(
        (place / changed).read_text().replace("15.0.0", "15.0.1").replace("3.11.7", "3.11.9")
    )
    install()
    assert len(calls) == 1


def test_a_failed_installation_leaves_no_stamp(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / ".venv" / "genloom-setup.json").write_text(json.dumps({"files": {}, "python": "3.11.7"}))

    def fail(*_: object) -> None:
        raise SetupError("no network")

    monkeypatch.setattr(packages, "pip", fail)
    with pytest.raises(SetupError):
        install(torch="default")
    assert not (place / ".venv" / "genloom-setup.json").exists()


def test_half_installed_packages_are_forgotten(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    for name, files in {
        "whole-1.dist-info": ["METADATA", "RECORD"],
        "half-1.dist-info": ["METADATA"],
    }.items():
        (site / name).mkdir(parents=True)
        for file in files:
            (site / name / file).touch()
    packages.drop_half_installed(tmp_path / "bin" / "python")
    assert [path.name for path in site.iterdir()] == ["whole-1.dist-info"]


TORCH = {
    "the CPU build is asked for": ("cpu", None, "torch==2.13.0+cpu", "cpu"),
    "a CUDA build is asked for": ("cu130", None, "torch==2.13.0+cu130", "cu130"),
    "nothing is asked for, the choice of last time stays": ("auto", "cpu", "torch==2.13.0+cpu", "cpu"),
    "back to the default build": ("default", "cpu", "torch==2.13.0", "default"),
    "the default build from the start": ("default", None, None, "default"),
}


@pytest.mark.parametrize(("wish", "before", "asked", "chosen"), TORCH.values(), ids=TORCH)
def test_builds_of_torch(
    place: Path, calls: list, wish: str, before: str | None, asked: str | None, chosen: str
) -> None:
    file = place / "requirements.txt"
    assert packages.install_torch(Path("python"), file, wish, before) == chosen
    assert [words[-1] for words in calls] == ([asked] if asked else [])


def test_no_gpu_and_no_index_takes_the_default_build(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(packages.os.path, "exists", lambda path: False)
    monkeypatch.setattr(packages.shutil, "which", lambda name: None)
    monkeypatch.setattr(packages, "answers", lambda url: False)
    assert packages.choose_build() == "default"
    assert "TORCH=cpu" in capsys.readouterr().out


def test_an_index_that_is_silent_does_not_hold_up(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "ANSWERS_WITHIN", 0.2)
    assert not packages.answers(f"http://127.0.0.1:{free_port}/")


def test_a_dead_registry_is_told_in_plain_words(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{free_port}/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(SetupError, match=r"registry could not be reached.*run the same command again"):
        packages.pip(Path(sys.executable), "--dry-run", "--no-deps", "a-package-of-nobody==1")


def test_python_without_venv_names_the_package(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / ".venv" / "bin" / "python").unlink()
    monkeypatch.setattr(setup.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"apt-get install python3\.\d+-venv"):
        setup.ensure_environment(exact=False)


def test_a_broken_environment_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(tmp_path / "gone")
    made: list[list[str]] = []
    done = subprocess.CompletedProcess([], 0)
    monkeypatch.setattr(setup, "VENV", venv)
    monkeypatch.setattr(setup, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(setup, "STAMP", venv / "genloom-setup.json")
    monkeypatch.setattr(setup.subprocess, "run", lambda words, **_: made.append(words) or done)
    setup.ensure_environment(exact=False)
    assert made == [[sys.executable, "-m", "venv", "--clear", str(venv)]]
    assert "incomplete" in capsys.readouterr().out


def test_two_set_ups_take_turns(place: Path, capsys) -> None:
    (place / ".setup").mkdir()
    with open(place / ".setup" / "lock", "w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        threading.Timer(0.3, lambda: fcntl.flock(other, fcntl.LOCK_UN)).start()
        with setup.one_at_a_time():
            assert "waiting" in capsys.readouterr().out


def test_no_chromium_is_told_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "find", lambda: None)
    monkeypatch.setattr(chromium, "attempt", lambda command: False)
    with pytest.raises(SetupError, match="apt-get install chromium"):
        chromium.ensure(Path("python"))
