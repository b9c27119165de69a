"""The command line: the same engine without the page. Wiring of words to functions only."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pipelines import controlling, templates
from pipelines.document import Document, DocumentError, read
from pipelines.part import Part
from pipelines.problem import Problem
from pipelines.service import Service, load_catalogue
from pipelines.validation import problems
from storage.database import HomeError

DONE, FAILED, INVALID = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code: 0 done, 1 failed or cancelled, 2 invalid document."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.act(options)
        return code
    except DocumentError as error:
        return _print_problems([p.to_json() for p in error.problems], getattr(options, "json", False))
    except HomeError as error:
        print(error, file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines",
        description="Run, check and list Genloom pipelines. GENLOOM_HOME is the store.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, help: str, act: Any, *, json_too: bool = True) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help, description=help)
        added.set_defaults(act=act)
        if json_too:
            added.add_argument("--json", action="store_true", help="print one JSON value and nothing else")
        return added

    run = command("run", "Run a template, or a pipeline from a file.", _run)
    run.add_argument("pipeline", metavar="TEMPLATE_OR_FILE")
    run.add_argument("--set", action="append", default=[], metavar="NODE.PARAM=VALUE", help="set a parameter")
    run.add_argument("--seed", type=int, help="the base seed of the run")
    run.add_argument("--until", metavar="NODE", help="only this block and what it needs")
    run.add_argument("--only", metavar="NODE", help="this block alone, from stored results")
    run.add_argument(
        "--fresh",
        action="append",
        default=[],
        metavar="NODE",
        help="run this block although its result is stored",
    )
    cost = command("cost", "Say what a run would take: time, memory and disk.", _cost)
    cost.add_argument("pipeline", metavar="TEMPLATE_OR_FILE")
    cost.add_argument(
        "--set", action="append", default=[], metavar="NODE.PARAM=VALUE", help="set a parameter"
    )
    cost.add_argument("--seed", type=int, help="the base seed of the run")
    validate = command("validate", "Say everything that is wrong with a pipeline file.", _validate)
    validate.add_argument("file", metavar="FILE")
    command("blocks", "List the blocks with their ports and parameters.", _blocks)
    command("templates", "List the templates.", _templates)
    controlling.add_commands(command)
    collect = command("collect", "Remove stored results that nothing needs any more.", _collect)
    collect.add_argument(
        "--older-than", metavar="AGE", help="only results not used for 12h, 30d, 8w (default: 30d)"
    )
    collect.add_argument(
        "--max-size", metavar="SIZE", help="go on, longest unused first, until 20GB are left"
    )
    collect.add_argument("--dry-run", action="store_true", help="say what would go, and remove nothing")
    verify = command("verify", "Run a run again without stored results, and compare.", _verify)
    verify.add_argument("run", metavar="RUN", help="the number or id of a run")
    worker = command("worker", "Be a worker: run steps until nobody needs it.", _worker, json_too=False)
    worker.add_argument("--device", default="auto", help="auto, cpu, cuda:0, … (default: auto)")
    demos = command("demos", "Run every template and store its results beside it.", _demos, json_too=False)
    demos.add_argument("slugs", nargs="*", metavar="TEMPLATE", help="only these")
    return parser


def load(name: str) -> tuple[Document, str | None]:
    """The document of a template slug or a file, and the slug where it is one. Raises DocumentError."""
    path = Path(name)
    if path.is_file():
        return read(path.read_bytes()), None
    if name.endswith(".json") or "/" in name:
        raise DocumentError([Problem(f"There is no file “{name}”.")])
    return templates.get(name).document, name


def _changed(document: Document, options: argparse.Namespace) -> Document:
    for setting in options.set:
        where, equals, value = setting.partition("=")
        node, dot, param = where.partition(".")
        if not equals or not dot:
            raise DocumentError([Problem(f"--set {setting}: write it as NODE.PARAM=VALUE.")])
        document = document.with_param(node, param, value)
    return document if options.seed is None else document.with_seed(options.seed)


def _run(options: argparse.Namespace) -> int:
    from pipelines.running import run_to_end

    document, slug = load(options.pipeline)
    document = _changed(document, options)
    part = Part(options.until, options.only, tuple(options.fresh))
    return run_to_end(Service.open(), document, slug, as_json=options.json, part=part)


def _cost(options: argparse.Namespace) -> int:
    from pipelines.costing import show

    document, _ = load(options.pipeline)
    return show(Service.open(), _changed(document, options), as_json=options.json)


def _validate(options: argparse.Namespace) -> int:
    document, _ = load(options.file)
    found = [p.to_json() for p in problems(document, load_catalogue())]
    if found:
        return _print_problems(found, options.json)
    print(json.dumps({"valid": True, "problems": []}) if options.json else f"{options.file} is valid.")
    return DONE


def _blocks(options: argparse.Namespace) -> int:
    catalogue = load_catalogue()
    if options.json:
        print(json.dumps(catalogue.describe()["blocks"], ensure_ascii=False))
    else:
        for spec in catalogue:
            print(f"{spec.id:<22}{spec.summary}")
    for problem in catalogue.problems:
        print(problem, file=sys.stderr)
    return DONE


def _templates(options: argparse.Namespace) -> int:
    found = [template.summary() for template in templates.all_templates()]
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for template in found:
            print(f"{template['slug']:<20}{template['title']} (about {template['seconds']:g} s)")
    return DONE


def _collect(options: argparse.Namespace) -> int:
    from pipelines.collect import collect
    from storage.home import Home

    return collect(
        Home.open(), options.older_than, options.max_size, dry_run=options.dry_run, as_json=options.json
    )


def _verify(options: argparse.Namespace) -> int:
    from pipelines.verify import verify

    return verify(Service.open(), options.run, as_json=options.json)


def _worker(options: argparse.Namespace) -> int:
    from pipelines import worker
    from storage.home import Home

    return worker.main(Home.open(), load_catalogue(), options.device)


def _demos(options: argparse.Namespace) -> int:
    from pipelines.demos import make

    return make(options.slugs)


def _print_problems(found: list[dict[str, Any]], as_json: bool) -> int:
    if as_json:
        print(json.dumps({"valid": False, "problems": found}, ensure_ascii=False))
    else:
        for problem in found:
            where = ".".join(part for part in (problem["node"], problem["field"]) if part)
            print(f"{where}: {problem['message']}" if where else problem["message"], file=sys.stderr)
    return INVALID
