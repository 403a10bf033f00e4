"""From labels to objects."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.errors import SegbenchError
from segbench.objects.layers import layers

TWO = {"a": 1, "b": 3}


def test_pieces_of_a_label_map_class_by_class():
    label = np.array([[1, 0, 3], [1, 0, 3], [0, 1, 0]], np.uint8)
    found = list(layers(label, TWO, "semantic"))
    assert [layer.class_name for layer in found] == ["a", "b"]
    assert found[0].numbers.tolist() == [[1, 0, 0], [1, 0, 0], [0, 2, 0]]
    assert found[1].numbers.tolist() == [[0, 0, 1], [0, 0, 1], [0, 0, 0]]
    assert [layer.count for layer in found] == [2, 1]


def test_pieces_are_counted_in_reading_order():
    # The right arm of the first piece begins lower than the second piece.
    label = np.array([[0, 0, 0, 1], [1, 0, 0, 1], [1, 1, 0, 0], [0, 1, 0, 1]], np.uint8)
    (layer,) = layers(label, {"a": 1}, "semantic")
    assert layer.numbers[0, 3] == 1
    assert layer.numbers[1, 0] == 2
    assert layer.numbers[3, 3] == 3


def test_a_class_of_value_0_has_no_objects():
    found = layers(np.zeros((2, 2), np.uint8), {"skin": 0, "a": 1}, "semantic")
    assert [layer.class_name for layer in found] == ["a"]


def test_overlapping_masks():
    masks = np.zeros((1, 4, 2), np.uint8)
    masks[0, :, 0] = 1
    masks[0, ::2, 1] = 1
    one, other = layers(masks, TWO, "overlapping")
    assert one.numbers.tolist() == [[1, 1, 1, 1]]
    assert other.numbers.tolist() == [[1, 0, 2, 0]]


def test_numbered_objects_keep_their_numbers():
    (layer,) = layers(np.array([[0, 7, 7], [3, 0, 7]], np.uint16), {"nucleus": 255}, "instances")
    assert layer.class_name == "nucleus"
    assert layer.original.tolist() == [3, 7]
    assert layer.numbers.tolist() == [[0, 2, 2], [1, 0, 2]]
    (many,) = layers(np.ones((1, 1), np.uint16), TWO, "instances")
    assert many.class_name == "foreground"


def test_pieces_of_a_volume_join_over_faces():
    label = np.zeros((2, 2, 2), np.uint8)
    label[0, 0, 0] = label[1, 0, 0] = label[1, 1, 1] = 1
    (layer,) = layers(label, {"a": 1}, "semantic")
    assert layer.count == 2
    assert layer.numbers[1, 0, 0] == 1


def test_no_objects():
    for label, task in ((np.zeros((3, 3), np.uint8), "semantic"),
                        (np.zeros((3, 3), np.uint16), "instances"),
                        (np.zeros((3, 3, 2), np.uint8), "overlapping")):  # fmt: skip
        assert sum(layer.count for layer in layers(label, TWO, task)) == 0


@pytest.mark.parametrize(
    ("label", "task", "words"),
    [
        (np.zeros(1, np.uint8), "classification", "classification"),
        (np.zeros((2, 2), np.float32), "semantic", "float32"),
        (np.zeros((2, 2, 2, 2), np.uint8), "semantic", "4 axes"),
        (np.zeros((2, 2, 3), np.uint8), "overlapping", "3 masks for 2 classes"),
    ],
)
def test_what_is_no_segmentation(label, task, words):
    with pytest.raises(SegbenchError, match=words):
        list(layers(label, TWO, task))
