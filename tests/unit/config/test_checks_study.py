"""What a study asks of its recipes, and what the recipes ask of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

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
    assert (problem.what, problem.allowed) == ("is not a class of tissue", "whole")


def test_the_background_can_have_a_published_row(tree: Tree) -> None:
    row = {"method": "m", "metric": "iou", "definition": "d", "value": 0.5, "source": "s"}
    tree.set("studies/which.yaml", "published", [{**row, "of_class": "rest"}])
    assert tree.only("studies/which.yaml", "published[0].of_class").allowed == "cell"
    tree.set("datasets/tissue.yaml", "background", {"name": "rest"})
    problem = tree.only("studies/which.yaml", "published[0].of_class")
    assert problem.what == "is the background of tissue, which is not scored"
    assert "`scored: true` under `background` in config/datasets/tissue.yaml" in problem.allowed
    tree.set("datasets/tissue.yaml", "background", {"name": "rest", "scored": True})
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


def test_studies_that_share_an_arm_agree_on_empty_masks(tree: Tree) -> None:
    second = yaml.safe_load(tree.path("studies/which.yaml").read_text(encoding="utf-8"))
    tree.write("studies/zeros.yaml", {**second, "augmentation": ["copies"], "empty": "zero"})
    tree.write("config.yaml", {"studies": {"which": {}, "zeros": {}}})
    problem = tree.only("studies/zeros.yaml", "empty")
    assert problem.what == (
        "must be exclude, as in the study which, which shares an arm (config/studies/which.yaml, "
        "line 1)"
    )
    assert (problem.value, problem.line) == ("zero", 15)
    assert problem.allowed == "the same `empty` in both studies, for an arm is scored once"
    tree.set("studies/zeros.yaml", "augmentation", ["jitter"])
    assert tree.load().studies["zeros"].empty == "zero"
    tree.set("studies/zeros.yaml", "augmentation", ["copies"])
    tree.write("config.yaml", {"studies": {"which": {}}})
    tree.load()


@pytest.mark.parametrize("metric", ["hd95", "nsd_1mm", "nsd_2mm"])
def test_millimetres_need_a_spacing(tree: Tree, metric: str) -> None:
    tree.set("studies/which.yaml", "metrics", ["iou", metric])
    problem = tree.only("studies/which.yaml", "metrics[1]")
    assert problem.what == "is in millimetres, but tissue has no pixel spacing"
    assert problem.allowed == (
        "spacing_um in config/datasets/tissue.yaml, or a metric without a unit"
    )
    assert problem.value == metric
    tree.set("datasets/tissue.yaml", "spacing_um", [0.5, 0.5])
    tree.load()


def test_a_folder_of_pictures_is_looked_at_for_a_spacing(tree: Tree) -> None:
    (tree.root / "mine/images").mkdir(parents=True)
    (tree.root / "mine/images/a.png").write_bytes(b"")
    tree.set("datasets/tissue.yaml", "format", "folder")
    tree.set("datasets/tissue.yaml", "source", "folder")
    tree.set("datasets/tissue.yaml", "folder", {"path": "mine"})
    tree.set("studies/which.yaml", "metrics", ["iou", "nsd_1mm"])
    tree.load()
    (problem,) = tree.problems(command=["which"])
    assert problem.what == "is in millimetres, but tissue has no pixel spacing"
    assert problem.allowed == (
        "spacing_um in config/datasets/tissue.yaml, a sheet with spacing_y_mm and spacing_x_mm, "
        "or a metric without a unit"
    )


@pytest.mark.parametrize(
    ("patch", "recipes", "what"),
    [
        ([64, 64], ["small"], ""),
        ([128, 64], ["small"], "has the patch 128 x 64, but small makes images of 64 x 64 at most"),
        ([64, 72], ["small"], "has the patch 64 x 72, but small makes images of 64 x 64 at most"),
        ([128, 128], ["small", "large"], ""),
        ([136, 128], ["small", "large"],
         "has the patch 136 x 128, but small, large makes images of 128 x 128 at most"),
        ([128, 128], ["small", "native"], ""),
        (None, ["small"], ""),
    ],
)  # fmt: skip
def test_a_patch_fits_into_the_images(
    tree: Tree, patch: list[int] | None, recipes: list[str], what: str
) -> None:
    tree.write("preprocessing/large.yaml", {"resize": {"height": 128, "width": 128}})
    tree.set("models/unet.yaml", "training.patch", patch)
    tree.set("studies/which.yaml", "preprocessing", recipes)
    if not what:
        tree.load()
        return
    problem = tree.only("studies/which.yaml", "models[0]")
    assert problem.what == what
    assert problem.allowed == (
        "a model whose training.patch fits into the images, or training.patch: null"
    )
