"""Foreign documents: the exact words for each mistake."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.document import DocumentError, Node, Problem, from_json, read


def text(nodes: str = "", wires: str = "", more: str = "") -> str:
    return f'{{"name": "D", "nodes": [{nodes}], "wires": [{wires}]{more}}}'


def node(more: str) -> str:
    return text(f'{{"id": "vae", "block": "x.y", {more}}}')


TEXTS: dict[str, tuple[str | bytes, list[Problem]]] = {
    "not JSON": ("name: D", [Problem("This is not JSON: it cannot be read at line 1, column 1.")]),
    "cut off": ('{\n "name": ', [Problem("This is not JSON: it cannot be read at line 2, column 10.")]),
    "empty": (" \n", [Problem("This file is empty. A pipeline is a JSON object with “nodes” and “wires”.")]),
    "a picture": (b"\x89PNG\r\n", [Problem("This file is not text in UTF-8, so it is not a pipeline.")]),
    "too large": (" " * 6_000_000, [Problem("This file has 6.0 MB. A pipeline has at most 5 MB.")]),
    "a list": ("[]", [Problem("A pipeline is a JSON object with “nodes” and “wires”, but this is a list.")]),
    "a number": (
        "12",
        [Problem("A pipeline is a JSON object with “nodes” and “wires”, but this is a number.")],
    ),
    "100,000 levels": ("[" * 100_000, [Problem("This text is nested too deeply: more than 64 levels.")]),
    "100,000 levels of objects": (
        '{"a":' * 100_000,
        [Problem("This text is nested too deeply: more than 64 levels.")],
    ),
    "70 levels in a parameter": (
        node(f'"params": {{"a": {"[" * 70}{"]" * 70}}}'),
        [Problem("Parameter “a” of node “vae” is nested too deeply: more than 64 levels.", "vae", "a")],
    ),
    "nothing needed is there": (
        "{}",
        [
            Problem("“name” of the pipeline is missing.", None, "name"),
            Problem("“nodes” of the pipeline is missing.", None, "nodes"),
            Problem("“wires” of the pipeline is missing.", None, "wires"),
        ],
    ),
    "newer format": (
        text(more=', "format": 7'),
        [
            Problem(
                "This pipeline was saved by a newer version of Genloom (format 7; this one reads up to 1). Update "
                "Genloom to open it.",
                None,
                "format",
            )
        ],
    ),
    "format in words": (
        text(more=', "format": "new"'),
        [Problem("“format” of the pipeline must be a whole number from 1, but is “new”.", None, "format")],
    ),
    "NaN": (
        node('"params": {"rate": NaN}'),
        [Problem("Parameter “rate” of node “vae” is NaN, which is not a finite number.", "vae", "rate")],
    ),
    "infinity in an object in a parameter": (
        node('"params": {"budget": {"seconds": -Infinity}}'),
        [
            Problem(
                "Parameter “budget” of node “vae” is -Infinity, which is not a finite number.",
                "vae",
                "budget",
            )
        ],
    ),
    "a decimal without end": (
        node('"position": [1e999, 0]'),
        [Problem("“position” of node “vae” is 1e999, which is too large.", "vae", "position")],
    ),
    "5,000 digits": (
        node(f'"params": {{"size": -{"9" * 5000}}}'),
        [
            Problem(
                "Parameter “size” of node “vae” is a number of 5,000 digits, which is too large.",
                "vae",
                "size",
            )
        ],
    ),
    "30 digits": (
        text(more=f', "seed": {"9" * 30}'),
        [Problem("“seed” of the pipeline is a number that is too large.", None, "seed")],
    ),
    "the same name twice": (
        node('"params": {"size": 1, "size": 2}, "block": "z"'),
        [
            Problem("“block” of node “vae” is given twice.", "vae", "block"),
            Problem("Parameter “size” of node “vae” is given twice.", "vae", "size"),
        ],
    ),
    "the same name twice at the top": (
        text(more=', "name": "E"'),
        [Problem("“name” of the pipeline is given twice.", None, "name")],
    ),
    "half a character": (
        node('"title": "\\ud800"'),
        [Problem("“title” of node “vae” holds characters that are not valid Unicode.", "vae", "title")],
    ),
    "half a character in a name": (
        node('"params": {"\\ud800": 1}'),
        [
            Problem(
                "“params” of node “vae” holds a name that holds characters that are not valid Unicode.",
                "vae",
                "params",
            )
        ],
    ),
    "unknown field of the pipeline": (
        text(more=', "nodez": []'),
        [Problem("“nodez” of the pipeline is not a known field. Did you mean “nodes”?", None, "nodez")],
    ),
    "unknown field of a node": (
        node('"zzz": 1'),
        [
            Problem(
                "“zzz” of node “vae” is not a known field. There are: “id”, “block”, “version”, “title”, “params”, "
                "“position”.",
                "vae",
                "zzz",
            )
        ],
    ),
    "wrong kinds": (
        '{"name": 1, "description": [], "seed": "x", "nodes": {}, "wires": null}',
        [
            Problem("“name” of the pipeline must be text, but is a number.", None, "name"),
            Problem("“description” of the pipeline must be text, but is a list.", None, "description"),
            Problem(
                "“seed” of the pipeline must be a whole number from 0 to 2,147,483,647, but is “x”.",
                None,
                "seed",
            ),
            Problem("“nodes” of the pipeline must be a list, but is an object.", None, "nodes"),
            Problem("“wires” of the pipeline must be a list, but is empty.", None, "wires"),
        ],
    ),
    "wrong kinds in a node": (
        '{"name": "D", "nodes": [{"id": "vae", "block": 5, "version": true, "title": {}, "params": [], '
        '"position": [1, "2"]}], "wires": []}',
        [
            Problem("“block” of node “vae” must be text, but is a number.", "vae", "block"),
            Problem(
                "“version” of node “vae” must be a whole number from 1 to 1,000,000, but is true or false.",
                "vae",
                "version",
            ),
            Problem("“title” of node “vae” must be text, but is an object.", "vae", "title"),
            Problem("“params” of node “vae” must be an object, but is a list.", "vae", "params"),
            Problem("“position” of node “vae” must be two numbers, but is a list.", "vae", "position"),
        ],
    ),
    "not a node and not a wire": (
        text("5", '"a"'),
        [
            Problem("Node 1 must be an object, but is a number.", None, "nodes"),
            Problem("Wire 1 must be an object, but is text.", None, "wires"),
        ],
    ),
    "a path as an id": (
        text('{"id": "../../etc", "block": "x.y"}'),
        [
            Problem(
                "“id” of node 1 must be 1 to 64 letters, digits, “-” or “_”, but is “../../etc”.", None, "id"
            )
        ],
    ),
    "no block": (text('{"id": "a"}'), [Problem("“block” of node “a” is missing.", "a", "block")]),
    "two nodes of one id": (
        text('{"id": "a", "block": "x.y"}, {"id": "a", "block": "x.z"}'),
        [Problem("Two nodes have the id “a”. Every node needs its own.", "a", "id")],
    ),
    "a wire of text": (
        text(wires='{"from": "vae.model", "to": ["a", "b", "c"]}'),
        [
            Problem(
                '“from” of wire 1 must be a node and a port, such as ["vae", "model"], but is “vae.model”.',
                None,
                "wires",
            ),
            Problem(
                '“to” of wire 1 must be a node and a port, such as ["vae", "model"], but is a list.',
                None,
                "wires",
            ),
        ],
    ),
    "a wire to nothing": (
        text(wires='{"from": ["a", "b"]}'),
        [
            Problem(
                '“to” of wire 1 must be a node and a port, such as ["vae", "model"], but is empty.',
                None,
                "wires",
            )
        ],
    ),
    "too many nodes": (
        text(", ".join(["1"] * 5_001)),
        [Problem("This pipeline has 5,001 nodes; at most 5,000 are allowed.", None, "nodes")],
    ),
    "too long a name": (
        '{"name": "%s", "nodes": [], "wires": []}' % ("n" * 201),
        [Problem("“name” of the pipeline has 201 characters; at most 200 are allowed.", None, "name")],
    ),
    "a name that cannot be seen": (
        '{"name": "\\u202e\\u0007 ", "nodes": [], "wires": []}',
        [Problem("“name” of the pipeline is empty.", None, "name")],
    ),
    "a number that is a node": (
        text("NaN"),
        [Problem("Node 1 is NaN, which is not a finite number.")],
    ),
    "a number in a wire": (
        text(wires='{"from": NaN}'),
        [Problem("Wire 1 is NaN, which is not a finite number.", None, "wires")],
    ),
}


@pytest.mark.parametrize(("given", "expected"), TEXTS.values(), ids=TEXTS)
def test_every_mistake_is_told(given: str | bytes, expected: list[Problem]) -> None:
    with pytest.raises(DocumentError) as caught:
        read(given)
    assert caught.value.problems == expected


def test_too_many_values_are_refused() -> None:
    with pytest.raises(DocumentError, match=r"^The pipeline holds more than 250,000 values\.$"):
        read("[" + "1," * 600_000 + "1]")


def test_a_hundred_faults_are_enough() -> None:
    with pytest.raises(DocumentError) as caught:
        read(text(", ".join(["NaN"] * 1_000)))
    assert len(caught.value.problems) == 100


def test_many_problems_are_cut() -> None:
    with pytest.raises(DocumentError) as caught:
        read(text(", ".join(["1"] * 1_000)))
    assert len(caught.value.problems) == 201
    assert caught.value.problems[-1] == Problem("There are 800 more problems.")


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop += [loop, loop]
    with pytest.raises(DocumentError):
        from_json({"name": "D", "nodes": [], "wires": [], "description": loop})


def test_characters_that_turn_text_around_are_taken_out_of_names() -> None:
    assert read('{"name": "a\\u202eb\\nc", "nodes": [], "wires": []}').name == "abc"
    assert (
        read('{"name": "D", "description": "a\\u202eb\\nc", "nodes": [], "wires": []}').description == "ab\nc"
    )


def test_a_node_is_found_by_its_id() -> None:
    assert read(node('"version": 2.0')).node("vae") == Node("vae", "x.y", 2)
