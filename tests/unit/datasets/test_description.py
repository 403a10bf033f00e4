"""One row of the sample sheet, for every kind of label."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segbench.config.dataset import Class, Dataset
from segbench.datasets.base import RawSample, Reader
from segbench.datasets.description import describe, is_constant, pixel_digest, spacing_of
from segbench.errors import SegbenchError

RAW = RawSample(sample="s", images=("s.png",), labels=("s_mask.png",), group="g")
TISSUES = (Class(name="edema", value=2), Class(name="core", value=5), Class(name="other", value=7))


def dataset(task="semantic", **changes):
    known = {
        "title": "-",
        "format": "folder",
        "task": task,
        "classes": TISSUES,
        "licence": "-",
        "citation": "-",
        "protocols": {},
    }
    return Dataset(**{**known, **changes})


class Arrays(Reader):
    """A reader of two arrays."""

    def __init__(self, image, label, spacing=None):
        self.arrays, self.spacing = (image, label), spacing

    def read_image(self, root, raw):
        return self.arrays[0]

    def read_label(self, root, raw):
        return self.arrays[1]

    def spacing_mm(self, root, raw):
        return self.spacing


class Marked(Arrays):
    ignores_labels = True


def row(of, image, label, raw=RAW, spacing=None):
    return describe(of, Arrays(image, label, spacing), Path("raw"), raw, 3)


def test_a_label_map():
    label = np.zeros((6, 8), np.uint8)
    label[0, 0], label[1, 1], label[4:, 6:] = 5, 5, 2
    found = row(dataset(), np.zeros((6, 8, 3), np.uint16), label)
    assert (found.classes, found.objects) == (("edema", "core"), 2), "a diagonal is one object"
    assert (found.size, found.channels) == ((6, 8), 3)
    assert (found.dtype, found.shard, found.group) == ("uint16", 3, "g")
    assert (found.stack, found.position) == ("", None)


def test_a_volume_with_regions_that_overlap():
    label = np.zeros((4, 6, 8), np.uint8)
    label[1:3, 1:3, 1:3] = 2
    label[3, 3, 3] = 5  # touches the edema by a corner
    label[0, 5, 7] = 5
    regions = {"whole": ("edema", "core"), "core": ("core",), "rest": ("other",)}
    found = row(
        dataset(regions=regions), np.zeros((4, 6, 8, 4), np.float32), label, spacing=(3.0, 1.5, 1.0)
    )
    assert (found.classes, found.objects) == (("whole", "core"), 4)
    assert (found.size, found.channels) == ((4, 6, 8), 4)
    assert found.spacing_mm == (3.0, 1.5, 1.0)


def test_masks_of_a_slice_in_a_stack():
    masks = np.zeros((5, 5, 3), np.uint8)
    masks[:2, :2, 0] = masks[0, 0, 2] = masks[4, 4, 2] = 1
    raw = RawSample(sample="s", images=("s.png",), labels=("t.csv",), stack="day1", position=12)
    found = row(dataset("overlapping"), np.zeros((5, 5, 1), np.uint16), masks, raw)
    assert (found.classes, found.objects) == (("edema", "other"), 3)
    assert (found.stack, found.position, found.group) == ("day1", 12, "s")


def test_the_class_of_a_whole_image():
    found = row(dataset("classification"), np.zeros((5, 9, 3), np.uint8), np.uint8([7]))
    assert (found.classes, found.objects) == (("other",), None)


def test_numbered_objects():
    of = dataset("instances", classes=TISSUES[:1])
    image = np.zeros((2, 2, 1), np.uint8)
    found = row(of, image, np.uint16([[0, 1], [2, 2]]))
    assert (found.classes, found.objects) == (("edema",), 2)
    found = row(of, image, np.zeros((2, 2), np.uint16))
    assert (found.classes, found.objects) == ((), 0)


def test_a_constant_picture_has_no_digest():
    label = np.zeros((4, 4), np.uint8)
    image = np.full((4, 4, 3), (3, 200, 7), np.uint8)
    assert row(dataset(), image, label).image_sha256 == ""
    image[3, 3, 0] += 1
    assert row(dataset(), image, label).image_sha256 == pixel_digest(image)


def test_every_nan_is_the_same_pixel():
    image = np.float32([[[np.nan], [1]]])
    other = image.copy()
    other.view(np.uint32)[0, 0, 0] ^= 0x80000001
    assert np.isnan(other[0, 0, 0])
    assert pixel_digest(other) == pixel_digest(image)
    assert pixel_digest(np.nan_to_num(image)) != pixel_digest(image)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_constant_whatever_the_value(value):
    assert is_constant(np.full((3, 4, 5, 2), value, np.float32))
    image = np.full((3, 4, 5, 2), value, np.float32)
    image[2, 3, 4, 1] = 5
    assert not is_constant(image)


@pytest.mark.parametrize(
    ("task", "shape", "said"),
    [
        ("semantic", (5, 4), "5 x 4 pixels"),
        ("overlapping", (4, 5, 3), "4 x 5 pixels"),
        ("semantic", (5, 5, 5), "5 x 5 x 5 pixels"),
    ],
)
def test_a_mask_of_another_size_is_named(task, shape, said):
    with pytest.raises(SegbenchError) as error:
        row(dataset(task), np.zeros((5, 5, 1), np.uint8), np.zeros(shape, np.uint8))
    assert error.value.what == f"raw/s_mask.png: {said}"
    assert error.value.expected == "5 x 5 pixels, as s.png"


@pytest.mark.parametrize("task", ["semantic", "classification"])
def test_a_value_that_is_no_class(task):
    label = np.uint8([9]) if task == "classification" else np.full((5, 5), 9, np.uint8)
    with pytest.raises(SegbenchError) as error:
        row(dataset(task), np.zeros((5, 5, 1), np.uint8), label)
    assert error.value.what == "raw/s_mask.png: the label of 's' holds 9"
    assert "2 (edema), 5 (core), 7 (other)" in error.value.expected


def test_the_files_know_the_spacing_better_than_the_config():
    of = dataset(spacing_um=(500.0, 250.0))
    assert spacing_of(of, Arrays(None, None), Path("raw"), RAW) == (0.5, 0.25)
    assert spacing_of(of, Arrays(None, None, (1.0, 2.0)), Path("raw"), RAW) == (1.0, 2.0)
    assert spacing_of(dataset(), Arrays(None, None), Path("raw"), RAW) is None


@pytest.mark.parametrize(
    "spacing", [(0.0, 1.0), (1.0,), (-1.0, 1.0, 1.0), (np.inf, 1.0), (np.nan, 1.0)]
)
def test_a_spacing_that_is_none(spacing):
    with pytest.raises(SegbenchError, match=r"raw/s\.png: its spacing is"):
        spacing_of(dataset(), Arrays(None, None, spacing), Path("raw"), RAW)


def test_the_share_that_was_not_annotated():
    label = np.uint8([[255, 5, 0, 2]])
    raw = RawSample("s", ("s.png",), ("s_mask.png",), annotated=("core",))
    source = Marked(np.zeros((1, 4, 1), np.uint8), label)
    found = describe(dataset(), source, Path("raw"), raw, 0)
    assert (found.ignored, found.annotated, found.classes) == (0.25, ("core",), ("core",))
    assert row(dataset(), np.zeros((1, 4, 1), np.uint8), np.uint8([[0, 5, 0, 2]])).ignored == 0
