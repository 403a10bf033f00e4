"""Files that a configuration names: what is missing is told with the nearest folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.config.checks_files import check_source, lacks_spacing, nearest_folder
from segbench.config.dataset import Dataset
from segbench.datasets.base import Reader
from segbench.datasets.formats import FORMATS

if TYPE_CHECKING:
    from tests.unit.config.conftest import Tree


def dataset(format: str = "folder", **keys: Any) -> Dataset:
    return Dataset.model_validate(
        {"title": "t", "format": format, "task": "semantic", "classes": [], "licence": "l",
         "citation": "c", "protocols": {}, "source": "folder", "folder": {"path": "mine"}, **keys}
    )  # fmt: skip


def own_folder(root: Path, *names: str) -> None:
    for name in names:
        path = root / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_a_folder_that_does_not_exist_is_told_with_the_nearest(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "data/publishers/kidney").mkdir(parents=True)
    tree.set("datasets/tissue.yaml", "source", "folder")
    tree.set("datasets/tissue.yaml", "folder", {"path": "data/publishers/kidny/em"})
    (problem,) = tree.problems(command=["tables"])
    assert (problem.file, problem.key) == ("config/datasets/tissue.yaml", ("folder", "path"))
    assert problem.what == (
        f"there is no folder {tmp_path}/data/publishers/kidny/em; the nearest folder is "
        f"{tmp_path}/data/publishers, which holds kidney"
    )
    assert problem.allowed == "a folder that exists, or another source"
    (tmp_path / "data/publishers/kidny/em").mkdir(parents=True)
    assert tree.load(command=["tables"]).datasets["tissue"].source == "folder"


def test_what_the_layout_names_must_be_in_the_folder(tmp_path: Path) -> None:
    own_folder(tmp_path, "pictures/a.png", "sheet.csv", "masks/a.png")

    def told(**layout: Any) -> list[tuple[Any, str]]:
        found = check_source(dataset(layout=layout), tmp_path)
        return [(one.key, one.what.partition(";")[0]) for one in found]

    assert told(images="picture", masks="mask", sheet="sheet.tsv") == [
        (("layout", "images"), f"there is no folder {tmp_path}/mine/picture"),
        (("layout", "masks"), f"there is no folder {tmp_path}/mine/mask"),
        (("layout", "sheet"), f"there is no file {tmp_path}/mine/sheet.tsv"),
    ]
    assert told(images="pictures", masks="masks", sheet="sheet.csv") == []
    assert told(images="pictures", sheet=None) == []
    assert told(mask_suffix="_m") == [], "the reader tells more of folders that nobody named"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["all"], True),
        ([], True),
        (["which"], True),
        (["-n", "tables/which.csv"], True),
        (["results/tissue/samples.tsv"], True),
        (["apply", "--config", "images=x", "model=which/best"], True),
        (["cells"], False),
        (["results/cells/samples.tsv"], False),
        (["apply", "--config", "images=x", "model=cells/best"], False),
        (None, False),
    ],
)
def test_only_the_data_of_the_studies_asked_for_must_exist(
    tree: Tree, command: list[str] | None, told: bool
) -> None:
    tree.set("datasets/tissue.yaml", "source", "folder")
    tree.set("datasets/tissue.yaml", "folder", {"path": "nowhere"})
    if told:
        assert [p.key for p in tree.problems(command=command)] == [("folder", "path")]
    else:
        assert set(tree.load(command=command).studies) == {"which", "cells"}


def test_a_file_of_weights_that_does_not_exist(tree: Tree, tmp_path: Path) -> None:
    backbone = {"name": "ResNet50", "weights": "weights/resnet.h5", "sha256": "0" * 64}
    tree.set("models/unet.yaml", "network.backbone", backbone)
    tree.set("models/unet.yaml", "network.depth", 5)
    (problem,) = tree.problems(command=[])
    assert (problem.file, problem.key) == (
        "config/models/unet.yaml",
        ("network", "backbone", "weights"),
    )
    assert problem.what == (
        f"there is no file {tmp_path}/weights/resnet.h5; the nearest folder is {tmp_path}, "
        "which holds config"
    )
    assert len(tree.problems(command=["cells", "which"])) == 1
    assert tree.load(command=["cells"]).models["unet"].network.backbone is not None
    own_folder(tmp_path, "x")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/resnet.h5").write_bytes(b"")
    tree.load(command=[])


def test_a_study_of_missing_data_is_told_beside_other_mistakes(tree: Tree) -> None:
    tree.set("datasets/tissue.yaml", "source", "folder")
    tree.set("datasets/tissue.yaml", "folder", {"path": "nowhere"})
    tree.set("studies/cells.yaml", "metrics", ["iuo", "dsb_map"])
    assert [p.file for p in tree.problems(command=[])] == [
        "config/datasets/tissue.yaml",
        "config/studies/cells.yaml",
    ]


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=6))
def test_the_nearest_folder_exists_and_lies_on_the_way(
    tmp_path_factory: Any, way: list[str]
) -> None:
    root = tmp_path_factory.mktemp("way")
    (root / "a/b").mkdir(parents=True)
    found = nearest_folder(root.joinpath(*way))
    assert found.is_dir() and found.is_relative_to(root)
    step = root.joinpath(*way[: len(found.relative_to(root).parts) + 1])
    assert step == root.joinpath(*way) or not step.is_dir()


def test_readers_with_a_spacing_of_their_own_say_so() -> None:
    says = {name for name, kind in FORMATS.items() if kind.spacing_mm is not Reader.spacing_mm}
    assert says < {name for name, kind in FORMATS.items() if kind.spacing_in_files}


@pytest.mark.parametrize(
    ("names", "keys", "lacks"),
    [
        (("images/a.png", "images/b/c.JPG"), {}, True),
        (("images/a.png",), {"spacing_um": (1.0, 1.0)}, False),
        (("images/a.png", "images/b.nii.gz"), {}, False),
        (("images/a.tif",), {}, False),
        (("images/a.png", "images/.DS_Store", "images/Thumbs.db", "images/._b.tif"), {}, True),
        (("images/README.txt",), {}, False),
        (("images/a.png",), {"layout": {"sheet": "sheet.csv"}}, True),
        (("pictures/a.tif",), {"layout": {"images": "pictures"}}, False),
        (("images/a.png",), {"source": "generated", "generated": {"samples": 2}}, False),
    ],
)
def test_a_folder_of_pictures_has_no_spacing(
    tmp_path: Path, names: tuple[str, ...], keys: dict[str, Any], lacks: bool
) -> None:
    own_folder(tmp_path, *names)
    (tmp_path / "mine/sheet.csv").write_text("sample,group\na,1\n", encoding="utf-8")
    assert lacks_spacing(dataset(**keys), tmp_path, FORMATS) is lacks
    assert not lacks_spacing(dataset(**keys), None, FORMATS)


def test_a_sheet_with_the_column_may_say_a_spacing(tmp_path: Path) -> None:
    own_folder(tmp_path, "images/a.png")
    layout = {"sheet": "sheet.csv"}
    sheet = tmp_path / "mine/sheet.csv"
    sheet.write_text("sample;spacing_y_mm;spacing_x_mm\na;;\n", encoding="utf-8")
    assert not lacks_spacing(dataset(layout=layout), tmp_path, FORMATS)
    sheet.write_bytes(b"\xff\xfe")
    assert not lacks_spacing(dataset(layout=layout), tmp_path, FORMATS)


def test_formats_without_a_spacing_need_it_from_the_config() -> None:
    assert lacks_spacing(dataset("dsb2018"), None, FORMATS)
    assert not lacks_spacing(dataset("dsb2018", spacing_um=(0.5, 0.5)), None, FORMATS)
    assert not lacks_spacing(dataset("msd"), None, FORMATS)
