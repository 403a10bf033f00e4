"""Segments as layers: classes by name, overlaps, objects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segbench.config.dataset import Background, Class, Ignore
from segbench.datasets.folder_layers import class_masks, is_layered, label_map, objects
from segbench.errors import SegbenchError
from unit.datasets.folders import SHAPE, decoded

PATH = Path("a.seg.nrrd")
CLASSES = (
    Class(name="Tumour", value=3, labels=("Lesion 1", "lesion_2")),
    Class(name="lung", value=5),
)


def layered(*names: str) -> tuple:
    """A mask of one row for each segment, and the single rows."""
    parts = []
    for number in range(len(names)):
        part = np.zeros(SHAPE, np.uint8)
        part[number : number + 2, 1:6] = 1
        parts.append(part)
    return decoded(np.stack(parts, axis=-1), "yxc", channels=names), parts


def test_named_channels_are_layers_and_colours_are_not():
    assert is_layered(layered("a", "b")[0])
    pixels = np.zeros((*SHAPE, 3), np.uint8)
    assert not is_layered(decoded(pixels, "yxc"))
    assert not is_layered(decoded(pixels, "yxc", channels=("r", "g", "b"), colour=True))
    assert not is_layered(decoded(pixels[..., 0], channels=("a",)))


def test_segments_become_the_classes_that_are_called_so():
    mask, parts = layered("lesion-2", "Other", "LUNG", "Lesion 1")
    found = class_masks(PATH, mask, CLASSES, Background(labels=("other",)))
    assert found.dtype == np.uint8
    assert np.array_equal(found[..., 0], parts[0] | parts[3])
    assert np.array_equal(found[..., 1], parts[2])
    alone, parts = layered("lung")
    assert not class_masks(PATH, alone, CLASSES, None)[..., 0].any()


def test_a_segment_of_no_class_is_named():
    mask, _ = layered("lung", "Heart")
    with pytest.raises(SegbenchError) as error:
        class_masks(PATH, mask, CLASSES, None)
    assert error.value.what == "a.seg.nrrd: the segment 'Heart' belongs to no class"
    assert "background: {labels: [...]}" in error.value.action


def test_a_label_map_of_layers_and_their_overlap():
    mask, parts = layered("Lesion 1", "background", "lung")
    masks = class_masks(PATH, mask, CLASSES, None)
    found = label_map(PATH, masks, CLASSES)
    assert found.dtype == np.uint8
    assert np.array_equal(found, 3 * parts[0] + 5 * parts[2])
    mask, parts = layered("Lesion 1", "lung")
    with pytest.raises(SegbenchError) as error:
        label_map(PATH, class_masks(PATH, mask, CLASSES, None), CLASSES)
    assert error.value.what == "a.seg.nrrd: 5 pixels are in the segments of two classes"
    assert "task: overlapping" in error.value.action


def test_what_was_not_annotated_stays_so():
    pixels = np.array([[[1, 9], [0, 9], [0, 1], [0, 0]]], np.uint8)
    mask = decoded(pixels, "yxc", channels=("Tumour", "lung"))
    masks = class_masks(PATH, mask, CLASSES, None, Ignore(labels=(9,)))
    assert masks[0].tolist() == [[1, 255], [0, 255], [0, 1], [0, 0]]
    assert label_map(PATH, masks, CLASSES).tolist() == [[3, 255, 5, 0]]


def test_each_segment_is_an_object():
    mask, parts = layered("a", "b", "c")
    label = objects(PATH, mask)
    assert label.dtype == np.uint16
    assert sorted(np.unique(label)) == [0, 1, 2, 3]
    assert np.array_equal(label > 0, np.any(parts, axis=0))


def test_a_segment_may_say_what_was_not_annotated():
    mask, parts = layered("lung", "Not sure", "Lesion 1")
    unsure = Ignore(labels=("not-sure",))
    found = class_masks(PATH, mask, CLASSES, None, unsure)
    hidden = parts[1] == 1
    assert (found[hidden] == 255).all()
    assert np.array_equal(found[~hidden][..., 1], parts[0][~hidden])
    numbered = objects(PATH, mask, unsure)
    assert (numbered[hidden] == 65535).all()
    assert set(np.unique(numbered[~hidden])) == {0, 1, 2}
    with pytest.raises(SegbenchError) as error:
        class_masks(PATH, mask, CLASSES, None)
    assert "`ignore: {labels: [...]}` if it means that nobody" in error.value.action
