"""What validation says: each mistake with its exact words, at its node and field."""

from __future__ import annotations

import time

import pytest

from nodes.params import Budget
from pipelines.document import Document, DocumentError, Node, Problem, Wire
from pipelines.validation import checked_params, problems
from tests.pipelines.small import CATALOGUE, LearnParams, document

GOOD = {
    "one block": document("a:make.digits"),
    "a whole pipeline": document(
        "d:make.files p:change.prepare v:learn.vae s:draw.images m:measure.scores",
        "d.images>p.images p.train>v.images p.heldout>v.heldout v.model>s.model s.images>m.samples p.train>m.train",
        {"v": {"latent_size": 8, "budget": "500 steps"}},
    ),
    "several wires into a list": document(
        "d:make.digits e:make.digits m:measure.scores",
        "d.images>m.samples e.images>m.samples d.images>m.train",
    ),
    "a kind stands for its parent": document(
        "d:make.digits v:learn.vae s:draw.images", "d.images>v.images v.model>s.model"
    ),
    "parameters of an older version": document(
        "d:make.digits v:learn.vae@1", "d.images>v.images", {"v": {"latent": 8}}
    ),
}


@pytest.mark.parametrize("case", GOOD.values(), ids=GOOD)
def test_a_sound_document_has_no_problems(case: Document) -> None:
    assert problems(case, CATALOGUE) == []


BAD: dict[str, tuple[Document, list[Problem]]] = {
    "empty": (document(""), [Problem("This pipeline has no blocks yet. Add one from the palette.")]),
    "unknown block": (
        document("a:make.digit"),
        [Problem("There is no block “make.digit” in this installation. Did you mean “make.digits”?", "a")],
    ),
    "unknown block that resembles none": (
        document("a:zzz.qqq"),
        [
            Problem(
                "There is no block “zzz.qqq” in this installation. Install the package that brings it, or remove "
                "this node.",
                "a",
            )
        ],
    ),
    "newer version of a block": (
        document("a:make.digits@4"),
        [
            Problem(
                "“Digits” was made with version 4 of this block, but version 1 is installed. Update Genloom, or "
                "replace it by a new block.",
                "a",
            )
        ],
    ),
    "below the range": (
        document("d:make.digits v:learn.vae", "d.images>v.images", {"v": {"latent_size": 1}}),
        [Problem("“Train VAE”: Latent size must be at least 2, but is 1.", "v", "latent_size")],
    ),
    "above the range, with a unit": (
        document("d:make.digits p:change.prepare", "d.images>p.images", {"p": {"size": 1000}}),
        [Problem("“Prepare”: Size must be at most 512 px, but is 1000.", "p", "size")],
    ),
    "several parameters": (
        document(
            "d:make.digits v:learn.vae",
            "d.images>v.images",
            {"v": {"latent_size": "many", "budget": "soon", "rate": 1}},
        ),
        [
            Problem("“Train VAE”: Latent size must be a whole number, but is “many”.", "v", "latent_size"),
            Problem(
                '“Train VAE”: Budget: a budget is written like "30 s", "500 steps" or "20 epochs".',
                "v",
                "budget",
            ),
            Problem(
                "“Train VAE”: There is no parameter “rate”. This block has: latent_size, budget.", "v", "rate"
            ),
        ],
    ),
    "an upgrade that fails": (
        document("d:make.digits v:learn.vae@2", "d.images>v.images", {"v": {"minutes": {}}}),
        [
            Problem(
                "“Train VAE”: its settings are of version 2 of the block and cannot be brought to version 3. Replace "
                "it by a new block of the same kind.",
                "v",
            )
        ],
    ),
    "missing input that a node could give": (
        document("d:make.digits v:learn.vae"),
        [
            Problem(
                "“images” of “Train VAE” is not connected. It needs Images, which “Digits” gives.",
                "v",
                "images",
            )
        ],
    ),
    "missing input that only the palette can give": (
        document("s:draw.images"),
        [
            Problem(
                "“model” of “Draw” is not connected. It needs Image model. Blocks that give it: “Train VAE”.",
                "s",
                "model",
            )
        ],
    ),
    "an empty list": (
        document("d:make.digits m:measure.scores", "d.images>m.train"),
        [
            Problem(
                "“samples” of “Compare” is not connected. It needs Images, which “Digits” gives.",
                "m",
                "samples",
            )
        ],
    ),
    "two wires into one input": (
        document("a:make.digits b:make.digits v:learn.vae", "a.images>v.images b.images>v.images"),
        [
            Problem(
                "“images” of “Train VAE” takes one wire, but 2 are connected, from “images” of “Digits (a)” and "
                "“images” of “Digits (b)”. Remove all but one.",
                "v",
                "images",
            )
        ],
    ),
    "the same wire twice": (
        document("d:make.digits m:measure.scores", "d.images>m.samples d.images>m.samples d.images>m.train"),
        [Problem("The same wire leads to “samples” of “Compare” twice.", "m", "samples")],
    ),
    "wrong kind, with a block that converts": (
        document("f:make.files v:learn.vae", "f.images>v.images"),
        [
            Problem(
                "“images” of “Files” gives Image files, but “images” of “Train VAE” needs Images. Put “Prepare” "
                "between them.",
                "v",
                "images",
            )
        ],
    ),
    "wrong kind, with a node that gives the right one": (
        document(
            "d:make.digits v:learn.vae m:measure.scores s:draw.images",
            "d.images>v.images d.images>m.train d.images>m.samples m.scores>s.model",
        ),
        [
            Problem(
                "“scores” of “Compare” gives Scores, but “model” of “Draw” needs Image model. Connect “Train VAE” "
                "instead.",
                "s",
                "model",
            )
        ],
    ),
    "wrong kind, with a block of the palette that gives the right one": (
        document(
            "d:make.digits m:measure.scores s:draw.images",
            "d.images>m.train d.images>m.samples m.scores>s.model",
        ),
        [
            Problem(
                "“scores” of “Compare” gives Scores, but “model” of “Draw” needs Image model. Blocks that give it: "
                "“Train VAE”.",
                "s",
                "model",
            )
        ],
    ),
    "unknown ports": (
        document("d:make.digits v:learn.vae", "d.pictures>v.images d.images>v.data"),
        [
            Problem("“Digits” has no output “pictures”. Its outputs are: “images”.", "d", "pictures"),
            Problem("“Train VAE” has no input “data”. Its inputs are: “images”, “heldout”.", "v", "data"),
        ],
    ),
    "a block without inputs": (
        document("a:make.digits b:make.digits", "a.images>b.images"),
        [Problem("“Digits (b)” has no input “images”. It has no inputs.", "b", "images")],
    ),
    "wire from a missing node": (
        document("d:make.digits v:learn.vae", "dd.images>v.images"),
        [
            Problem(
                "A wire to “images” of “Train VAE” is tied to a node “dd” that does not exist. Did you mean “d”?",
                "v",
                "images",
            )
        ],
    ),
    "wire to a missing node": (
        document("d:make.digits", "d.images>zzz.images"),
        [
            Problem(
                "A wire from “images” of “Digits” is tied to a node “zzz” that does not exist. Remove the wire.",
                "d",
                "images",
            )
        ],
    ),
    "to itself": (
        document("p:change.prepare", "p.train>p.images"),
        [Problem("“Prepare” is wired to itself. Remove that wire.", "p")],
    ),
    "cycle": (
        document("v:learn.vae s:draw.images", "v.model>s.model s.images>v.images"),
        [
            Problem(
                "These blocks wait for each other in a circle: “Train VAE” → “Draw” → “Train VAE”. Remove one of "
                "the wires.",
                "v",
            )
        ],
    ),
    "everything at once": (
        document(
            "a:no.block v:learn.vae s:draw.images", "a.x>v.images q.z>s.model", {"v": {"latent_size": 0}}
        ),
        [
            Problem(
                "There is no block “no.block” in this installation. Install the package that brings it, or remove "
                "this node.",
                "a",
            ),
            Problem("“Train VAE”: Latent size must be at least 2, but is 0.", "v", "latent_size"),
            Problem(
                "A wire to “model” of “Draw” is tied to a node “q” that does not exist. Remove the wire.",
                "s",
                "model",
            ),
        ],
    ),
}


@pytest.mark.parametrize(("case", "expected"), BAD.values(), ids=BAD)
def test_every_mistake_is_told(case: Document, expected: list[Problem]) -> None:
    assert problems(case, CATALOGUE) == expected


def test_the_users_own_title_is_used() -> None:
    nodes = (Node("v", "learn.vae", 3, title="My model"),)
    assert problems(Document("Test", nodes), CATALOGUE) == [
        Problem(
            "“images” of “My model” is not connected. It needs Images. Blocks that give it: “Digits”, “Prepare” "
            "and “Draw”.",
            "v",
            "images",
        )
    ]


def test_older_parameters_are_brought_up_to_date() -> None:
    spec = CATALOGUE.get("learn.vae")
    assert spec
    node = Node("v", "learn.vae", 1, params={"latent": 8, "minutes": 2})
    assert checked_params(node, spec) == LearnParams(latent_size=8, budget=Budget(seconds=120))
    assert node.params == {"latent": 8, "minutes": 2}
    node = Node("v", "learn.vae", 2, params={"latent_size": 8})
    assert checked_params(node, spec) == LearnParams(latent_size=8)
    with pytest.raises(DocumentError, match="There is no parameter “latent”"):
        checked_params(Node("v", "learn.vae", 3, params={"latent": 8}), spec)


def test_a_large_document_of_mistakes_is_answered_quickly() -> None:
    nodes = tuple(Node(f"n{i}", f"learn.vae{i % 7}") for i in range(5_000))
    wires = tuple(Wire((f"n{i}", "a"), (f"m{i}", "b")) for i in range(5_000))
    start = time.perf_counter()
    found = problems(Document("Test", nodes, wires), CATALOGUE)
    assert len(found) == 10_000
    assert time.perf_counter() - start < 2
