"""The reader of the organs' tissue."""

from __future__ import annotations

import shutil
from collections import Counter

import numpy as np
import pytest

from segbench.config.dataset import Class
from segbench.datasets import reader_of
from segbench.datasets.organ_tissue import normalised
from segbench.errors import SegbenchError
from unit.datasets.helpers import make_dataset, shipped, write_picture

READER = reader_of(shipped("organ_tissue"))


GREY = np.arange(12, dtype=np.uint8).reshape(3, 4)


def rgb(seed):
    return np.random.default_rng(seed).integers(0, 256, (6, 5, 3), dtype=np.uint8)


@pytest.fixture()
def two():
    """A dataset of two of the classes."""
    return make_dataset(
        "organ_tissue",
        task="classification",
        classes=(
            Class(name="endometrium_1", value=1, labels=("endotherium_1", "endometrium_1")),
            Class(name="spleen", value=7),
        ),
    )


@pytest.fixture()
def tree(tmp_path):
    root = tmp_path / "raw"
    for split, count in (("train", 3), ("test", 1)):
        for folder in ("endotherium_1", "Spleen"):
            for index in range(count):
                name = root / f"Organs/data/{split}/{folder}/{index + 1}.tiff"
                write_picture(name, rgb(hash((split, folder, index)) % 1000))
    return root


def test_samples(tree, two):
    samples = list(reader_of(two).scan(tree))
    assert [raw.sample for raw in samples] == sorted(raw.sample for raw in samples)
    assert Counter(raw.split for raw in samples) == {"train": 6, "test": 2}
    first = samples[0]
    assert first.sample == "test.endotherium_1.1"
    assert first.images == ("Organs/data/test/endotherium_1/1.tiff",)
    assert first.labels == ()
    assert len({raw.group for raw in samples}) == 8


def test_label_is_the_value_of_the_folders_class(tree, two):
    source = reader_of(two)
    for raw in source.scan(tree):
        label = source.read_label(tree, raw)
        assert (label.dtype, label.shape) == (np.uint8, (1,))
        assert label[0] == (7 if "spleen" in raw.sample else 1)
        image = source.read_image(tree, raw)
        assert (image.dtype, image.shape) == (np.uint8, (6, 5, 3))
        expected = "spleen" if "spleen" in raw.sample else "endometrium_1"
        assert source.stratum(raw, image, label) == expected


@pytest.mark.parametrize("ending", ["tif", "png", "jpg", "JPEG"])
def test_kinds_of_files(tree, two, ending):
    write_picture(tree / f"Organs/data/train/Spleen/extra.{ending}", rgb(1))
    source = reader_of(two)
    (raw,) = (raw for raw in source.scan(tree) if raw.sample.endswith("extra"))
    assert source.read_image(tree, raw).shape == (6, 5, 3)


def test_grey_becomes_three_equal_channels(tree, two):
    write_picture(tree / "Organs/data/train/Spleen/grey.png", GREY)
    source = reader_of(two)
    (raw,) = (raw for raw in source.scan(tree) if raw.sample.endswith("grey"))
    assert np.array_equal(source.read_image(tree, raw), np.dstack([GREY] * 3))


def test_names_with_blanks_become_ids(tree, two):
    write_picture(tree / "Organs/data/train/Spleen/spleen (2).tiff", rgb(2))
    assert "train.spleen.spleen_2_" in [raw.sample for raw in reader_of(two).scan(tree)]


def test_what_is_left_behind_is_passed_over(tree, two):
    folder = tree / "Organs/data/train/Spleen"
    for name in ("._1.tiff", "Thumbs.db", "notes.txt", ".DS_Store"):
        (folder / name).write_bytes(b"x")
    (tree / "Organs/data/train/empty").mkdir()
    assert len(list(reader_of(two).scan(tree))) == 8


def test_an_unknown_folder_is_named_with_the_nearest_class(tree, two):
    (tree / "Organs/data/train/Spleen").rename(tree / "Organs/data/train/splean")
    with pytest.raises(SegbenchError) as error:
        list(reader_of(two).scan(tree))
    assert error.value.what.endswith("train/splean: 'splean' is not a class")
    assert "is it spleen?" in error.value.action


def test_an_unknown_folder_without_a_near_class(tree, two):
    write_picture(tree / "Organs/data/train/xyz/1.png", rgb(3))
    with pytest.raises(SegbenchError) as error:
        list(reader_of(two).scan(tree))
    assert error.value.action.startswith("add 'xyz' to the `labels`")


@pytest.mark.parametrize("split", ["train", "test"])
def test_an_empty_class_is_named(tree, two, split):
    shutil.rmtree(tree / f"Organs/data/{split}/Spleen")
    with pytest.raises(SegbenchError, match=rf"data/{split}: no picture of the class spleen"):
        list(reader_of(two).scan(tree))


def test_no_folders(tmp_path, two):
    (tmp_path / "data/train/colon").mkdir(parents=True)
    with pytest.raises(SegbenchError, match="publisher's folders are not in it"):
        list(reader_of(two).scan(tmp_path))


def test_two_files_of_one_id_are_refused(tree, two):
    write_picture(tree / "Organs/data/train/Spleen/1.png", rgb(4))
    with pytest.raises(SegbenchError, match=r"1\.tiff: has the id 'train\.spleen\.1'"):
        list(reader_of(two).scan(tree))


def test_a_corrupt_file_is_named(tree, two):
    path = tree / "Organs/data/test/Spleen/1.tiff"
    path.write_bytes(path.read_bytes()[:60])
    source = reader_of(two)
    (raw,) = (raw for raw in source.scan(tree) if raw.sample == "test.spleen.1")
    with pytest.raises(SegbenchError, match=r"test/Spleen/1\.tiff: cannot be decoded"):
        source.read_image(tree, raw)


def test_a_spelling_of_two_classes_is_refused(two):
    classes = (Class(name="spleen", value=1), Class(name="liver", value=2, labels=("Spleen",)))
    with pytest.raises(SegbenchError, match="'Spleen' is a label of spleen and of liver"):
        reader_of(two.model_copy(update={"classes": classes}))


@pytest.mark.parametrize("name", ["Lymph Node", "lymph-node", " lymph_node", "LYMPH__node"])
def test_spellings(name):
    assert normalised(name) == "lymph_node"
