"""Contradictions inside one recipe: each is found, at its key, alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.augmentation import Amplification, Augmentation
from segbench.config.checks import check_recipe
from segbench.config.dataset import FORMATS

if TYPE_CHECKING:
    from tests.unit.config.conftest import Tree

COMMIT = "abcdef0123" * 4


def test_the_tree_is_valid(tree: Tree) -> None:
    assert sorted(tree.load().studies) == ["cells", "which"]


@pytest.mark.parametrize(
    ("key", "value", "where", "allowed"),
    [
        ("format", "dsb2019", "format", ", ".join(FORMATS)),
        ("source", "download", "download", "a block `download:`, or another source"),
        ("source", "folder", "folder", "a block `folder:`, or another source"),
        ("generated", None, "generated", "a block `generated:`, or another source"),
        ("classes", [], "classes", "one class or more"),
        ("classes.0.value", 0, "classes[0].value", "1 to 255"),
        ("classes", [{"name": "a", "value": 1}, {"name": "a", "value": 2}], "classes",
         "each name and each value once"),
        ("classes", [{"name": "a", "value": 1}, {"name": "b", "value": 1}], "classes",
         "each name and each value once"),
        ("spacing_um", [0.0, 1.0], "spacing_um", "two numbers > 0"),
        ("download", {"url": "example.org/a.zip"}, "download.url",
         "a URL such as https://host/file.zip"),
        ("download", {"url": "https://a/b", "archive": "git"}, "download.url",
         "https://host/repository.git#COMMIT, with the commit's 40 digits"),
        ("download", {"url": f"https://a/b#{COMMIT[:12]}", "archive": "git"}, "download.url",
         "https://host/repository.git#COMMIT, with the commit's 40 digits"),
        ("download", {"url": f"https://a/b#{COMMIT}", "archive": "git", "sha256": "a" * 64},
         "download.sha256", "null: the commit in the url verifies the content"),
    ],
)  # fmt: skip
def test_datasets(tree: Tree, key: str, value: Any, where: str, allowed: str) -> None:
    tree.set("datasets/tissue.yaml", key, value)
    assert tree.only("datasets/tissue.yaml", where).allowed == allowed


def test_a_pinned_repository_and_a_plain_file(tree: Tree) -> None:
    for download in (
        {"url": f"https://a/b.git#{COMMIT}", "archive": "git"},
        {"url": "https://a/b.zip", "sha256": "a" * 64, "bytes": 3},
        {"url": "https://a/b.zip", "login": "https://a/login"},
    ):
        tree.set("datasets/tissue.yaml", "download", download)
        tree.load()


def test_instances_are_of_one_class(tree: Tree) -> None:
    classes = [{"name": "a", "value": 1}, {"name": "b", "value": 2}]
    tree.set("datasets/tissue.yaml", "classes", classes)
    tree.load()
    tree.set("datasets/cells.yaml", "classes", classes)
    assert "several" in tree.only("datasets/cells.yaml", "classes").what


def test_a_dataset_needs_a_protocol(tree: Tree) -> None:
    tree.set("datasets/tissue.yaml", "protocols", {})
    found = [problem.what for problem in tree.problems()]
    assert found == ["is empty", "is not a protocol of tissue"]


@pytest.mark.parametrize(
    ("protocol", "where", "what"),
    [
        ({"folds": 1}, "folds", "nothing to test on"),
        ({"test": {"by": "publisher"}, "validation": {"by": "none"}}, "validation", "folds > 1"),
        ({"folds": 3, "validation": {"by": "publisher"}}, "validation.by", "cannot be used"),
        ({"test": {"by": "count"}}, "test.count", "is missing"),
        ({"test": {"by": "fraction"}}, "test.fraction", "is missing"),
        ({"test": {"by": "fraction", "fraction": 0}}, "test.fraction", "empty"),
        ({"test": {"by": "fraction", "fraction": 1}}, "test.fraction", "empty"),
        ({"test": {"by": "publisher", "count": 3}}, "test.count", "no meaning"),
        ({"test": {"by": "count", "count": 2, "fraction": 0.5}}, "test.fraction", "no meaning"),
        ({"folds": 3, "validation": {"by": "count"}}, "validation.count", "is missing"),
    ],
)
def test_protocols(tree: Tree, protocol: dict[str, Any], where: str, what: str) -> None:
    tree.set("datasets/tissue.yaml", "protocols.bad", protocol)
    assert what in tree.only("datasets/tissue.yaml", f"protocols.bad.{where}").what


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_z_score_needs_float32(tree: Tree, dtype: str) -> None:
    tree.write("preprocessing/z.yaml", {"normalise": "zscore", "dtype": "float32"})
    tree.load()
    tree.write("preprocessing/z.yaml", {"normalise": "zscore", "dtype": dtype})
    problem = tree.only("preprocessing/z.yaml", "dtype")
    assert problem.value == dtype
    assert problem.allowed == "float32 or float16, as normalise is zscore"


def test_clahe_and_gamma_need_values_in_0_to_1(tree: Tree) -> None:
    recipe = {"normalise": "zscore", "dtype": "float32", "clahe": {}, "gamma": 1.2}
    tree.write("preprocessing/z.yaml", recipe)
    assert [p.key for p in tree.problems()] == [("clahe",), ("gamma",)]


def test_the_number_of_copies_is_what_the_poses_give(tree: Tree) -> None:
    tree.set("augmentation/copies.yaml", "amplification.copies", 112)
    problem = tree.only("augmentation/copies.yaml", "amplification.copies")
    assert problem.value == 112
    assert problem.allowed == "113 = 1 + 4 rotations x 2 flips x 14 shifts"
    tree.set("augmentation/copies.yaml", "amplification.copies", 57)
    tree.set("augmentation/copies.yaml", "amplification.vertical_shifts", [])
    assert tree.load().augmentation["copies"].amplification is not None


@settings(deadline=None)
@given(
    rotations=st.lists(st.sampled_from([0, 90, 180, 270]), max_size=4, unique=True),
    flips=st.lists(st.sampled_from(["none", "horizontal", "vertical"]), max_size=3, unique=True),
    horizontal=st.lists(st.floats(0, 1), max_size=5, unique=True),
    vertical=st.lists(st.floats(0, 1), max_size=5, unique=True),
    error=st.integers(-3, 3),
)
def test_copies_for_any_poses(
    rotations: list[int],
    flips: list[str],
    horizontal: list[float],
    vertical: list[float],
    error: int,
) -> None:
    right = 1 + len(rotations) * len(flips) * (len(horizontal) + len(vertical))
    recipe = Amplification(
        rotations_degrees=tuple(rotations),
        flips=tuple(flips),
        horizontal_shifts=tuple(horizontal),
        vertical_shifts=tuple(vertical),
        copies=max(1, right + error),
    )
    found = check_recipe(Augmentation(amplification=recipe))
    assert bool(found) == (recipe.copies != right)


@pytest.mark.parametrize(
    ("key", "value"),
    [("rotations_degrees", [0, 0, 90, 180]), ("horizontal_shifts", [0.5] * 7)],
)
def test_poses_are_not_repeated(tree: Tree, key: str, value: list[Any]) -> None:
    tree.set("augmentation/copies.yaml", f"amplification.{key}", value)
    assert "twice" in tree.only("augmentation/copies.yaml", f"amplification.{key}").what


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rotation_degrees", [15, -15]),
        ("rotation_degrees", [-200, 0]),
        ("shift_fraction", [-1.5, 0.0]),
        ("scale", [0.0, 1.0]),
        ("scale", [1.2, 0.8]),
        ("gamma", [0.0, 1.0]),
        ("gamma", [-1.0, 1.0]),
        ("contrast", [-0.5, 1.0]),
    ],
)
def test_ranges_of_the_jitter(tree: Tree, key: str, value: list[float]) -> None:
    tree.set("augmentation/jitter.yaml", f"jitter.{key}", value)
    problem = tree.only("augmentation/jitter.yaml", f"jitter.{key}")
    assert problem.value == value
    assert "low <= high" in problem.allowed


@pytest.mark.parametrize("value", [[0.0, 0.0], [0.5, 2.0], [0.0, 1.0]])
def test_ranges_that_are_fine(tree: Tree, value: list[float]) -> None:
    tree.set("augmentation/jitter.yaml", "jitter.contrast", value)
    tree.load()


@pytest.mark.parametrize("target", ["foreground", "classes"])
def test_a_watershed_needs_seeds(tree: Tree, target: str) -> None:
    tree.write("models/new.yaml", {"target": target, "instances": {"method": "watershed"}})
    assert "no seeds" in tree.problems()[0].what
    assert {p.key for p in tree.problems()} == {("instances", "method")}


@pytest.mark.parametrize("target", ["foreground_boundary", "foreground_distance"])
def test_a_watershed_with_seeds(tree: Tree, target: str) -> None:
    tree.write("models/new.yaml", {"target": target, "instances": {"method": "watershed"}})
    tree.load()


def test_components_need_a_foreground(tree: Tree) -> None:
    tree.write("models/new.yaml", {"instances": {"method": "components"}})
    assert "foreground" in tree.only("models/new.yaml", "instances.method").what


@pytest.mark.parametrize(
    ("key", "side", "where"),
    [("training.patch", [64, 60], "training.patch"), ("prediction.tile", [30, 32], "prediction")],
)
def test_sides_survive_the_poolings(tree: Tree, key: str, side: list[int], where: str) -> None:
    tree.set("models/unet.yaml", key, side)
    problem = tree.problems()[0]
    assert where in ".".join(map(str, problem.key))
    assert problem.value == side
    assert "multiples of 8" in problem.allowed


@settings(deadline=None)
@given(depth=st.integers(1, 6), height=st.integers(1, 40), width=st.integers(1, 40))
def test_divisibility_for_any_depth(depth: int, height: int, width: int) -> None:
    from segbench.config.model import Model, Training
    from segbench.models.unet import UNet

    model = Model(network=UNet(depth=depth), training=Training(patch=(height, width)))
    found = check_recipe(model)
    assert bool(found) == bool(height % 2**depth or width % 2**depth)


@pytest.mark.parametrize(
    ("schedule", "where", "what"),
    [
        ({"name": "steps"}, "steps", "is missing"),
        ({"name": "cosine", "steps": [[1, 0.1]]}, "steps", "no meaning"),
        ({"name": "steps", "steps": [[5, 0.1], [2, 0.01]]}, "steps", "no order"),
        ({"name": "steps", "steps": [[5, 0.1], [5, 0.01]]}, "steps", "no order"),
        ({"name": "steps", "steps": [[51, 0.1]]}, "steps", "after the last"),
        ({"name": "steps", "steps": [[1, 0.1], [2, 0.0]]}, "steps[1][1]", "no rate"),
        ({"warmup_epochs": 50}, "warmup_epochs", "as long as"),
    ],
)
def test_schedules(tree: Tree, schedule: dict[str, Any], where: str, what: str) -> None:
    tree.set("models/unet.yaml", "training.schedule", schedule)
    problem = tree.only("models/unet.yaml", f"training.schedule.{where}")
    assert what in problem.what


@pytest.mark.parametrize(
    "key", ["network.dropout", "training.optimizer.momentum", "prediction.overlap"]
)
def test_fractions_that_must_leave_something(tree: Tree, key: str) -> None:
    tree.set("models/unet.yaml", key, 0.99)
    tree.load()
    tree.set("models/unet.yaml", key, 1)
    assert tree.only("models/unet.yaml", key).allowed == "a number >= 0 and < 1"


@pytest.mark.parametrize(
    ("key", "value", "where", "near"),
    [
        ("metrics", ["iou", "dise"], "metrics[1]", "dice"),
        ("metrics", ["iou", "IoU"], "metrics[1]", "iou"),
        ("primary", "precision", "primary", ""),
        ("primary", "dic", "primary", "dice"),
        ("seeds", [0, -1], "seeds[1]", ""),
        ("seeds", [], "seeds", ""),
        ("seeds", [1, 1], "seeds", ""),
        ("models", [], "models", ""),
        ("models", ["unet", "unet"], "models", ""),
        ("preprocessing", [], "preprocessing", ""),
        ("augmentation", ["none", "none"], "augmentation", ""),
        ("confidence", 1, "confidence", ""),
        ("confidence", 0, "confidence", ""),
    ],
)
def test_studies(tree: Tree, key: str, value: Any, where: str, near: str) -> None:
    tree.set("studies/which.yaml", key, value)
    assert tree.only("studies/which.yaml", where).nearest == near


def test_a_published_figure_stands_beside_a_metric_of_ours(tree: Tree) -> None:
    row = {"method": "m", "metric": "iou", "definition": "d", "value": 0.9, "source": "s"}
    tree.set("studies/which.yaml", "published", [row])
    tree.load()
    tree.set("studies/which.yaml", "published", [row, {**row, "metric": "precision"}])
    problem = tree.only("studies/which.yaml", "published[1].metric")
    assert problem.allowed == "iou, dice"


@pytest.mark.parametrize(
    ("key", "value", "where", "what"),
    [
        ("regions", {"all": ["tissues"]}, "regions.all[0]", "is no class"),
        ("regions", {"all": []}, "regions.all", "is empty"),
        ("regions", {"a\nb": ["cell"]}, "regions", r"has 'a\nb', which holds '\n'"),
        ("regions", {"": ["cell"]}, "regions", "has '', which holds nothing"),
        ("classes", [{"name": "a\tb", "value": 1}], "classes", r"has 'a\tb', which holds '\t'"),
        ("background", {"name": "a\x85"}, "classes", r"has 'a\x85', which holds '\x85'"),
        ("layout", {"images": "x"}, "layout", "has no meaning with format: kidney_nuclei"),
        (
            "classes",
            [{"name": "a", "value": 1, "labels": ["x", "x"]}],
            "classes",
            "gives the label",
        ),
        ("background", {"name": "cell"}, "classes", "has 'cell' twice"),
        ("background", {"labels": [7, 7]}, "classes", "gives the label 7 to two classes"),
    ],
)
def test_what_the_labels_become(tree: Tree, key: str, value: Any, where: str, what: str) -> None:
    tree.set("datasets/tissue.yaml", key, value)
    assert what in tree.only("datasets/tissue.yaml", where).what


def test_regions_and_background_do_not_go_together(tree: Tree) -> None:
    tree.set("datasets/tissue.yaml", "regions", {"all": ["cell"]})
    tree.load()
    tree.set("datasets/tissue.yaml", "background", {"name": "rest"})
    assert "label maps only" in tree.only("datasets/tissue.yaml", "background").what


def test_regions_need_label_maps(tree: Tree) -> None:
    tree.set("datasets/cells.yaml", "regions", {"all": ["cell"]})
    assert "the task is instances" in tree.problems()[0].what


@pytest.mark.parametrize(
    ("recipe", "where", "what"),
    [
        ({"spacing_mm": [1.0, 0.0, 1.0]}, "spacing_mm", "is no spacing"),
        ({"crop": "nonzero", "resize": {"height": 8, "width": 8}}, "resize", "works on images"),
        ({"crop": "nonzero", "neighbours": 1}, "neighbours", "works on images"),
        ({"spacing_mm": [1.0, 1.0, 1.0], "clahe": {}}, "clahe", "works on images"),
        ({"normalise": "zscore", "dtype": "float16", "gamma": 2.0}, "gamma", "0...1"),
    ],
)
def test_preprocessing_of_volumes(
    tree: Tree, recipe: dict[str, Any], where: str, what: str
) -> None:
    tree.write("preprocessing/volume.yaml", recipe)
    assert what in tree.only("preprocessing/volume.yaml", where).what


BACKBONE = {"name": "ResNet50"}
CLASSIFIER = {"kind": "classifier", "backbone": BACKBONE}
WATCHED = {"best_epoch": "val_accuracy"}


@pytest.mark.parametrize(
    ("model", "where", "what"),
    [
        ({"training": {"patch": [64, 64]}, "prediction": {"tile": [64, 64, 64]}},
         "prediction.tile", "another number of sides"),
        ({"network": {"backbone": BACKBONE}, "training": {"patch": [48, 64]}},
         "training.patch", "is not divisible by 32"),
        ({"network": {"backbone": {**BACKBONE, "weights": "a.h5"}}},
         "network.backbone.sha256", "is missing"),
        ({"network": {"backbone": {**BACKBONE, "weights": "imagenet", "sha256": "a" * 64}}},
         "network.backbone.sha256", "has no meaning"),
        ({"network": {"kind": "classifier"}, "training": WATCHED, "loss": {"name": "ce"}},
         "network.backbone", "is missing"),
        ({"network": CLASSIFIER, "loss": {"name": "ce"}}, "training.best_epoch", "is not known"),
        ({"training": WATCHED}, "training.best_epoch", "is not known of a unet"),
        ({"network": CLASSIFIER, "training": WATCHED}, "loss.name", "compares masks"),
        ({"network": CLASSIFIER, "training": WATCHED, "loss": {"name": "ce"},
          "target": "foreground"},
         "target", "has no meaning"),
        ({"network": CLASSIFIER, "loss": {"name": "ce"},
          "training": {**WATCHED, "patch": [64, 64]}}, "training.patch", "has no meaning"),
        ({"network": CLASSIFIER, "loss": {"name": "ce"},
          "training": {**WATCHED, "sampling": {"by": "foreground"}}},
         "training.sampling.by", "images are whole"),
        ({"target": "foreground_distance", "loss": {"name": "dice"}}, "loss.name",
         "compares sets"),
        ({"target": "foreground_distance", "loss": {"name": "tversky"}}, "loss.name",
         "compares sets"),
        ({"decision": {"favour": ["a"]}}, "decision.favour", "whole images"),
        ({"training": {"sampling": {"by": "classes"}}}, "training.sampling.by", "chooses patches"),
        ({"training": {"share": 0.0}}, "training.share", "leaves nothing"),
        ({"loss": {"weights": {"hat": -1.0}}}, "loss.weights.hat", "is negative"),
    ],
)  # fmt: skip
def test_models_that_contradict_themselves(
    tree: Tree, model: dict[str, Any], where: str, what: str
) -> None:
    tree.write("models/new.yaml", model)
    assert what in tree.only("models/new.yaml", where).what


def test_models_of_volumes_and_of_whole_images(tree: Tree) -> None:
    tree.write("models/volume.yaml", {"training": {"patch": [64, 64, 64]}})
    tree.write(
        "models/whole.yaml",
        {"network": CLASSIFIER, "loss": {"name": "ce"},
         "training": {**WATCHED, "sampling": {"by": "classes"}}},
    )  # fmt: skip
    tree.write(
        "models/distance.yaml", {"target": "foreground_distance", "loss": {"name": "bce_dice"}}
    )
    tree.load()


@pytest.mark.parametrize(
    ("protocol", "where", "what"),
    [
        ({"folds": 3, "stratify_by": "appearance"}, "stratify_by", "without stratify"),
        ({"folds": 3, "order": "listed"}, "order", "does not go with"),
        (
            {"test": {"by": "count", "count": 2}, "stratify": True, "order": "listed"},
            "order",
            "does not go with stratify",
        ),
    ],
)
def test_protocols_that_contradict_themselves(
    tree: Tree, protocol: dict[str, Any], where: str, what: str
) -> None:
    tree.set("datasets/tissue.yaml", "protocols.new", protocol)
    problem = tree.problems()[0]
    assert problem.key[-1] == where
    assert what in problem.what
