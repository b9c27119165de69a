"""What each block does beyond its contract: its errors, its choices, and what it hands on."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nodes.api import BlockError, Budget, Images, Scores, VAEModel
from nodes.evaluate.images import EvaluateParams, evaluate
from nodes.generate.images import GenerateParams, generate
from nodes.preprocess.images import Prepared, PrepareParams, prepare
from nodes.testing import FakeContext, fake_images, tiny_budget
from nodes.train.vae import TrainVAEParams, train_vae
from tests.nodes.test_contracts import image_files, tiny_model

_kept: list[FakeContext] = []


@pytest.fixture(scope="module")
def model() -> VAEModel:
    return tiny_model()


def prepared(images: Any, **params: Any) -> Prepared:
    result = prepare(FakeContext(seed=params.get("seed", 0)), images, PrepareParams(**params))
    assert isinstance(result, Prepared)
    return result


def trained(images: Images, heldout: Images | None = None, **params: Any) -> tuple[VAEModel, FakeContext]:
    ctx = FakeContext(stop_after=params.pop("stop_after", None))
    _kept.append(ctx)
    given = {"budget": tiny_budget(), "latent_size": 4, "hidden": 16, "batch_size": 8, **params}
    result = train_vae(ctx, images, TrainVAEParams(**given), heldout)
    assert isinstance(result, VAEModel)
    return result, ctx


def drawn(model: VAEModel, **params: Any) -> tuple[Images, FakeContext]:
    ctx = FakeContext(seed=params.get("seed", 0))
    result = generate(ctx, model, GenerateParams(**params))
    assert isinstance(result, Images)
    return result, ctx


def scored(samples: Images, train: Images, heldout: Images, **params: Any) -> Scores:
    result = evaluate(FakeContext(), samples, train, heldout, EvaluateParams(**params))
    assert isinstance(result, Scores)
    return result


class TestPrepare:
    def test_every_class_gives_the_same_share(self) -> None:
        images = fake_images(100, classes=4)
        train, heldout = prepared(images, size=8, held_out=0.2)
        assert (len(train), len(heldout)) == (80, 20)
        assert heldout.labels is not None
        assert np.bincount(heldout.labels).tolist() == [5, 5, 5, 5]
        assert train.classes == heldout.classes == images.classes
        both = {one.tobytes() for one in (*train.pixels, *heldout.pixels)}
        assert both == {one.tobytes() for one in images.pixels}

    def test_copies_are_made_of_the_training_part_alone(self) -> None:
        images = fake_images(50)
        plain, grown = prepared(images, size=8), prepared(images, size=8, copies=3)
        assert len(grown.train) == 4 * len(plain.train)
        assert np.array_equal(grown.train.pixels[: len(plain.train)], plain.train.pixels)
        assert np.array_equal(grown.heldout.pixels, plain.heldout.pixels)
        assert grown.train.labels is not None
        assert np.bincount(grown.train.labels).tolist() == [80, 80]
        assert grown.train.notes["copies"] == 3

    def test_another_seed_splits_otherwise(self) -> None:
        images = fake_images(50)
        assert not np.array_equal(
            prepared(images, size=8).heldout.pixels, prepared(images, size=8, seed=1).heldout.pixels
        )

    @pytest.mark.parametrize(
        ("wanted", "stored", "expected"), [("auto", 3, 3), ("grey", 3, 1), ("colour", 1, 3), ("auto", 1, 1)]
    )
    def test_channels(self, wanted: str, stored: int, expected: int) -> None:
        assert (
            prepared(fake_images(20, channels=stored), size=8, channels=wanted).train.pixels.shape[3]
            == expected
        )

    def test_grey_stored_as_colour_is_seen_to_be_grey(self) -> None:
        grey = fake_images(20)
        stored = Images(grey.pixels.repeat(3, axis=3))
        assert prepared(stored, size=8).train.pixels.shape[3] == 1

    def test_files_keep_their_classes(self) -> None:
        files = image_files()
        train, heldout = prepared(files, size=16, held_out=0.5)
        assert train.pixels.shape[1:] == heldout.pixels.shape[1:] == (16, 16, 3)
        assert train.classes == ("cat", "dog")
        assert train.notes["origin"] == "pets.zip"

    def test_what_would_not_fit_into_memory_is_refused_before_it_is_made(self) -> None:
        pixels = np.broadcast_to(np.zeros((1, 8, 8, 1), np.uint8), (20_000, 8, 8, 1))
        with pytest.raises(
            BlockError, match=r"20,000 images with 10 copies each of 512×512 .* need 53.7 GB .* 2 GB"
        ):
            prepared(Images(np.asarray(pixels).copy()), size=512, copies=10)

    def test_too_few_images_to_split(self) -> None:
        with pytest.raises(BlockError, match="2 images cannot be split: a held-out share of 5% leaves 2"):
            prepared(fake_images(2), size=8, held_out=0.05)


class TestTrain:
    def test_a_batch_larger_than_the_data_names_both_numbers(self) -> None:
        with pytest.raises(BlockError, match="“Batch size” is 128, but there are only 40 images"):
            trained(fake_images(40), batch_size=128)

    def test_images_that_are_not_square_are_sent_to_prepare(self) -> None:
        with pytest.raises(BlockError, match=r"must be square\. Put a Prepare images block before"):
            trained(Images(np.zeros((20, 8, 12, 1), np.uint8)))

    def test_too_few_held_out_images_are_counted(self) -> None:
        with pytest.raises(BlockError, match="held-out images, but there are 3"):
            trained(fake_images(40), fake_images(3))

    def test_held_out_images_of_another_size_are_explained(self) -> None:
        with pytest.raises(BlockError, match="held-out images are"):
            trained(fake_images(40), fake_images(20, size=10))

    @pytest.mark.parametrize(
        ("size", "channels", "chosen"),
        [(8, 1, "mlp"), (28, 1, "mlp"), (32, 1, "convolutional"), (8, 3, "convolutional"), (50, 1, "mlp")],
    )
    def test_the_network_follows_the_images(self, size: int, channels: int, chosen: str) -> None:
        model, _ = trained(fake_images(16, size=size, channels=channels), budget=Budget(steps=1))
        assert model.report["settings"]["network"] == chosen

    def test_what_is_saved_holds_no_time_and_loads_elsewhere(self, model: VAEModel) -> None:
        files = sorted(path.name for path in model.folder.iterdir())
        assert files == ["README.md", "config.json", "diffusion_pytorch_model.safetensors"]
        text = json.dumps(model.report)
        assert not [word for word in ('"seconds": 0', "per_second", "peak_memory", "plan") if word in text]
        assert model.report["steps"] == 30
        from generative.vae import ImageVAE

        again = ImageVAE.from_pretrained(str(model.folder))
        assert again.classes == ["class 0", "class 1"]

    def test_the_card_tells_data_settings_scores_and_use(self) -> None:
        model, ctx = trained(fake_images(40), fake_images(20, seed=1))
        card = (model.folder / "README.md").read_text(encoding="utf-8")
        assert card.startswith("---\nlibrary_name: diffusers\n")
        for words in (
            "40 images",
            '"latent_size": 4',
            '"class 1"',
            "| fid | ",
            'load("path/to/this/folder")',
        ):
            assert words in card
        assert str(ctx.scratch) not in card
        assert [row["name"] for row in model.report["scores"]][:2] == ["fid", "kid"]
        assert ctx.said("scores")
        assert ctx.said("metric")
        assert ctx.previews

    def test_names_chosen_by_users_stay_inside_their_fences(self) -> None:
        images = fake_images(16)
        named = Images(
            images.pixels, images.labels, ("```\n# I am a headline", "<script>"), {"origin": "a\n---\nb"}
        )
        model, _ = trained(named, budget=Budget(steps=1))
        lines = (model.folder / "README.md").read_text(encoding="utf-8").split("\n")
        assert "# I am a headline" not in lines
        assert [line for line in lines if line.startswith("```")] == ["```json", "```"] * 3 + [
            "```python",
            "```",
        ]

    def test_stop_early_keeps_what_was_learned(self) -> None:
        model, _ = trained(fake_images(40), budget=Budget(steps=5000), stop_after=20)
        assert 0 < model.report["steps"] < 5000
        assert len(drawn(model, count=3)[0]) == 3

    def test_without_classes_none_are_learned(self) -> None:
        model, _ = trained(fake_images(40), use_labels=False)
        samples, _ = drawn(model, count=5)
        assert samples.labels is None
        assert samples.classes == ()
        with pytest.raises(BlockError, match="trained without classes"):
            drawn(model, label="class 1")


class TestGenerate:
    def test_a_class_is_chosen_by_name(self, model: VAEModel) -> None:
        samples, _ = drawn(model, count=10, label=" class 1 ")
        assert samples.labels is not None
        assert set(samples.labels.tolist()) == {1}

    def test_an_unknown_class_lists_those_there_are_and_suggests_one(self, model: VAEModel) -> None:
        with pytest.raises(BlockError) as error:
            drawn(model, label="Clas 1")
        assert str(error.value) == (
            "The model knows no class “Clas 1”. Did you mean “class 1”? It knows: class 0, class 1. "
            "Leave “Class” empty for all."
        )

    def test_all_classes_come_in_proportion_and_a_larger_count_begins_alike(self, model: VAEModel) -> None:
        few, _ = drawn(model, count=10)
        many, ctx = drawn(model, count=150)
        assert np.array_equal(few.pixels, many.pixels[:10])
        assert many.labels is not None
        assert np.bincount(many.labels).tolist() == [75, 75]
        assert len(ctx.previews) == 2
        assert ctx.said("progress")[-1][0] == 1

    def test_cancel_is_heard_between_batches(self, model: VAEModel) -> None:
        from nodes.api import Cancelled

        ctx = FakeContext(cancel_after=3)
        with pytest.raises(Cancelled):
            generate(ctx, model, GenerateParams(count=10_000))
        assert ctx.checks == 4

    def test_a_folder_that_is_no_model_is_explained(self, tmp_path: Path) -> None:
        with pytest.raises(BlockError, match=r"a model folder holds a file config\.json"):
            drawn(VAEModel(tmp_path))


class TestEvaluate:
    def test_rows_have_everything_needed_to_trust_them(self) -> None:
        result = scored(fake_images(60, seed=2), fake_images(80), fake_images(40, seed=1))
        assert [(row["subject"] == "model", row["name"]) for row in result.rows] == [
            (ours, name)
            for ours in (True, False)
            for name in ("fid", "kid", "precision", "recall", "near_copies")
        ]
        assert result.rows[5]["subject"] == "baseline: Gaussian mixture on principal components"
        for row in result.rows:
            assert row["low"] <= row["high"]
            assert row["features"]
            assert row["meaning"].endswith(".")
            assert row["n"] > 0
            assert np.isfinite([row["value"], row["floor"]]).all()

    def test_the_picture_shows_the_most_alike_above_their_models(self) -> None:
        train = fake_images(40)
        copies = Images(np.concatenate([fake_images(20, seed=5).pixels, train.pixels[:4]]))
        result = scored(copies, train, fake_images(20, seed=1), neighbours=4, baseline=False)
        assert len(result.rows) == 5
        assert result.notes["closest"] == [0, 0, 0, 0]
        with Image.open(io.BytesIO(result.picture or b"")) as picture:
            sheet = np.asarray(picture)
        height = (sheet.shape[0] - 1) // 2
        assert np.array_equal(sheet[:height], sheet[height + 1 :])

    def test_training_and_evaluation_agree_to_the_digit(self) -> None:
        train, heldout = fake_images(60), fake_images(30, seed=1)
        model, _ = trained(train, heldout)
        samples, _ = drawn(model, count=model.report["scores"][0]["n"])
        rows = scored(samples, train, heldout, baseline=False).rows
        assert [dict(row) for row in rows] == model.report["scores"]

    def test_few_samples_are_warned_about(self) -> None:
        result = scored(fake_images(20, seed=2), fake_images(40), fake_images(60, seed=1), baseline=False)
        assert result.notes["warnings"] == [
            "Only 20 samples: the scores are uncertain, as their intervals show. "
            "Draw a few hundred in the “Generate images” block."
        ]
        assert all(row["meaning"].endswith("Few samples: the value is uncertain.") for row in result.rows)

    def test_too_few_samples_are_refused(self) -> None:
        with pytest.raises(BlockError, match="samples, but there are 2"):
            scored(fake_images(2), fake_images(40), fake_images(20))

    def test_other_sizes_are_explained_with_both_and_what_to_change(self) -> None:
        with pytest.raises(
            BlockError, match=r"samples are 16×16 colour, but the training images are 8×8 grey.*Prepare"
        ):
            scored(fake_images(20, 16, 3), fake_images(40), fake_images(20))
