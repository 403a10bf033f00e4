from __future__ import annotations

import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.exploration.measure import (
    PIXELS,
    colour_features,
    component_sizes,
    measure_image,
    measure_label,
    plane_of,
    shrink,
    spread_pixels,
)


def test_of_a_volume_the_middle_slice_is_taken():
    volume = np.arange(5)[:, None, None, None] * np.ones((5, 2, 3, 1))
    assert plane_of(volume).shape == (2, 3, 1)
    assert (plane_of(volume) == 2).all()
    assert (plane_of(volume, 4) == 4).all()
    flat = np.ones((2, 3, 1))
    assert plane_of(flat) is flat


def test_few_pixels_are_all_taken_and_many_are_spread_over_all_of_the_image():
    small = np.arange(12, dtype=np.uint8).reshape(3, 4, 1)
    assert sorted(spread_pixels(small).ravel()) == list(range(12))
    y, x = np.mgrid[:300, :400]
    large = np.stack([y, x], axis=-1)
    taken = spread_pixels(large)
    assert taken.shape == (PIXELS, 2)
    # The means of an even spread: (299 / 2, 399 / 2).
    assert taken.mean(axis=0) == pytest.approx([149.5, 199.5], rel=0.01)
    assert len(np.unique(taken[:, 1])) == 400, "no period of the rows: every column is met"


def test_colours_by_hand():
    image = np.zeros((1, 2, 3), np.uint8)
    image[0, 0] = (255, 0, 0)
    image[0, 1] = (0, 0, 255)
    found = colour_features(image)
    # Hues 0° and 240° with saturation 1: (1 + cos 240°) / 2 and sin 240° / 2; value 255.
    assert found == pytest.approx([0.25, -np.sqrt(3) / 4, 1, 0, 255, 0], abs=1e-5)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_a_plain_colour_is_what_python_says(colour: tuple[int, int, int]):
    hue, saturation, value = colorsys.rgb_to_hsv(*(c / 255 for c in colour))
    found = colour_features(np.full((4, 4, 3), colour, np.uint8))
    angle = 2 * np.pi * hue
    expected = [saturation * np.cos(angle), saturation * np.sin(angle), saturation, 0]
    assert found[:4] == pytest.approx(expected, abs=2e-3)
    assert found[4:] == pytest.approx([255 * value, 0], abs=1e-3)


def test_reds_on_both_sides_of_zero_degrees_are_alike():
    below = colour_features(np.full((2, 2, 3), (200, 0, 4), np.uint8))
    above = colour_features(np.full((2, 2, 3), (200, 4, 0), np.uint8))
    assert np.abs(below - above).max() < 0.06


def test_grey_has_no_hue_and_other_channels_are_averaged():
    grey = colour_features(np.full((3, 3, 1), 100, np.uint16))
    assert grey.tolist() == [0, 0, 0, 0, 100, 0]
    four = np.zeros((2, 2, 4))
    four[..., 0] = 8
    assert colour_features(four).tolist() == [0, 0, 0, 0, 2, 0]
    assert colour_features(np.full((2, 2, 3), 100, np.uint8)).tolist() == [0, 0, 0, 0, 100, 0]


def test_pixels_without_a_value_have_no_colour():
    image = np.full((2, 2, 3), 7.0)
    image[0, 0], image[1, 1, 2] = (200, 0, 0), np.nan
    known = image.reshape(1, 4, 3)[:, :3]
    np.testing.assert_allclose(colour_features(image), colour_features(known))
    assert np.isnan(colour_features(np.full((2, 2, 1), np.nan))).all()
    sparse = np.full((2000, 1, 1), np.nan)  # measured on every fourth row, all without a value
    sparse[1] = 5
    assert colour_features(sparse).tolist() == [0, 0, 0, 0, 5, 0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_an_image_with_a_gap_in_numbers(value):
    image = np.arange(24, dtype=np.float64).reshape(4, 3, 2)
    image[0], image[1, 0, 1] = value, value
    found = measure_image(image)
    assert found.low.tolist() == [6, 9]
    assert found.high.tolist() == [22, 23]
    assert found.values.shape == (9, 2), "the first row has no value at all"
    assert np.isnan(found.values).sum() == 1
    assert np.isfinite(found.colour).all()
    assert np.isnan(found.thumbnail).sum() == 4
    assert np.nanmin(found.thumbnail) == 8.5


def test_many_pixels_are_spread_over_those_that_have_a_value():
    image = np.full((300, 400, 1), np.nan, np.float32)
    image[:150, :200, 0] = np.arange(200)
    taken = spread_pixels(image)
    assert taken.shape == (PIXELS, 1)
    assert taken.mean() == pytest.approx(99.5, rel=0.02)


def test_an_image_without_any_value_in_numbers():
    found = measure_image(np.full((3, 4, 2), np.nan))
    assert found.values.shape == (0, 2)
    assert np.isnan(found.low).all()
    assert np.isnan(found.colour).all()
    assert np.isnan(found.thumbnail).all()


def test_thumbnails_average_the_pixels_with_a_value():
    image = np.full((144, 144, 1), 40, np.float32)
    image[:, 72:] = np.nan
    small = shrink(image)[..., 0]
    assert (small[:, :36] == 40).all()
    assert np.isnan(small[:, 36:]).all()


def test_thumbnails_keep_the_ratio_and_the_mean():
    image = np.random.default_rng(0).random((144, 288, 3)).astype(np.float32)
    small = shrink(image)
    assert small.shape == (36, 72, 3)
    assert small.mean() == pytest.approx(image.mean(), abs=1e-3)
    assert shrink(image[:10, :10]).shape == (10, 10, 3)
    assert shrink(np.zeros((8, 8, 2))).shape == (8, 8, 1)
    assert shrink(np.zeros((1, 500, 1))).shape == (1, 72, 1)


def test_an_image_in_numbers():
    image = np.arange(6, dtype=np.uint16).reshape(1, 2, 3)
    found = measure_image(image)
    assert found.low.tolist() == [0, 1, 2]
    assert found.high.tolist() == [3, 4, 5]
    assert found.values.shape == (2, 3)


@given(st.integers(0, 2**32 - 1))
def test_components_add_up_in_two_and_three_dimensions(seed: int):
    rng = np.random.default_rng(seed)
    mask = rng.random((9, 11)) < 0.4
    sizes = component_sizes(mask)
    assert sizes.sum() == mask.sum()
    assert (np.diff(sizes) >= 0).all()
    # One slice of a volume hangs together as the image does.
    assert component_sizes(mask[None]).tolist() == sizes.tolist()


def test_corners_hang_together_also_between_slices():
    volume = np.zeros((2, 2, 2), bool)
    volume[0, 0, 0] = volume[1, 1, 1] = True
    assert component_sizes(volume).tolist() == [2]
    apart = np.zeros((3, 1, 1), bool)
    apart[0] = apart[2] = True
    assert component_sizes(apart).tolist() == [1, 1]
    assert component_sizes(np.zeros((3, 3), bool)).tolist() == []


def test_a_label_map():
    label = np.array([[1, 1, 0], [0, 0, 2], [1, 0, 2]], np.uint8)
    found = measure_label(label, {"axes": "yx", "task": "semantic", "class_values": [1, 2, 5]})
    assert (found.total, found.covered) == (9, 5)
    assert found.pixels.tolist() == [3, 2, 0]
    assert [sizes.tolist() for sizes in found.objects] == [[1, 2], [2], []]


def test_numbered_objects_are_one_class_and_touch():
    label = np.array([[3, 3, 7], [0, 7, 7]], np.uint16)
    found = measure_label(label, {"axes": "yx", "task": "instances", "class_values": [1]})
    assert (found.total, found.covered, found.pixels.tolist()) == (6, 5, [5])
    assert found.objects[0].tolist() == [2, 3]


def test_masks_that_overlap_count_each_and_cover_once():
    label = np.zeros((2, 2, 2), np.uint8)
    label[0, :, 0] = 1
    label[0, 0, 1] = 1
    found = measure_label(label, {"axes": "yxk", "task": "overlapping", "class_values": [1, 2]})
    assert (found.total, found.covered, found.pixels.tolist()) == (4, 2, [2, 1])


def test_volumes_of_both_kinds():
    label = np.zeros((3, 2, 2), np.uint8)
    label[0], label[2] = 1, 2
    found = measure_label(label, {"axes": "zyx", "task": "semantic", "class_values": [1, 2]})
    assert (found.total, found.pixels.tolist()) == (12, [4, 4])
    masks = np.stack([label == 1, label > 0], axis=-1).astype(np.uint8)
    found = measure_label(masks, {"axes": "zyxk", "task": "overlapping", "class_values": [1, 2]})
    assert (found.covered, found.pixels.tolist()) == (8, [4, 8])
    assert [sizes.tolist() for sizes in found.objects] == [[4], [4, 4]]


def test_whole_images_have_a_class_and_no_objects():
    label = np.array([2], np.uint8)
    found = measure_label(label, {"axes": "s", "class_values": [1, 2]})
    assert (found.total, found.covered, found.pixels.tolist()) == (1, 1, [0, 1])
    assert all(not len(sizes) for sizes in found.objects)


def test_unknown_axes_are_refused():
    with pytest.raises(SegbenchError, match="xy"):
        measure_label(np.zeros((2, 2)), {"axes": "xy", "class_values": [1]})


def test_only_annotated_pixels_are_measured():
    kind = {"axes": "yx", "task": "semantic", "class_values": [1, 2], "classes": ["a", "b"]}
    label = np.uint8([[1, 255, 0], [0, 2, 255]])
    found = measure_label(label, kind)
    assert (found.total, found.covered) == (4, 2)
    assert (found.pixels.tolist(), found.annotated.tolist()) == ([1, 1], [4, 4])
    partly = measure_label(np.uint8([[1, 255, 0], [0, 0, 255]]), kind, ["a"])
    assert (partly.total, partly.covered) == (1, 1), "0 may be b: no background is known"
    assert partly.annotated.tolist() == [4, 0]
    masks = np.uint8([[[1, 255], [0, 255], [0, 0]]])
    found = measure_label(masks, {**kind, "axes": "yxk", "task": "overlapping"})
    assert (found.total, found.covered) == (2, 1)
    assert (found.pixels.tolist(), found.annotated.tolist()) == ([1, 0], [3, 1])
    objects = np.uint16([[3, 65535, 3, 0]])
    found = measure_label(objects, {**kind, "task": "instances", "class_values": [1]})
    assert (found.total, found.covered, found.annotated.tolist()) == (3, 2, [3])
    assert found.objects[0].tolist() == [2]
