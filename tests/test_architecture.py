"""Who may import whom, and what no file may call. There is no list of exceptions: an exception is a design fault."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAY_IMPORT = {
    "app": {"ui", "api", "canvas", "pipelines", "nodes", "generative", "storage"},
    "ui": {"canvas", "pipelines", "nodes", "storage"},
    "api": {"canvas", "pipelines", "nodes", "storage"},
    "pipelines": {"nodes", "storage"},
    "nodes": {"generative"},
    "generative": set(),
    "storage": set(),
    "canvas": set(),
}
OURS = {*MAY_IMPORT, "tests", "benchmarks", "tools"}
ONLY_IN = {
    "streamlit": {"app", "ui", "canvas"},
    "sqlite_utils": {"storage"},
    "torch": {"generative", "nodes"},
    "diffusers": {"generative", "nodes"},
    "transformers": {"generative", "nodes"},
}
INSIDE_FUNCTIONS = {"nodes": {"generative", "torch", "diffusers", "transformers"}}
NO_FILE_IMPORTS = {"pickle", "dill", "cloudpickle", "marshal", "shelve"}
NO_FILE_CALLS = {
    "eval", "exec", "builtins.eval", "builtins.exec", "torch.load", "joblib.load", "yaml.load",
    "yaml.unsafe_load", "shutil.unpack_archive",
}  # fmt: skip
NO_FILE_CALLS_METHOD = {"extractall"}


def faults_of_imports(package: str, source: str) -> list[str]:
    """What the table forbids in a file of `package`, as "line 3: …"."""
    found = []
    for line, name, inside in _imports(ast.parse(source)):
        top = name.split(".")[0]
        if top == "":
            found.append(f"line {line}: relative import")
        elif not _may_import(package, top):
            found.append(f"line {line}: {package} may not import {top}")
        elif not inside and top in INSIDE_FUNCTIONS.get(package, ()):
            found.append(f"line {line}: {package} may import {top} only inside a function")
    return found


def _may_import(package: str, top: str) -> bool:
    if top in OURS:
        return top == package or top in MAY_IMPORT[package]
    return package in ONLY_IN.get(top, {package})


def faults_of_calls(source: str) -> list[str]:
    """Ways to run what a file holds, or to unpack it unchecked, as "line 3: …"."""
    tree = ast.parse(source)
    found = [
        f"line {line}: relative import" if name.startswith(".") else f"line {line}: import of {name}"
        for line, name, _ in _imports(tree)
        if name.split(".")[0] in {"", *NO_FILE_IMPORTS}
    ]
    meant = _meanings(tree)
    for node in ast.walk(tree):
        name = _dotted(node.func, meant) if isinstance(node, ast.Call) else ""
        if name in NO_FILE_CALLS or name.split(".")[-1] in NO_FILE_CALLS_METHOD:
            found.append(f"line {node.lineno}: call of {name}")  # type: ignore[attr-defined]
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and not _is_false(node.value):
            found.append(f"line {node.value.lineno}: allow_pickle")
    return found


def _imports(node: ast.AST, inside: bool = False) -> Iterator[tuple[int, str, bool]]:
    """(line, dotted name, whether it runs only later or never) of every import; a relative one starts with a dot."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((child.lineno, alias.name, inside) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield child.lineno, "." * child.level + (child.module or ""), inside
        yield from _imports(child, inside or _delays(child))


def _delays(node: ast.AST) -> bool:
    """Whether what stands inside does not run when the file is imported: a function, or names for types only."""
    if isinstance(node, ast.If) and not node.orelse:
        return _dotted(node.test, {}).split(".")[-1] == "TYPE_CHECKING"
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))


def _meanings(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for: {"t": "torch"} after `import torch as t`."""
    meant = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            meant.update({alias.asname: alias.name for alias in node.names if alias.asname})
        elif isinstance(node, ast.ImportFrom) and node.module:
            meant.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return meant


def _dotted(node: ast.AST, meant: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return meant.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, meant)}.{node.attr}"
    return "()"


def _is_false(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _files(package: str) -> list[Path]:
    single = ROOT / f"{package}.py"
    folder = [path for path in sorted((ROOT / package).rglob("*.py")) if "node_modules" not in path.parts]
    return folder + ([single] if single.is_file() else [])


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)} {fault}"
        for path in _files(package)
        for fault in faults_of_imports(package, path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("package", sorted(OURS))
def test_nothing_runs_what_a_file_holds(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)} {fault}"
        for path in _files(package)
        for fault in faults_of_calls(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


def test_the_checks_see_the_files() -> None:
    seen = {path.relative_to(ROOT).as_posix() for package in MAY_IMPORT for path in _files(package)}
    assert {"pipelines/document.py", "nodes/spec.py", "nodes/ports/images.py", "canvas/messages.py"} <= seen


BAD_IMPORTS = {
    "pipelines asks the canvas": (
        "pipelines",
        "from canvas import messages",
        ["line 1: pipelines may not import canvas"],
    ),
    "pipelines asks the pages": ("pipelines", "import ui.pages", ["line 1: pipelines may not import ui"]),
    "pipelines asks generative": (
        "pipelines",
        "def f():\n import generative",
        ["line 2: pipelines may not import generative"],
    ),
    "the canvas asks nodes": ("canvas", "import nodes", ["line 1: canvas may not import nodes"]),
    "generative asks storage": (
        "generative",
        "import os, storage.files",
        ["line 1: generative may not import storage"],
    ),
    "storage asks nodes in a function": (
        "storage",
        "def f():\n  import nodes",
        ["line 2: storage may not import nodes"],
    ),
    "the interface asks the pages": ("api", "from ui import gallery", ["line 1: api may not import ui"]),
    "the product asks its tests": ("app", "import tests.conftest", ["line 1: app may not import tests"]),
    "streamlit in pipelines": (
        "pipelines",
        "import streamlit as st",
        ["line 1: pipelines may not import streamlit"],
    ),
    "sqlite_utils in api": (
        "api",
        "from sqlite_utils import Database",
        ["line 1: api may not import sqlite_utils"],
    ),
    "torch in pipelines": (
        "pipelines",
        "def f():\n  import torch",
        ["line 2: pipelines may not import torch"],
    ),
    "torch at the top of a block": (
        "nodes",
        "import torch",
        ["line 1: nodes may import torch only inside a function"],
    ),
    "torch in a branch": (
        "nodes",
        "if DEBUG:\n    import torch",
        ["line 2: nodes may import torch only inside a function"],
    ),
    "the wrong package, for types only": (
        "canvas",
        "if TYPE_CHECKING:\n    from nodes import spec",
        ["line 2: canvas may not import nodes"],
    ),
    "transformers in a class body": (
        "nodes",
        "class A:\n    import transformers.models",
        ["line 2: nodes may import transformers only inside a function"],
    ),
    "relative": (
        "nodes",
        "from . import api\nfrom ..x import y",
        ["line 1: relative import", "line 2: relative import"],
    ),
}

GOOD_IMPORTS = {
    "a block imports torch in its function": (
        "nodes",
        "def f():\n    import torch\n    from generative import loop",
    ),
    "a block names generative for types only": (
        "nodes",
        "if TYPE_CHECKING:\n    from generative import loop",
    ),
    "app wires everything": (
        "app",
        "import ui, api, canvas, pipelines, nodes, generative, storage, streamlit",
    ),
    "pipelines runs blocks and stores": (
        "pipelines",
        "import nodes.catalogue\nfrom storage import artifacts\nimport json",
    ),
    "a package imports itself": ("canvas", "from canvas.messages import Node"),
    "generative is of torch": ("generative", "import torch, diffusers"),
    "a name that only begins alike": ("pipelines", "import torchless, canvass"),
}

BAD_CALLS = {
    "eval": ("eval(text)", ["line 1: call of eval"]),
    "exec in a function": ("def f():\n    exec(code)", ["line 2: call of exec"]),
    "eval by another name": ("from builtins import eval as read\nread(x)", ["line 2: call of builtins.eval"]),
    "pickle": ("import pickle\npickle.load(f)", ["line 1: import of pickle"]),
    "pickle from": ("from pickle import loads", ["line 1: import of pickle"]),
    "torch.load": ("import torch\ntorch.load(path, weights_only=True)", ["line 2: call of torch.load"]),
    "torch.load by another name": ("import torch as t\nt.load(path)", ["line 2: call of torch.load"]),
    "load from torch": ("from torch import load\nload(path)", ["line 2: call of torch.load"]),
    "yaml.load": ("import yaml\nyaml.load(text)", ["line 2: call of yaml.load"]),
    "extractall": ("import zipfile\nzipfile.ZipFile(p).extractall(q)", ["line 2: call of ().extractall"]),
    "arrays with objects": ("import numpy as np\nnp.load(p, allow_pickle=True)", ["line 2: allow_pickle"]),
    "relative": ("from .api import x", ["line 1: relative import"]),
}

GOOD_CALLS = {
    "a network in evaluation mode": "network.eval()",
    "arrays without objects": "import numpy as np\nnp.load(p, allow_pickle=False)",
    "json and safetensors": "import json\nfrom safetensors.torch import load\njson.load(f)\nload(b)",
    "words in a text": "say = 'eval(x) and pickle.load'",
}


@pytest.mark.parametrize(("package", "source", "expected"), BAD_IMPORTS.values(), ids=BAD_IMPORTS)
def test_a_bad_import_is_seen(package: str, source: str, expected: list[str]) -> None:
    assert faults_of_imports(package, source) == expected


@pytest.mark.parametrize(("package", "source"), GOOD_IMPORTS.values(), ids=GOOD_IMPORTS)
def test_a_good_import_passes(package: str, source: str) -> None:
    assert faults_of_imports(package, source) == []


@pytest.mark.parametrize(("source", "expected"), BAD_CALLS.values(), ids=BAD_CALLS)
def test_a_bad_call_is_seen(source: str, expected: list[str]) -> None:
    assert faults_of_calls(source) == expected


@pytest.mark.parametrize("source", GOOD_CALLS.values(), ids=GOOD_CALLS)
def test_a_good_call_passes(source: str) -> None:
    assert faults_of_calls(source) == []
