"""Contradictions inside one recipe: each is found, at its key, alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.augmentation import Amplification, Augmentation
from segbench.config.checks import check_recipe

if TYPE_CHECKING:
    from tests.unit.config.conftest import Tree

COMMIT = "abcdef0123" * 4


def test_the_tree_is_valid(tree: Tree) -> None:
    assert sorted(tree.load().studies) == ["cells", "which"]


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
    from segbench.config.checked_model import Model
    from segbench.config.model import Training
    from segbench.models.networks.unet import UNet

    model = Model(network=UNet(depth=depth), training=Training(patch=(height, width)))
    found = check_recipe(model)
    assert bool(found) == bool(height % 2**depth or width % 2**depth)


@pytest.mark.parametrize(
    ("schedule", "where", "what"),
    [
        ({"name": "steps"}, "steps", "is missing"),
        ({"name": "cosine", "steps": [[1, 0.1]]}, "steps", "no meaning"),
        ({"name": "steps", "steps": [[5, 0.1], [2, 0.01]]}, "steps", "out of order"),
        ({"name": "steps", "steps": [[5, 0.1], [5, 0.01]]}, "steps", "out of order"),
        ({"name": "steps", "steps": [[51, 0.1]]}, "steps", "after the last"),
        ({"name": "steps", "steps": [[1, 0.1], [2, 0.0]]}, "steps[1][1]", "is not a rate"),
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
    ("recipe", "where", "what"),
    [
        ({"spacing_mm": [1.0, 0.0, 1.0]}, "spacing_mm", "is not a spacing"),
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
        ({}, "folds", "leaves nothing to test on"),
        ({"test": {"by": "count"}}, "count", "is missing, but by is count"),
        ({"test": {"by": "fraction"}}, "fraction", "is missing, but by is fraction"),
        ({"test": {"by": "fraction", "fraction": 1.0}}, "fraction", "leaves one side empty"),
        ({"folds": 3, "validation": {"by": "publisher"}}, "by", "cannot be used here"),
    ],
)
def test_protocols_that_contradict_themselves(
    tree: Tree, protocol: dict[str, Any], where: str, what: str
) -> None:
    tree.set("datasets/tissue.yaml", "protocols.new", protocol)
    problem = tree.problems()[0]
    assert problem.key[-1] == where
    assert what in problem.what
