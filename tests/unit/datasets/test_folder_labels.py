"""Masks and classes: what comes out is what the config says, whatever the values are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.config.dataset import Class
from segbench.datasets.folder_labels import (
    to_classes,
    to_objects,
)
from segbench.datasets.folder_legend import Labels
from segbench.errors import SegbenchError
from unit.datasets.folders import decoded, label, painted

PATH = Path("mask.png")


@given(
    st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=6, unique=True),
    st.integers(0, 2**32 - 1),
)
def test_any_values_become_the_classes_in_their_order(values, seed):
    classes = [Class(name=f"c{v}", value=k, labels=(v,)) for k, v in enumerate(values, start=1)]
    labels = Labels.of(classes, None)
    truth = np.random.default_rng(seed).integers(1, len(values) + 1, (5, 7))
    mask = np.array([0, *values], np.int64)[truth]
    found = to_classes(PATH, decoded(mask), labels)
    assert found.dtype == np.uint8
    assert np.array_equal(found, truth)


@given(st.lists(st.integers(0, 0xFFFFFF), min_size=1, max_size=5, unique=True))
def test_any_colours_become_the_classes_in_their_order(numbers):
    colours = [f"#{number:06x}" for number in numbers]
    classes = [Class(name=c, value=k, labels=(c,)) for k, c in enumerate(colours, start=1)]
    truth = label(len(colours), 1)
    if 0 in numbers:
        truth = np.where(truth == 0, numbers.index(0) + 1, truth)
    mask = painted(truth, dict(enumerate(colours, start=1)))
    assert np.array_equal(to_classes(PATH, decoded(mask, "yxc"), Labels.of(classes, None)), truth)


@given(st.integers(0, 2**32 - 1), st.integers(1, 400))
def test_objects_keep_their_pixels_and_lose_their_gaps(seed, count):
    rng = np.random.default_rng(seed)
    numbers = np.unique(rng.integers(1, 10**6, count))
    truth = rng.integers(0, len(numbers) + 1, (20, 30))
    found = to_objects(PATH, decoded(np.array([0, *numbers])[truth]))
    _, expected = np.unique(truth, return_inverse=True)
    if truth.min() > 0:
        expected = expected + 1
    assert np.array_equal(found, expected.reshape(truth.shape))


@pytest.mark.parametrize(
    ("name", "numbers", "says"),
    [
        ("m.jpg", [[0, 1]], "a JPEG mask, whose 2 values are smeared: 0 (1 px), 1 (1 px)"),
        ("m.png", [[0, -1]], "holds numbers below 0: -1 (1 px)"),
        ("m.tif", [[[0, 1]], [[0, 2]]], "a volume of 2 x 1 x 2 numbered voxels"),
        ("m.png", [[255, 0, 255]], "2 separate pieces all have the number 255"),
    ],
)
def test_what_cannot_be_numbered_objects(name, numbers, says):
    with pytest.raises(SegbenchError) as error:
        to_objects(Path(name), decoded(np.array(numbers)))
    assert error.value.what == f"{name}: {says}"


def test_numbers_below_0_may_be_ignored():
    with pytest.raises(SegbenchError) as error:
        to_objects(PATH, decoded(np.array([[0, -1, 5, -2]])))
    assert "set `ignore: {labels: [-2, -1]}`" in error.value.action
    found = to_objects(PATH, decoded(np.array([[0, -1, 5, -2]])), {-1, -2})
    assert found.tolist() == [[0, 65535, 1, 65535]]


@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 255, 70000]))
def test_ignored_values_are_marked_and_change_nothing_else(seed, ignored):
    rng = np.random.default_rng(seed)
    hidden = rng.random((6, 9)) < 0.3
    objects = rng.integers(0, 3, (6, 9)) * 1000
    found = to_objects(PATH, decoded(np.where(hidden, ignored, objects)), {ignored})
    assert (found[hidden] == 65535).all()
    plain = to_objects(PATH, decoded(np.where(hidden, 0, objects)))
    assert np.array_equal(found[~hidden], plain[~hidden])


def test_65535_is_no_number_of_an_object():
    numbers = np.arange(65536).reshape(256, 256)
    with pytest.raises(SegbenchError, match="65535 objects"):
        to_objects(PATH, decoded(numbers))
    numbers[-1, -1] = 0
    assert to_objects(PATH, decoded(numbers)).max() == 65534


@pytest.mark.parametrize("mark", [255, 65535])
def test_outlines_beside_numbered_objects_are_asked_about(mark):
    """PASCAL VOC's masks of objects: 255 would be one more object, in many pieces."""
    numbers = np.array([[mark, 1, 1, mark, 0, 2, mark]])
    with pytest.raises(SegbenchError) as error:
        to_objects(PATH, decoded(numbers))
    assert error.value.what == f"mask.png: 3 separate pieces all have the number {mark}"
    assert f"set `ignore: {{labels: [{mark}]}}`" in error.value.action
    assert to_objects(PATH, decoded(numbers), {mark}).tolist() == [
        [65535, 1, 1, 65535, 0, 2, 65535]
    ]
    one_piece = np.array([[1, 0, mark, mark]])
    assert to_objects(PATH, decoded(one_piece)).tolist() == [[1, 0, 2, 2]]
    counted_up = np.array([[mark - 1, 0, mark, 0, mark]])
    assert to_objects(PATH, decoded(counted_up)).tolist() == [[1, 0, 2, 0, 2]]
