from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.ndimage import distance_transform_edt

from segbench.errors import SegbenchError
from segbench.instances.targets import activation, boundary, distance, make_targets, map_names

labels = arrays(
    np.uint16, array_shapes(min_dims=2, max_dims=2, max_side=14), elements=st.integers(0, 4)
)


def test_names_of_the_maps():
    assert map_names("classes", ["nucleus"]) == ["nucleus"]
    assert map_names("classes", ["a", "b"]) == ["background", "a", "b"]
    assert map_names("foreground", ["nucleus"]) == ["foreground"]
    assert map_names("foreground_boundary", ["nucleus"]) == ["foreground", "boundary"]
    assert map_names("foreground_distance", ["nucleus"]) == ["foreground", "distance"]


def test_only_exclusive_classes_share_a_softmax():
    assert activation("classes", ["a", "b"]) == "softmax"
    assert activation("classes", ["a"]) == "sigmoid"
    assert activation("foreground_boundary", ["a", "b"]) == "sigmoid"


@pytest.mark.parametrize("function", [map_names, activation])
def test_unknown_target(function):
    with pytest.raises(SegbenchError, match="target 'edges' is unknown") as error:
        function("edges", ["a"])
    assert "foreground_distance" in error.value.expected


def test_no_classes():
    with pytest.raises(SegbenchError, match="no classes"):
        map_names("classes", [])


def test_one_class_of_a_label_map():
    label = np.uint8([[0, 254], [254, 3]])
    maps = make_targets(label, "classes", [254])
    assert maps.dtype == np.uint8
    assert maps[..., 0].tolist() == [[0, 1], [1, 0]]


def test_exclusive_classes_are_one_hot_with_background_first():
    label = np.uint8([[0, 5, 9]])
    maps = make_targets(label, "classes", [9, 5])
    assert maps.tolist() == [[[1, 0, 0], [0, 0, 1], [0, 1, 0]]]
    assert maps.dtype == np.uint8


@given(arrays(np.uint8, (4, 5), elements=st.integers(0, 6)), st.permutations([1, 2, 3, 4]))
def test_exclusive_classes_sum_to_one(label, values):
    maps = make_targets(label, "classes", values)
    assert maps.shape == (4, 5, 5)
    assert (maps.sum(axis=-1) == 1).all()


def test_one_class_of_numbered_objects_is_the_foreground():
    label = np.uint16([[0, 1, 2], [300, 0, 2]])
    np.testing.assert_array_equal(
        make_targets(label, "classes", [1]), make_targets(label, "foreground", [1])
    )


def test_numbered_objects_do_not_tell_classes_apart():
    with pytest.raises(SegbenchError, match="2 classes on numbered objects"):
        make_targets(np.uint16([[1]]), "classes", [1, 2])


def test_foreground_of_both_kinds_of_label():
    for dtype in (np.uint8, np.uint16):
        maps = make_targets(dtype([[0, 7, 200]]), "foreground", [1])
        assert maps.tolist() == [[[0], [1], [1]]]


@pytest.mark.parametrize(
    "label",
    [np.zeros((2, 2, 1, 1), np.uint8), np.zeros((2, 2), np.float32), np.zeros(3, np.uint16)],
)
def test_what_is_no_label(label):
    with pytest.raises(SegbenchError, match="a label of shape"):
        make_targets(label, "foreground", [1])


def test_too_many_objects():
    with pytest.raises(SegbenchError, match="70000"):
        make_targets(np.array([[0, 70000]], np.int64), "foreground_boundary", [1])
    with pytest.raises(SegbenchError, match="65535"):
        boundary(np.uint16([[0, 65535]]), 1)


def slow_boundary(label, boundary_px):
    """The definition, pixel by pixel."""
    result = np.zeros(label.shape, bool)
    for y, x in zip(*np.nonzero(label), strict=True):
        rows = slice(max(y - boundary_px, 0), y + boundary_px + 1)
        columns = slice(max(x - boundary_px, 0), x + boundary_px + 1)
        result[y, x] = differs(label[rows, columns], label[y, x])
    return result


def differs(window, own):
    return bool(((window != own) & (window != 0)).any())


@given(labels, st.integers(1, 3))
@settings(deadline=None)
def test_boundary_is_as_defined(label, boundary_px):
    np.testing.assert_array_equal(boundary(label, boundary_px), slow_boundary(label, boundary_px))


@given(labels, st.integers(1, 3))
@settings(deadline=None)
def test_boundary_lies_in_the_foreground_and_grows(label, boundary_px):
    narrow, wide = boundary(label, boundary_px), boundary(label, boundary_px + 1)
    assert not (narrow & (label == 0)).any()
    assert not (narrow & ~wide).any()


@given(labels, st.integers(1, 3))
@settings(deadline=None)
def test_foreground_without_boundary_never_joins_two_objects(label, boundary_px):
    from scipy.ndimage import label as pieces

    maps = make_targets(label, "foreground_boundary", [1], boundary_px)
    inside, count = pieces(maps[..., 0] > maps[..., 1], np.ones((3, 3)))
    for piece in range(1, count + 1):
        assert len(np.unique(label[inside == piece])) == 1


def test_an_object_alone_has_no_boundary():
    label = np.zeros((9, 12), np.uint16)
    label[3:6, 1:4] = 5
    label[:, 9] = 65534
    assert not boundary(label, 5).any()
    assert boundary(label, 6).sum() == 3 + 9


def test_boundary_and_foreground_are_two_maps():
    label = np.zeros((5, 9), np.uint16)
    label[:, 1:5], label[:, 5:9] = 1, 2
    maps = make_targets(label, "foreground_boundary", [1], 1)
    assert maps.dtype == np.uint8
    assert maps[2, :, 0].tolist() == [0, 1, 1, 1, 1, 1, 1, 1, 1]
    assert maps[2, :, 1].tolist() == [0, 0, 0, 0, 1, 1, 0, 0, 0]


def slow_distance(label):
    """Object by object, on the whole image."""
    result = np.zeros(label.shape)
    for number in np.unique(label[label > 0]):
        inside = label == number
        depth = distance_transform_edt(inside) if not inside.all() else np.ones(label.shape)
        result[inside] = depth[inside] / depth[inside].max()
    return result


@given(labels)
@settings(deadline=None)
def test_distance_is_as_defined(label):
    np.testing.assert_allclose(distance(label), slow_distance(label), atol=1e-5)


@given(labels)
@settings(deadline=None)
def test_each_object_reaches_one(label):
    maps = make_targets(label, "foreground_distance", [1])
    assert maps.dtype == np.float32
    depth = maps[..., 1]
    assert ((depth > 0) == (label > 0)).all()
    assert depth.max(initial=0) <= 1
    for number in np.unique(label[label > 0]):
        assert depth[label == number].max() == 1


def test_an_object_cut_by_the_edge_is_deepest_there():
    label = np.uint16([[1, 1, 1, 0]])
    np.testing.assert_allclose(distance(label), [[1, 2 / 3, 1 / 3, 0]], rtol=1e-6)


def test_an_object_that_fills_the_image():
    label = np.full((3, 4), 9, np.uint16)
    assert (distance(label) == 1).all()
    assert not boundary(label, 2).any()


@pytest.mark.parametrize(
    "target", ["classes", "foreground", "foreground_boundary", "foreground_distance"]
)
def test_a_blank_sample(target):
    maps = make_targets(np.zeros((6, 7), np.uint16), target, [1])
    assert maps.shape == (6, 7, len(map_names(target, ["n"])))
    assert not maps.any()


def test_the_label_is_not_changed():
    label = np.uint16([[0, 1, 2]])
    label.flags.writeable = False
    for target in ("classes", "foreground", "foreground_boundary", "foreground_distance"):
        make_targets(label, target, [1])
    assert label.tolist() == [[0, 1, 2]]


@pytest.mark.parametrize("target", ["classes", "foreground", "foreground_boundary"])
def test_what_was_not_annotated_is_as_background(target):
    label = np.uint16([[1, 1, 65535, 2, 2, 0], [1, 1, 65535, 2, 2, 0]])
    expected = make_targets(np.where(label == 65535, np.uint16(0), label), target, [1])
    assert np.array_equal(make_targets(label, target, [1]), expected)
    masks = np.uint8([[[1, 255], [0, 0]]])
    assert make_targets(masks, "classes", [1, 2], task="overlapping").tolist() == [[[1, 0], [0, 0]]]


def test_an_object_cut_by_what_was_not_annotated_is_as_deep_as_if_it_went_on():
    cut = np.uint16([[0, 1, 1, 65535, 65535]])
    whole = np.uint16([[0, 1, 1]])
    depth = make_targets(cut, "foreground_distance", [1])[0, :, 1]
    assert depth[:3].tolist() == make_targets(whole, "foreground_distance", [1])[0, :, 1].tolist()
    assert not depth[3:].any()
    alone = np.uint16([[1, 65535]])
    assert distance(np.uint16([[1, 0]]), alone == 65535).tolist() == [[1, 0]]
