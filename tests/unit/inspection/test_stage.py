"""Every layout, from the folder to rows of a sample sheet."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segbench.config.loader import load
from segbench.datasets import reader_of
from segbench.datasets.description import describe
from segbench.datasets.formats import FORMATS
from segbench.decoders.decoder import Entry
from segbench.errors import SegbenchError
from segbench.inspection.config_files import config_files
from segbench.inspection.labels import Labels
from segbench.inspection.pairs import Pairs, Place
from segbench.inspection.proposal import propose
from segbench.inspection.stage import inspect_folder, write_inspection
from segbench.inspection.survey import Survey
from unit.inspection import layouts

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def project(tmp_path):
    """A project with the recipes of this one."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    return tmp_path


def rows_of(project, name):
    """The config's check passes; the rows of all samples, and the config."""
    config = load(project / f"config/{name}.yaml", root=project, command=[name], formats=FORMATS)
    dataset = config.datasets[name]
    root, reader = project / dataset.folder.path, reader_of(dataset)
    return [describe(dataset, reader, root, raw, 0) for raw in reader.scan(root)], config


@pytest.mark.parametrize(
    ("layout", "masks", "classes", "task"),
    [
        (layouts.plain, None, ["object"], "semantic"),
        (layouts.suffix, None, ["class 1", "class 2"], "semantic"),
        (layouts.split, "linked", ["object"], "semantic"),
        (layouts.nnunet, None, ["cell", "debris"], "semantic"),
        (layouts.coco, "drawn", ["cat", "dog"], "semantic"),
        (layouts.yolo, "drawn", ["leaf"], "instances"),
    ],
)
def test_a_layout_becomes_a_dataset(project, layout, masks, classes, task):
    layout(project / "data")
    before = {path: path.stat().st_mtime_ns for path in (project / "data").rglob("*")}
    text = inspect_folder("data", masks, "own", project)
    assert "snakemake own --configfile config/own.yaml" in text
    rows, config = rows_of(project, "own")
    assert len(rows) == 6
    assert config.datasets["own"].task == task
    assert [one.name for one in config.datasets["own"].classes] == classes
    assert {name for row in rows for name in row.classes} == set(classes)
    assert {path: path.stat().st_mtime_ns for path in (project / "data").rglob("*")} == before


def test_an_nnunet_dataset_in_words(project):
    layouts.nnunet(project / "data")
    text = inspect_folder("data", None, None, project)
    assert "a Decathlon or nnU-Net raw dataset: Dataset001_Cells/dataset.json" in text
    assert "6 files in imagesTr, 6 in labelsTr" in text
    assert "1 (1200 px in 6), 2 (1200 px in 6)" in text
    assert "classes: cell, debris" in text


def test_files_with_an_image_and_its_mask_become_a_dataset(project):
    (project / "data").mkdir()
    for k in range(4):
        raw = np.random.default_rng(k).integers(0, 255, layouts.SIZE, np.uint8)
        np.savez(project / f"data/s{k}.npz", raw=raw, label=layouts.blocks((1, 2)))
    text = inspect_folder("data", None, "own", project)
    assert "each file holds an image and its mask (label)" in text
    assert "1 (800 px in 4), 2 (800 px in 4)" in text
    rows, config = rows_of(project, "own")
    assert [row.sample for row in rows] == ["s0", "s1", "s2", "s3"]
    assert len(config.datasets["own"].classes) == 2


def test_several_raw_datasets_are_inspected_each(project):
    layouts.nnunet(project / "raw/one")
    layouts.nnunet(project / "raw/two")
    text = inspect_folder("raw", None, None, project)
    assert "snakemake inspect --config images=raw/two/Dataset001_Cells" in text
    assert not (project / "config/raw.yaml").exists()


def test_parts_of_a_split_and_numbers_of_objects_arrive(project):
    layouts.split(project / "split")
    inspect_folder("split", "linked", "parts", project)
    rows, config = rows_of(project, "parts")
    assert {row.sample: row.split for row in rows} == {
        "test.a4": "test", "test.a5": "test", "train.a0": "train", "train.a1": "train",
        "train.a2": "train", "val.a3": "train",
    }  # fmt: skip
    assert config.studies["parts"].protocol == "held-out"
    layouts.yolo(project / "leaves")
    inspect_folder("leaves", "leaf_masks", "leaves", project)
    assert [row.objects for row in rows_of(project, "leaves")[0]] == [0, 1, 2, 3, 4, 0]


def test_groups_come_as_a_sheet_to_be_checked(project):
    layouts.suffix(project / "data")
    text = inspect_folder("data", None, "mice", project)
    assert "3 groups by a patient, animal, slide or the like in the names: mouse-0 (2)" in text
    assert "check config/mice-sheet.csv, copy it to data/sheet.csv" in text
    shutil.copy(project / "config/mice-sheet.csv", project / "data/sheet.csv")
    path = project / "config/datasets/mice.yaml"
    path.write_text(path.read_text().replace("sheet: null", "sheet: sheet.csv"))
    assert len({row.group for row in rows_of(project, "mice")[0]}) == 3
    again = inspect_folder("data", None, "mice2", project)
    assert "a sheet: sheet.csv" in again
    assert len({row.group for row in rows_of(project, "mice2")[0]}) == 3


def test_a_users_file_is_never_overwritten(project):
    layouts.plain(project / "data")
    inspect_folder("data", None, None, project)
    path = project / "config/datasets/data.yaml"
    mine = path.read_text().replace("name: object", "name: cell")
    path.write_text(mine)
    text = inspect_folder("data", None, None, project)
    assert path.read_text() == mine
    assert "kept as they are, with other content: config/datasets/data.yaml; name=OTHER" in text
    with pytest.raises(SegbenchError, match="is not empty"):
        inspect_folder("data", "data", None, project)


def test_a_name_that_is_taken_is_left_to_its_owner(project):
    layouts.plain(project / "folder")  # as a dataset and a recipe of the project are called
    text = inspect_folder("folder", None, None, project)
    assert "snakemake folder_2 --configfile config/folder_2.yaml" in text
    assert len(rows_of(project, "folder_2")[0]) == 6
    with pytest.raises(SegbenchError, match=r"name=ccp: config/ has a file ccp.yaml"):
        inspect_folder("folder", None, "ccp", project)


NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=5)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from([0, 1, 2, 3, 7, 128, 200, 255, 256, 65535]) | st.integers(0, 2**24 - 1),
        st.integers(1, 99), min_size=1, max_size=40,
    ),
    st.booleans(), st.lists(NAMES, max_size=3),
)  # fmt: skip
def test_whatever_masks_hold_the_config_is_valid(project, pixels, by_colour, names):
    """A config that is not would stop every other run in the project."""
    labels = Labels(opened=1, pixels=Counter(pixels), by_colour=by_colour,
                    names=dict(zip(sorted(pixels), names, strict=False)))  # fmt: skip
    place = Place(Entry("a.png", ("a.png",), "a"), "images", "a", "")
    pairs = Pairs({"a": place}, {"a": [("", place)]})
    found = Survey(project, [], [], {}, {})
    for file, text in config_files(propose(found, pairs, labels), "own", ".").items():
        (project / file).write_text(text)
    load(project / "config/own.yaml", root=project, formats=FORMATS)


def test_polygons_and_folders_of_a_split_are_asked_for_by_name(project):
    layouts.coco(project / "coco")
    text = inspect_folder("coco", None, None, project)
    assert "8 objects" in text
    assert "snakemake inspect --config images=coco masks=coco_masks" in text
    layouts.split(project / "split")
    assert "masks=split_linked" in inspect_folder("split", None, None, project)
    assert not (project / "config/datasets/coco.yaml").exists()


def test_images_alone_and_classes_of_images(project):
    for k in range(4):
        layouts.image(project / f"alone/a{k}.png", k)
        layouts.image(project / f"kinds/{('cat', 'dog')[k % 2]}/a{k}.png", k, size=(64, 64))
    text = inspect_folder("alone", None, None, project)
    assert "there are no masks" in text
    assert "snakemake apply --config images=alone" in text
    inspect_folder("kinds", None, None, project)
    rows, config = rows_of(project, "kinds")
    assert config.datasets["kinds"].task == "classification"
    assert [row.classes for row in rows] == [("cat",), ("cat",), ("dog",), ("dog",)]


def test_masks_that_begin_otherwise_than_their_images_are_linked(project):
    for k in range(4):
        layouts.image(project / f"data/image_{k}.png", k)
        layouts.mask(project / f"data/mask_{k}.png")
    assert "masks=data_linked" in inspect_folder("data", None, None, project)
    inspect_folder("data", "data_linked", "own", project)
    rows, _ = rows_of(project, "own")
    assert [row.classes for row in rows] == [("object",)] * 4


def test_a_folder_of_masks_for_each_image(project):
    for k in range(4):
        layouts.image(project / f"data/id{k}/images/id{k}.png", k)
        for n in range(k + 1):
            layouts.mask(project / f"data/id{k}/masks/{k}x{n}.png", (0,) * n + (255,))
    inspect_folder("data", None, "own", project)
    rows, config = rows_of(project, "own")
    assert config.datasets["own"].format == "dsb2018"
    assert [row.objects for row in rows] == [1, 2, 3, 4]


def test_masks_that_pair_with_nothing(project):
    layouts.image(project / "data/images/a.png")
    layouts.mask(project / "data/masks/b.png")
    text = inspect_folder("data", None, None, project)
    assert "no mask is called as an image" in text
    assert not (project / "config/data.yaml").exists()


def test_volumes_and_masks_of_overlapping_classes(project):
    for k in range(4):
        for place in ("volumes/images", "volumes/masks"):
            (project / place).mkdir(parents=True, exist_ok=True)
        block = np.zeros((9, 20, 24), np.uint8)
        block[3:6, 4:9, 4:9] = 1
        np.save(project / f"volumes/images/v{k}.npy", block.astype(np.float32) + k)
        np.save(project / f"volumes/masks/v{k}.npy", block)
        layouts.image(project / f"layers/images/a{k}.png", k)
        for name in ("cell", "wall"):
            layouts.mask(project / f"layers/masks/{name}/a{k}.png")
    inspect_folder("volumes", None, None, project)
    rows, config = rows_of(project, "volumes")
    assert {row.size for row in rows} == {(9, 20, 24)}
    assert config.preprocessing["volumes"].channels == "all"
    assert config.models["volumes"].training.patch == (8, 20, 24)
    inspect_folder("layers", None, None, project)
    rows, config = rows_of(project, "layers")
    assert config.datasets["layers"].task == "overlapping"
    assert all(row.classes == ("cell", "wall") for row in rows)


def test_masks_of_several_layers(project):
    layers = np.zeros((64, 72, 4), np.uint8)
    layers[5:20, 5:20, 0] = layers[10:30, 10:30, 2] = 1
    for k in range(4):
        layouts.image(project / f"data/images/a{k}.png", k)
        (project / "data/masks").mkdir(exist_ok=True)
        np.save(project / f"data/masks/a{k}.npy", layers)
    inspect_folder("data", None, "own", project)
    rows, config = rows_of(project, "own")
    assert config.datasets["own"].task == "overlapping"
    assert {row.classes for row in rows} == {("class 1", "class 3")}


def test_the_report_is_written_and_shown(project, caplog):
    layouts.plain(project / "data")
    write_inspection("data", None, "own", str(project), project / "report.txt")
    text = (project / "report.txt").read_text()
    assert text.startswith("data: 12 images and masks\n")
    assert text in caplog.text


def test_crowds_of_one_class_are_not_annotated(project):
    layouts.coco(project / "data", ["cat"])
    path = project / "data/train/_annotations.coco.json"
    content = json.loads(path.read_text())
    content["annotations"][0]["iscrowd"] = 1
    path.write_text(json.dumps(content))
    inspect_folder("data", "drawn", "own", project)
    rows, config = rows_of(project, "own")
    assert config.datasets["own"].ignore.labels == (65535,)
    assert [row.ignored > 0 for row in rows] == [True] + [False] * 5
    assert [row.objects for row in rows] == [1, 2, 2, 2, 0, 0]
