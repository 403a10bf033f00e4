"""What a study asks of its recipes, and what the recipes ask of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.config.conftest import Tree


@pytest.mark.parametrize(
    ("key", "value", "where", "near"),
    [
        ("dataset", "tisue", "dataset", "tissue"),
        ("preprocessing", ["small", "smal"], "preprocessing[1]", "small"),
        ("augmentation", ["non"], "augmentation[0]", "none"),
        ("models", ["unet", "u-net"], "models[1]", "unet"),
        ("protocol", "vc", "protocol", "cv"),
        ("protocol", "fixed-fold", "protocol", "fixed-folds"),
    ],
)
def test_unknown_names(tree: Tree, key: str, value: Any, where: str, near: str) -> None:
    tree.set("studies/which.yaml", key, value)
    problem = tree.only("studies/which.yaml", where)
    assert problem.nearest == near
    assert near in problem.allowed.split(", ")


def test_names_that_resemble_nothing_get_the_list(tree: Tree) -> None:
    tree.set("studies/which.yaml", "models", ["zzzz"])
    problem = tree.only("studies/which.yaml", "models[0]")
    assert problem.what == "has no file config/models/zzzz.yaml"
    assert (problem.nearest, problem.allowed) == ("", "split, unet")


def test_a_broken_recipe_is_not_reported_as_missing_too(tree: Tree) -> None:
    tree.write("models/unet.yaml", "network: [\n")
    (problem,) = tree.problems()
    assert problem.file == "config/models/unet.yaml"
    assert "not YAML" in problem.what


def test_metrics_suit_the_task(tree: Tree) -> None:
    tree.set("studies/which.yaml", "metrics", ["iou", "dsb_map"])
    problem = tree.only("studies/which.yaml", "metrics[1]")
    assert problem.what == "needs instances; the task is semantic"


def test_targets_suit_the_task(tree: Tree) -> None:
    tree.set("studies/which.yaml", "models", ["unet", "split"])
    tree.set("studies/cells.yaml", "models", ["unet", "split"])
    found = {(p.file, p.key, p.what) for p in tree.problems()}
    which, cells = "config/studies/which.yaml", "config/studies/cells.yaml"
    assert found == {
        (which, ("models", 1),
         "has the target foreground_boundary, but the dataset's task is semantic"),
        (which, ("models", 1),
         "has instances.method watershed, but the dataset has no instances"),
        (cells, ("models", 0), "has the target classes, but the dataset's task is instances"),
        (cells, ("models", 0),
         "numbers no objects (instances.method none), but dsb_map needs them"),
    }  # fmt: skip


def test_a_metric_of_objects_needs_numbered_objects(tree: Tree) -> None:
    tree.set("models/split.yaml", "instances.method", "none")
    assert "numbers no objects" in tree.only("studies/cells.yaml", "models[0]").what
    tree.set("studies/cells.yaml", "metrics", ["iou"])
    tree.set("studies/cells.yaml", "primary", "iou")
    tree.load()


@pytest.mark.parametrize(
    ("protocol", "fine"), [("cv", False), ("fixed", False), ("fixed-folds", True)]
)
def test_an_ensemble_needs_a_fixed_test_set_and_folds(
    tree: Tree, protocol: str, fine: bool
) -> None:
    tree.set("studies/which.yaml", "protocol", protocol)
    tree.load()
    tree.set("studies/which.yaml", "ensemble", True)
    if fine:
        assert tree.load().studies["which"].ensemble
    else:
        assert "fixed test set" in tree.only("studies/which.yaml", "ensemble").what


def test_choosing_an_epoch_needs_validation(tree: Tree) -> None:
    tree.set("datasets/tissue.yaml", "protocols.cv.validation", {"by": "none"})
    problem = tree.only("studies/which.yaml", "models[0]")
    assert problem.what.startswith("chooses its epoch by val_dice, but the protocol keeps no")
    tree.set("models/unet.yaml", "training.best_epoch", "last")
    tree.load()
    tree.set("models/unet.yaml", "training.early_stopping", {})
    assert tree.only("studies/which.yaml", "models[0]").what.startswith("stops early")


def test_the_miniature_must_be_large_enough(tree: Tree) -> None:
    tree.set("studies/which.yaml", "protocol", "fixed")
    tree.set("datasets/tissue.yaml", "generated.samples", 3)
    tree.load()
    tree.set("datasets/tissue.yaml", "generated.samples", 2)
    assert "holds 2 samples out" in tree.only("studies/which.yaml", "protocol").what


def test_the_miniature_must_have_a_test_set_if_the_protocol_uses_it(tree: Tree) -> None:
    tree.set("datasets/tissue.yaml", "generated.test_samples", 0)
    tree.load()
    tree.set("studies/which.yaml", "protocol", "fixed")
    assert "test_samples is 0" in tree.only("studies/which.yaml", "protocol").what
    tree.set("datasets/tissue.yaml", "folder", {"path": "/data"})
    tree.set("datasets/tissue.yaml", "source", "folder")
    tree.load()


def test_folds_need_samples(tree: Tree) -> None:
    tree.set("datasets/tissue.yaml", "protocols.cv.folds", 13)
    assert "13 fold(s) of 12" in tree.only("studies/which.yaml", "protocol").what


def test_studies_that_are_not_run_are_checked_but_not_against_the_data_at_hand(
    tree: Tree,
) -> None:
    tree.set("datasets/tissue.yaml", "protocols.cv.folds", 13)
    tree.write("config.yaml", {"studies": {"cells": {}}})
    tree.load()
    tree.set("studies/which.yaml", "models", ["unett"])
    assert tree.only("studies/which.yaml", "models[0]").nearest == "unet"


def test_regions_are_what_is_scored(tree: Tree) -> None:
    tree.set("datasets/tissue.yaml", "regions", {"whole": ["cell"]})
    row = {"method": "m", "metric": "iou", "definition": "d", "value": 0.5, "source": "s"}
    tree.set("studies/which.yaml", "published", [{**row, "of_class": "whole"}])
    config = tree.load()
    assert config.datasets["tissue"].label_task == "overlapping"
    assert config.datasets["tissue"].label_classes == {"whole": 1}
    tree.set("studies/which.yaml", "published", [{**row, "of_class": "cell"}])
    problem = tree.only("studies/which.yaml", "published[0].of_class")
    assert (problem.what, problem.allowed) == ("is no class of tissue", "whole")


def test_the_background_can_have_a_published_row(tree: Tree) -> None:
    row = {"method": "m", "metric": "iou", "definition": "d", "value": 0.5, "source": "s"}
    tree.set("studies/which.yaml", "published", [{**row, "of_class": "rest"}])
    assert tree.only("studies/which.yaml", "published[0].of_class").allowed == "cell"
    tree.set("datasets/tissue.yaml", "background", {"name": "rest"})
    tree.load()


@pytest.mark.parametrize(
    ("study", "metric", "what"),
    [
        ("which", "accuracy", "needs classification; the task is semantic"),
        ("cells", "hd95", "needs masks; the task is instances"),
        ("cells", "roc_auc", "needs classification; the task is instances"),
    ],
)
def test_each_task_has_its_metrics(tree: Tree, study: str, metric: str, what: str) -> None:
    tree.set(f"studies/{study}.yaml", "metrics", ["iou", metric])
    tree.set(f"studies/{study}.yaml", "primary", "iou")
    problem = tree.only(f"studies/{study}.yaml", "metrics[1]")
    assert problem.what == what


def test_classifiers_are_for_whole_images(tree: Tree) -> None:
    whole = {
        "network": {"kind": "classifier", "backbone": {"name": "ResNet50"}},
        "training": {"best_epoch": "val_accuracy"},
        "loss": {"name": "ce"},
    }
    tree.write("models/whole.yaml", whole)
    tree.set("studies/which.yaml", "models", ["whole"])
    problem = tree.only("studies/which.yaml", "models[0]")
    assert problem.what == "is a classifier, but the dataset's task is semantic"


def test_weights_name_classes_of_the_dataset(tree: Tree) -> None:
    tree.set("models/unet.yaml", "loss", {"weights": {"cel": 2.0, "background": 0.5}})
    problem = tree.only("studies/which.yaml", "models[0]")
    assert "names the class cel in loss.weights" in problem.what
    assert "did you mean cell?" in problem.what
