"""The command line as a program uses it: exit codes, one JSON value, messages that name node and field."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cli import main
from tests.pipelines.conftest import BLOCKS, chain

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLOOM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GENLOOM_BLOCKS", str(BLOCKS))


def _call(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=120)


def test_run_prints_one_json_value_and_reuses_the_second_time(tmp_path: Path) -> None:
    file = tmp_path / "chain.json"
    file.write_text(chain(3).text())
    first = _call("run", str(file), "--set", "n0.value=4", "--json")
    assert first.returncode == 0, first.stderr
    result = json.loads(first.stdout)
    assert {"run", "pipeline", "status", "seconds", "steps", "scores"} <= set(result)
    assert (result["pipeline"], result["status"]) == ("chain", "done")
    step = result["steps"][2]
    assert {k: step[k] for k in ("node", "block", "status", "cached", "reason", "attempts", "error")} == {
        "node": "n2", "block": "probe.step", "status": "done", "cached": False, "reason": "first run", "attempts": 1,
        "error": None,
    }  # fmt: skip
    output = step["outputs"]["scores"]
    assert output["kind"] == "Scores"
    assert json.loads((Path(output["path"]) / "scores.json").read_text())["scores"][0]["value"] == 6
    assert result["scores"][2]["node"] == "n2"
    again = json.loads(_call("run", str(file), "--set", "n0.value=4", "--json").stdout)
    assert [s["cached"] for s in again["steps"]] == [True, True, True]
    assert again["steps"][0]["reason"] == f"reused from run {result['number']}"
    other = json.loads(_call("run", str(file), "--set", "n0.value=4", "--seed", "3", "--json").stdout)
    assert [s["cached"] for s in other["steps"]] == [False, False, False]


def test_a_failed_run_ends_with_one(tmp_path: Path) -> None:
    file = tmp_path / "chain.json"
    file.write_text(chain(2, fail="block").text())
    done = _call("run", str(file), "--json")
    assert done.returncode == 1
    steps = json.loads(done.stdout)["steps"]
    assert [s["status"] for s in steps] == ["failed", "skipped"]
    assert steps[0]["error"] == "The value is not to my liking. Choose another."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "digits-vea"), "There is no template “digits-vea”. Did you mean “digits-vae”?"),
        (("run", "missing.json"), "There is no file “missing.json”."),
        (("run", "digits-vae", "--set", "vae.latent_size=1"), "vae.latent_size: "),
        (
            ("run", "digits-vae", "--set", "vea.seed=1"),
            "There is no node “vea” in this pipeline. Did you mean “vae”?",
        ),
        (("run", "digits-vae", "--set", "nonsense"), "--set nonsense: write it as NODE.PARAM=VALUE."),
    ],
)
def test_what_cannot_run_ends_with_two(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments]) == 2
    assert message in capsys.readouterr().err


def test_validate_names_node_and_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bad.json"
    file.write_text(chain(2).with_param("n0", "seconds", -1).text())
    assert main(["validate", str(file), "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    assert answer["valid"] is False
    assert [(p["node"], p["field"]) for p in answer["problems"]] == [("n0", "seconds")]
    file.write_text("{not json")
    assert main(["validate", str(file), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["valid"] is False
    file.write_text(chain(2).text())
    assert main(["validate", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"valid": True, "problems": []}


def test_blocks_and_templates_are_listed_without_torch() -> None:
    code = (
        "import sys; from pipelines.cli import main; main(['blocks', '--json']); main(['templates', '--json']);"
        "sys.exit('torch' in sys.modules or 'streamlit' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    blocks, templates = (json.loads(line) for line in done.stdout.splitlines())
    assert {"dataset.digits", "train.vae", "probe.step"} <= {b["id"] for b in blocks}
    assert {"slug", "title", "family", "seconds"} <= set(templates[0])
    assert "digits-vae" in {t["slug"] for t in templates}
