"""The files that are shipped: what they claim in words they say in numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from segbench.config import Config, load
from segbench.config.__main__ import ROOT
from segbench.config.augmentation import Amplification, Augmentation
from segbench.config.dataset import FORMATS
from segbench.config.documents import read_document
from segbench.config.loader import KINDS
from segbench.config.model import Model
from segbench.config.study import INSTANCE_METRICS, METRICS
from segbench.config.validation import Recipe, validate

MAINS = ("config", "full", "cpu")


def configured(name: str) -> Config:
    return load(ROOT / f"config/{name}.yaml", root=ROOT)


def recipe(folder: str, name: str, kind: type[Recipe]) -> Recipe:
    document, _ = read_document(ROOT / f"config/{folder}/{name}.yaml", name)
    assert document is not None
    made, problems = validate(kind, document)
    assert made is not None, problems
    return made


@pytest.mark.parametrize("name", MAINS)
def test_every_main_file_loads_and_asks_both_questions(name: str) -> None:
    config = configured(name)
    assert {study: len(config.arms(study)) for study in config.studies} == {
        "dsb2018_nuclei": 4,
        "kidney_input_size": 9 if name == "cpu" else 6,
    }


def test_the_main_files_never_share_a_folder() -> None:
    assert [configured(name).main.folder for name in MAINS] == [".", "full", "cpu"]


def test_the_default_is_offline_and_small() -> None:
    config = configured("config")
    for dataset in config.datasets.values():
        assert dataset.source == "generated"
        assert dataset.generated is not None
        assert dataset.generated.samples + dataset.generated.test_samples <= 20
        assert dataset.shards == 2
    for model in config.models.values():
        steps = model.training.steps_per_epoch
        assert steps is not None
        assert model.training.patch is not None
        height, width = model.training.patch
        images = steps * model.training.epochs * model.training.batch
        assert images * height * width <= 12e6, "pixels are what a training costs"
        assert model.network.width <= 8


def test_no_other_main_file_generates() -> None:
    assert {d.source for d in configured("full").datasets.values()} == {"download"}
    assert {d.source for d in configured("cpu").datasets.values()} == {"folder"}


def test_every_arm_of_the_small_configurations_costs_the_same_steps() -> None:
    for name in ("config", "cpu"):
        for model in configured(name).models.values():
            assert model.training.steps_per_epoch is not None
            assert model.training.patch is not None


def test_downloads_can_be_verified() -> None:
    for dataset in configured("full").datasets.values():
        assert dataset.download is not None
        assert dataset.download.sha256 or dataset.download.archive == "git"
        assert dataset.download.bytes


def test_the_kidney_protocol() -> None:
    config = configured("full")
    protocol = config.datasets["kidney_nuclei"].protocols["published"]
    assert protocol.test.by == "publisher"
    assert (protocol.folds, protocol.validation.by, protocol.validation.count) == (1, "count", 5)
    study = config.studies["kidney_input_size"]
    assert study.protocol == "published"
    assert study.preprocessing == ("em-128", "em-256", "em-512")
    assert study.augmentation == ("none", "amplified-113")
    assert (study.metrics, study.primary) == (("iou", "dice", "precision", "recall"), "iou")
    (row,) = study.published
    assert (row.value, row.spread) == (0.941, 0.047)
    assert row.source.startswith("BH2019-Fukuoka, 7 test images")


def test_the_preprocessing_of_the_kidney_images_is_the_published_one() -> None:
    for size in (128, 256, 512):
        made = configured("full").preprocessing[f"em-{size}"]
        assert made.resize is not None
        assert (made.resize.height, made.resize.width) == (size, size)
        assert made.clahe is not None
        assert (made.clahe.tiles, made.clahe.bins, made.clahe.clip_limit) == (8, 256, 2.0)
        assert (made.normalise, made.interpolation, made.gamma) == ("minmax", "bilinear", 1.2)


@pytest.mark.parametrize("name", ["amplified-113", "amplified-113-jitter"])
def test_113_copies(name: str) -> None:
    made = recipe("augmentation", name, Augmentation).amplification
    assert made == Amplification()
    assert made is not None
    assert made.copies == 113
    assert made.horizontal_shifts == (1 / 8, 2 / 8, 3 / 8, 4 / 8, 5 / 8, 6 / 8, 7 / 8)


def test_the_published_flags_of_the_kidney_network() -> None:
    made = recipe("models", "unet-kidney-published", Model)
    network, training = made.network, made.training
    assert (network.kernel, network.depth, network.width) == (3, 3, 128)
    assert (network.width_growth, network.dropout) == ("constant", 0.1)
    assert (made.loss.name, made.loss.smooth) == ("dice", 1.0)
    assert (training.batch, training.epochs) == (4, 100)
    assert training.schedule.steps == ((1, 1e-2), (11, 1e-3), (51, 1e-4), (76, 1e-5))


def test_ronneberger() -> None:
    made = recipe("models", "unet-ronneberger", Model)
    assert (made.network.depth, made.network.width) == (4, 64)
    assert (made.network.width_growth, made.network.normalisation) == ("double", "none")
    assert made.network.dropout == 0.5
    assert (made.training.batch, made.training.optimizer.name) == (1, "sgd")
    assert made.training.optimizer.momentum == 0.99
    assert (made.loss.name, made.loss.dice_weight) == ("ce_dice", 0.0)


@pytest.mark.parametrize("suffix", ["", "-cpu", "-miniature"])
def test_plain_and_split_differ_in_nothing_else(suffix: str) -> None:
    plain = recipe("models", f"nuclei-plain{suffix}", Model)
    split = recipe("models", f"nuclei-split{suffix}", Model)
    assert (plain.target, plain.instances.method) == ("foreground", "components")
    assert (split.target, split.instances.method) == ("foreground_boundary", "watershed")
    same = ("network", "loss", "training", "prediction")
    assert [getattr(plain, part) for part in same] == [getattr(split, part) for part in same]
    for part in ("threshold", "minimum_px", "fill_holes"):
        assert getattr(plain.instances, part) == getattr(split.instances, part)


@pytest.mark.parametrize(("name", "folds"), [("config", 2), ("cpu", 2), ("full", 5)])
def test_the_nuclei_are_cross_validated(name: str, folds: int) -> None:
    config = configured(name)
    protocol = config.datasets["dsb2018"].protocols["cross-validation"]
    assert (protocol.folds, protocol.stratify) == (folds, True)
    assert protocol.validation.fraction == 0.15
    study = config.studies["dsb2018_nuclei"]
    assert study.primary == "dsb_map"
    assert [row.value for row in study.published] == [0.577, 0.457]


def test_every_recipe_explains_itself() -> None:
    for kind in KINDS:
        for path in sorted((ROOT / "config" / kind).glob("*.yaml")):
            text = path.read_text(encoding="utf-8")
            assert text.count("#") >= 1, path.name
            if kind in ("preprocessing", "augmentation", "models"):
                assert "\ndescription: " in text, path.name
            assert "\t" not in text
            lines = [line for line in text.splitlines() if "://" not in line]
            assert max(map(len, lines)) <= 100, path.name


def test_no_path_of_one_machine() -> None:
    for path in (ROOT / "config").rglob("*.yaml"):
        assert not [
            line
            for line in path.read_text(encoding="utf-8").splitlines()
            if "path: /" in line or "store: /" in line
        ], path.name


def test_the_registries_agree_with_the_names_of_the_config() -> None:
    import segbench.datasets
    import segbench.metrics

    assert set(segbench.datasets.READERS) == set(FORMATS)
    assert set(segbench.metrics.METRICS) == set(METRICS)
    assert set(INSTANCE_METRICS) < set(METRICS)


def test_the_root_is_the_project() -> None:
    assert (Path(ROOT) / "pyproject.toml").is_file()
