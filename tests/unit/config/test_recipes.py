"""The files that are shipped: what they claim in words they say in numbers."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from segbench.config.__main__ import ROOT
from segbench.config.augmentation import Amplification, Augmentation
from segbench.config.checked_model import Model
from segbench.config.documents import read_document
from segbench.config.loader import KINDS, Config, load
from segbench.config.validation import Recipe, validate
from segbench.datasets.formats import FORMATS

MAINS = ("config", "full", "cpu")


def configured(name: str) -> Config:
    return load(ROOT / f"config/{name}.yaml", root=ROOT, formats=FORMATS)


def recipe(folder: str, name: str, kind: type[Recipe]) -> Recipe:
    document, _ = read_document(ROOT / f"config/{folder}/{name}.yaml", name)
    assert document is not None
    made, problems = validate(kind, document)
    assert made is not None, problems
    return made


#: Study -> its arms in the miniature, on a CPU, and as published.
ARMS = {
    "brats_regions": (1, 1, 1),
    "ccp_augmentation": (2, 2, 2),
    "ccp_rare_classes": (0, 2, 2),
    "dsb2018_nuclei": (2, 4, 4),
    "dsb2018_transfer": (2, 8, 8),
    "folder_example": (1, 0, 0),
    "kidney_input_size": (2, 9, 6),
    "kidney_mitochondria": (1, 2, 2),
    "organ_crypts": (1, 2, 2),
    "organ_resnets": (2, 2, 12),
    "uw_madison_empty_slices": (2, 2, 2),
    "uw_madison_networks": (0, 0, 2),
}


@pytest.mark.parametrize(("name", "place"), [("config", 0), ("cpu", 1), ("full", 2)])
def test_every_main_file_loads_and_holds_the_studies(name: str, place: int) -> None:
    config = configured(name)
    arms = {study: len(config.arms(study)) for study in config.studies}
    assert arms == {study: n[place] for study, n in ARMS.items() if n[place]}


def test_every_study_file_is_in_a_main_file() -> None:
    files = {path.stem for path in (ROOT / "config/studies").glob("*.yaml")}
    assert files == set(ARMS)


def test_the_main_files_never_share_a_folder() -> None:
    assert [configured(name).main.folder for name in MAINS] == [".", "full", "cpu"]


def test_the_default_is_offline_and_small() -> None:
    config = configured("config")
    assert set(config.datasets) == {
        *("brats", "ccp", "dsb2018", "folder", "kidney_mitochondria", "kidney_nuclei"),
        *("organ_crypts", "organ_tissue", "uw_madison"),
    }
    assert {dataset.format for dataset in config.datasets.values()} == set(FORMATS)
    for dataset in config.datasets.values():
        assert dataset.source == "generated"
        assert dataset.generated is not None
        assert dataset.generated.samples + dataset.generated.test_samples <= 300
    assert max(dataset.shards for dataset in config.datasets.values()) == 2
    for name, model in config.models.items():
        training = model.training
        assert training.steps_per_epoch is not None
        assert training.steps_per_epoch * training.epochs <= 320, name
        if training.patch is not None:
            images = training.steps_per_epoch * training.epochs * training.batch
            assert images * math.prod(training.patch) <= 12e6, "pixels are what a training costs"
        assert model.network.backbone is not None or model.network.width <= 8


def test_no_other_main_file_generates() -> None:
    full = configured("full").datasets
    assert {name for name, d in full.items() if d.source == "download"} == {
        *("brats", "ccp", "dsb2018", "kidney_nuclei"),
    }
    assert {d.source for d in full.values()} == {"download", "folder"}
    assert {d.source for d in configured("cpu").datasets.values()} == {"folder"}


def test_downloads_can_be_verified() -> None:
    unverified = {
        name
        for name, dataset in configured("full").datasets.items()
        if dataset.source == "download"
        and dataset.download is not None
        and not (dataset.download.sha256 or dataset.download.archive == "git")
    }
    assert unverified == {"brats"}, "the Decathlon publishes no SHA-256"


def test_the_brain_tumour_protocol() -> None:
    config = configured("full")
    protocol = config.datasets["brats"].protocols["published"]
    assert (protocol.test.count, protocol.validation.count) == (48, 48)
    assert config.datasets["brats"].regions == {
        "WT": ("edema", "non-enhancing tumour", "enhancing tumour"),
        "TC": ("non-enhancing tumour", "enhancing tumour"),
        "ET": ("enhancing tumour",),
    }
    study = config.studies["brats_regions"]
    rows = {row.of_class: row.value for row in study.published if row.metric == "dice"}
    assert {region: rows[region] for region in ("WT", "TC", "ET")} == {
        "WT": 0.796, "TC": 0.728, "ET": 0.631,
    }  # fmt: skip
    training = config.models[study.models[0]].training
    assert (training.patch, training.batch) == ((64, 64, 64), 4)
    assert (training.steps_per_epoch, training.epochs) == (50, 1000)
    assert training.optimizer.name == "adadelta"


#: As published, in the order of the class values 0 to 13.
CLOTHES_IOU = (
    *(0.975, 0.583, 0.708, 0.263, 0.002, 0.171, 0.392, 0.447, 0.263, 0.025, 0.0, 0.027, 0.0),
    0.642,
)
CLOTHES_PRECISION = (
    *(0.983, 0.723, 0.801, 0.359, 0.002, 0.342, 0.639, 0.722, 0.5, 0.044, 0.0, 0.037, 0.0),
    0.750,
)


def test_the_clothes_protocol() -> None:
    config = configured("full")
    dataset = config.datasets["ccp"]
    protocol = dataset.protocols["published"]
    assert (protocol.order, protocol.test.count, protocol.validation.count) == ("listed", 200, 100)
    assert dataset.background is not None
    assert dataset.scored_background == "background", "as the published tables do"
    names = [dataset.background.name, *(item.name for item in dataset.classes)]
    labels = [*dataset.background.labels, *(x for item in dataset.classes for x in item.labels)]
    assert (len(names), len(labels), len(set(labels))) == (14, 59, 59)
    assert [item.value for item in dataset.classes] == list(range(1, 14))
    rows = config.studies["ccp_augmentation"].published
    for metric, published in (
        ("iou", CLOTHES_IOU), ("precision", CLOTHES_PRECISION), ("recall", CLOTHES_PRECISION),
    ):  # fmt: skip
        found = {row.of_class: row.value for row in rows if row.metric == metric}
        assert [found[name] for name in names] == list(published)


def test_the_clothes_jitter() -> None:
    made = recipe("augmentation", "jitter-ccp", Augmentation).jitter
    assert made is not None
    assert (made.flip_horizontal, made.blur_px, made.probability) == (0.5, 4, 0.5)
    assert (made.shift_fraction, made.shift_axes) == ((-0.10, 0.09), "horizontal")
    assert made.rotation_degrees == (-15.0, 14.0)
    assert made.noise_sd is not None


def test_the_abdomens_protocol() -> None:
    config = configured("full")
    protocol = config.datasets["uw_madison"].protocols["published"]
    assert (protocol.folds, protocol.stratify, protocol.test.by) == (5, True, "none")
    kept = {m.training.empty_images for n, m in config.models.items() if "empty_images" in n}
    assert kept == {"keep", "drop"}


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


def test_the_root_is_the_project() -> None:
    assert (Path(ROOT) / "pyproject.toml").is_file()
