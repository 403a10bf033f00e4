from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segbench.figures.layers import Layer, edge_pixels, layers_of, outlines, tinted
from segbench.figures.palette import PALETTE, rgb


def test_outlines_of_touching_objects_are_apart():
    label = np.zeros((6, 8), np.uint16)
    label[1:5, 1:4] = 7
    label[1:5, 4:7] = 300
    lines = outlines(label)
    assert len(lines) == 2
    # (x, y): each box is traced half a pixel outside of its pixels' centres.
    assert [(*line.min(axis=0), *line.max(axis=0)) for line in lines] == [
        (0.5, 0.5, 3.5, 4.5),
        (3.5, 0.5, 6.5, 4.5),
    ]
    assert all((line[0] == line[-1]).all() for line in lines)


def test_outlines_at_the_edge_are_closed_and_holes_are_traced():
    label = np.ones((5, 5), np.uint8)
    (line,) = outlines(label)
    assert line.min() == -0.5
    assert line.max() == 4.5
    label[2, 2] = 0
    assert len(outlines(label)) == 2
    assert outlines(np.zeros((3, 3), np.uint8)) == []


def test_layers_of_every_kind_of_label():
    label = np.array([[0, 2], [7, 7]], np.uint8)
    objects = layers_of(label, {"task": "instances", "classes": ["n"], "class_values": [1]})
    assert [(layer.name, layer.label.max()) for layer in objects] == [("n", 7)]
    classes = layers_of(label, {"task": "semantic", "classes": ["a", "b"], "class_values": [7, 2]})
    assert [layer.label.sum() for layer in classes] == [2, 1]
    masks = np.stack([label > 0, label > 2], axis=-1).astype(np.uint8)
    both = layers_of(masks, {"task": "overlapping", "classes": ["a", "b"]})
    assert [layer.label.sum() for layer in both] == [3, 2]
    assert len({layer.colour for layer in both}) == 2
    assert [layer.name for layer in layers_of(label, {})] == ["objects"]


def test_tints_mix_where_classes_overlap():
    masks = np.ones((1, 1, 2), np.uint8)
    layers = layers_of(masks, {"classes": ["a", "b"]})
    black = np.zeros((1, 1, 3), np.float32)
    first, second = (np.array(rgb(colour)) / 255 for colour in PALETTE[:2])
    mixed = tinted(black, layers, 0.5)[0, 0]
    assert mixed == pytest.approx(0.25 * first + 0.5 * second, abs=1e-6)
    assert not black.any(), "the image itself is not changed"


def test_absent_classes_keep_their_place_and_colour():
    label = np.array([[0, 9]], np.uint8)
    kind = {"task": "semantic", "classes": ["a", "b", "c"], "class_values": [4, 7, 9]}
    layers = layers_of(label, kind)
    assert [(layer.name, layer.colour, int(layer.label.sum())) for layer in layers] == [
        ("a", PALETTE[0], 0), ("b", PALETTE[1], 0), ("c", PALETTE[2], 1),
    ]  # fmt: skip


def test_resizing_keeps_numbers_of_objects():
    label = np.zeros((4, 4), np.uint16)
    label[:2, :2], label[2:, 2:] = 300, 70
    larger = Layer("n", PALETTE[0], label).resized(8, 12)
    assert larger.label.shape == (8, 12)
    assert (larger.label[:4, :6] == 300).all()
    assert (larger.label[4:, 6:] == 70).all()
    assert sorted(np.unique(larger.label).tolist()) == [0, 70, 300]
    assert (larger.name, larger.colour) == ("n", PALETTE[0])


@given(arrays(np.uint8, (6, 7), elements=st.integers(0, 3)))
def test_edge_pixels_are_the_labelled_ones_with_another_value_beside_them(label):
    padded = np.pad(label, 1, mode="edge")
    expected = np.zeros(label.shape, bool)
    for y in range(6):
        for x in range(7):
            beside = padded[y : y + 3, x : x + 3]
            expected[y, x] = label[y, x] > 0 and bool((beside != label[y, x]).any())
    assert (edge_pixels(label) == expected).all()


@given(arrays(np.uint8, (5, 6), elements=st.integers(0, 3)))
def test_layers_of_a_label_map_cover_each_labelled_pixel_once(label):
    kind = {"task": "semantic", "classes": ["a", "b", "c"], "class_values": [1, 2, 3]}
    layers = layers_of(label, kind)
    assert (sum(layer.label for layer in layers) == (label > 0)).all()
    for value, layer in enumerate(layers, start=1):
        assert ((layer.label > 0) == (label == value)).all()


@given(arrays(np.uint8, (5, 6), elements=st.integers(0, 3)))
def test_outlines_enclose_the_area_of_each_object(label):
    # The area inside the lines, holes being traced the other way round (shoelace formula).
    area = 0.0
    for line in outlines(label):
        x, y = line[:, 0], line[:, 1]
        area += float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)
    # Lines cut corners: each pixel's corner that is cut loses an eighth.
    assert abs(area) <= np.count_nonzero(label) + 1e-9
    assert abs(area) >= np.count_nonzero(label) / 2 - 1e-9


@pytest.mark.parametrize(("strength", "expected"), [(0.0, 0.5), (1.0, None)])
def test_tints_leave_or_cover_the_image(strength: float, expected: float | None):
    layer = Layer("a", PALETTE[0], np.array([[1, 0]], np.uint8))
    image = np.full((1, 2, 3), 0.5, np.float32)
    out = tinted(image, [layer], strength)
    inside = np.array(rgb(PALETTE[0])) / 255 if expected is None else np.full(3, expected)
    assert out[0, 0] == pytest.approx(inside, abs=1e-6)
    assert out[0, 1] == pytest.approx([0.5] * 3)
