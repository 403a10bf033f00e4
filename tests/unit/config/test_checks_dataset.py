"""Contradictions inside a dataset: each is found, at its key, alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from segbench.datasets.formats import FORMATS

if TYPE_CHECKING:
    from tests.unit.config.conftest import Tree

COMMIT = "abcdef0123" * 4


@pytest.mark.parametrize(
    ("key", "value", "where", "allowed"),
    [
        ("format", "dsb2019", "format", ", ".join(FORMATS)),
        ("source", "download", "download", "a block `download:`, or another source"),
        ("source", "folder", "folder", "a block `folder:`, or another source"),
        ("generated", None, "generated", "a block `generated:`, or another source"),
        ("classes", [], "classes", "one class or more"),
        ("ignore", {"labels": [255]}, "ignore", "null, or one of the formats folder, msd"),
        ("classes.0.value", 255, "classes[0].value",
         "1 to 254; the value in the files is given by `labels`"),
        ("classes.0.value", 0, "classes[0].value", "1 to 254"),
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


def test_ignored_labels(tree: Tree) -> None:
    path = "datasets/tissue.yaml"
    classes = [{"name": "a", "value": 1, "labels": [7]}, {"name": "b", "value": 2, "labels": [8]}]
    for key, value in {"format": "folder", "classes": classes, "ignore.labels": [255, 8]}.items():
        tree.set(path, key, value)
    assert "is the label of a class" in tree.only(path, "ignore.labels[1]").what
    tree.set(path, "ignore.labels", [255])
    tree.load()
    tree.set(path, "ignore.labels", [])
    tree.only(path, "ignore.labels")


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


@pytest.mark.parametrize(
    ("key", "value", "where", "what"),
    [
        ("regions", {"all": ["tissues"]}, "regions.all[0]", "is not a class"),
        ("regions", {"all": []}, "regions.all", "is empty"),
        ("regions", {"a\nb": ["cell"]}, "regions", r"has 'a\nb', which holds '\n'"),
        ("regions", {"": ["cell"]}, "regions", "has '', which holds nothing"),
        ("classes", [{"name": "a\tb", "value": 1}], "classes", r"has 'a\tb', which holds '\t'"),
        ("classes", [{"name": "\u00a0\u200b", "value": 1}], "classes", "nothing that can be seen"),
        (
            "classes",
            [{"name": "a", "value": 1}, {"name": "a ", "value": 2}],
            "classes",
            "has 'a' and 'a ', which look the same",
        ),
        ("background", {"name": "\u200bcell"}, "classes", "which look the same"),
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


def test_regions_and_a_scored_background_do_not_go_together(tree: Tree) -> None:
    tree.set("datasets/tissue.yaml", "regions", {"all": ["cell"]})
    tree.set("datasets/tissue.yaml", "background", {"labels": [255]})
    tree.load()
    tree.set("datasets/tissue.yaml", "background", {"labels": [255], "scored": True})
    assert "regions" in tree.only("datasets/tissue.yaml", "background.scored").what


def test_numbered_objects_have_no_background_to_name(tree: Tree) -> None:
    tree.set("datasets/cells.yaml", "background", {"labels": [255]})
    assert "label maps only" in tree.only("datasets/cells.yaml", "background").what


def test_a_background_is_scored_only_where_that_is_asked_for(tree: Tree) -> None:
    assert tree.load().datasets["tissue"].scored_background is None
    tree.set("datasets/tissue.yaml", "background", {"name": "rest", "labels": [255]})
    assert tree.load().datasets["tissue"].scored_background is None
    tree.set("datasets/tissue.yaml", "background", {"name": "rest", "scored": True})
    assert tree.load().datasets["tissue"].scored_background == "rest"


def test_regions_need_label_maps(tree: Tree) -> None:
    tree.set("datasets/cells.yaml", "regions", {"all": ["cell"]})
    assert "the task is instances" in tree.problems()[0].what
