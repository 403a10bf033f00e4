"""Shapes whose measures are known; another implementation; rotation and translation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import label as connected
from skimage.measure import regionprops_table

from segbench.objects import measure
from unit.objects.made import ONE, disk, rectangle, row

MM = 0.001


def test_a_rectangle():
    found = row(rectangle(3, 4))
    assert found["area_px"] == 12
    assert found["feret_max_px"] == 5
    assert found["feret_min_px"] == 3
    assert found["feret_angle_deg"] == pytest.approx(math.degrees(math.atan2(3, 4)))
    assert found["equivalent_diameter_px"] == pytest.approx(math.sqrt(48 / math.pi))
    # A side of length a has variance a^2 / 12 and so an axis of 4 a / sqrt(12).
    assert found["major_axis_px"] == pytest.approx(16 / math.sqrt(12))
    assert found["minor_axis_px"] == pytest.approx(12 / math.sqrt(12))
    assert found["orientation_deg"] == 0
    assert found["roundness"] == pytest.approx(4 * 12 / (math.pi * 256 / 12))
    assert found["solidity"] == 1
    assert found["eccentricity"] == pytest.approx(math.sqrt(1 - 9 / 16))
    assert (found["centroid_y_px"], found["centroid_x_px"]) == (3.5, 4.0)
    box = [found[f"bbox_{name}_px"] for name in ("y0", "x0", "y1", "x1")]
    assert box == [2, 2, 5, 6]
    assert not found["touches_border"]
    assert found["points"] == "2,2 6,2 6,5 2,5"
    assert found["shape"] == "Polygon"


def test_the_perimeter_of_a_rectangle_by_hand():
    # Crossings of a 3 x 4 rectangle: 2 * 3 rows, 2 * 4 columns, and on either diagonal two for
    # each of the 3 + 4 - 1 lines that hit it.
    expected = math.pi / 8 * (6 + 8 + (12 + 12) / math.sqrt(2))
    assert row(rectangle(3, 4))["perimeter_px"] == pytest.approx(expected)


@pytest.mark.parametrize("radius", [10, 40])
def test_a_disk(radius):
    found = row(disk(radius))
    assert found["area_px"] == pytest.approx(math.pi * radius**2, rel=0.01)
    assert found["perimeter_px"] == pytest.approx(2 * math.pi * radius, rel=0.04)
    assert found["circularity"] > 0.93
    assert found["roundness"] == pytest.approx(1, abs=0.01)
    assert found["eccentricity"] == 0
    assert found["solidity"] > 0.9
    # Along an axis the disk is 2 r + 1 pixels wide.
    assert found["feret_max_px"] == pytest.approx(2 * radius + 1, rel=0.02)
    assert found["major_axis_px"] == pytest.approx(found["equivalent_diameter_px"], rel=0.01)


def test_an_ellipse_has_its_axes_and_direction():
    y, x = np.mgrid[-60:61, -60:61]
    angle = math.radians(30)
    along, across = (
        x * math.cos(angle) - y * math.sin(angle),
        x * math.sin(angle) + y * math.cos(angle),
    )
    found = row(((along / 50) ** 2 + (across / 20) ** 2 <= 1).astype(np.uint8))
    assert found["major_axis_px"] == pytest.approx(100, rel=0.01)
    assert found["minor_axis_px"] == pytest.approx(40, rel=0.01)
    assert found["orientation_deg"] == pytest.approx(30, abs=0.3)
    assert found["feret_angle_deg"] == pytest.approx(30, abs=2)
    assert found["feret_min_px"] == pytest.approx(41, abs=1)
    assert found["roundness"] == pytest.approx(0.4, abs=0.01)


def test_one_pixel():
    found = row(rectangle(1, 1))
    assert found["area_px"] == 1
    assert found["feret_max_px"] == pytest.approx(math.sqrt(2))
    assert found["feret_min_px"] == 1
    assert found["feret_angle_deg"] == pytest.approx(45)
    assert found["circularity"] == found["solidity"] == 1
    assert found["major_axis_px"] == found["minor_axis_px"] == pytest.approx(4 / math.sqrt(12))
    assert (found["centroid_y_px"], found["centroid_x_px"]) == (2.5, 2.5)


def test_an_l_shape_is_not_solid():
    label = rectangle(4, 4)
    label[2:4, 4:6] = 0
    found = row(label)
    # The hull of the L lacks the triangle with legs of 2 in the corner.
    assert found["solidity"] == pytest.approx(12 / 14)
    assert found["feret_max_px"] == pytest.approx(math.sqrt(32))


def test_a_ring_needs_a_mask_and_its_hole_does_not_count():
    label = rectangle(5, 5)
    label[4, 4] = 0
    found = row(label)
    assert found["shape"] == "Mask"
    assert found["points"] == ""
    assert found["area_px"] == 24
    assert found["solidity"] == pytest.approx(24 / 25)


def test_square_pixels_scale_everything():
    found = row(disk(9), spacing=(2 * MM, 2 * MM))
    assert found["area_um2"] == pytest.approx(4 * found["area_px"])
    for name in ("perimeter", "feret_max", "feret_min", "equivalent_diameter", "major_axis",
                 "minor_axis", "centroid_x", "centroid_y"):  # fmt: skip
        assert found[f"{name}_um"] == pytest.approx(2 * found[f"{name}_px"]), name
    plain = row(disk(9))
    for name in ("circularity", "roundness", "solidity", "eccentricity", "feret_angle_deg"):
        assert found[name] == pytest.approx(plain[name]), name


def test_flat_pixels_measure_the_physical_shape():
    # 3 rows of 2 um and 8 columns of half a micrometre: 6 um high, 4 um wide.
    found = row(rectangle(3, 8), spacing=(2 * MM, 0.5 * MM))
    assert found["area_um2"] == pytest.approx(24)
    assert found["feret_max_um"] == pytest.approx(math.sqrt(52))
    assert found["feret_min_um"] == pytest.approx(4)
    assert found["feret_angle_deg"] == pytest.approx(math.degrees(math.atan2(6, 4)))
    assert found["orientation_deg"] == pytest.approx(90)
    assert found["major_axis_um"] == pytest.approx(24 / math.sqrt(12))
    assert found["feret_max_px"] == pytest.approx(math.sqrt(73))
    assert found["centroid_y_um"] == pytest.approx(7)


def test_a_disk_in_flat_pixels_is_round():
    found = row(disk(40, height=2), spacing=(2 * MM, MM))
    assert found["perimeter_um"] == pytest.approx(2 * math.pi * 40, rel=0.03)
    assert found["circularity"] > 0.95
    assert found["roundness"] == pytest.approx(1, abs=0.02)


def test_the_slice_of_a_stack_has_the_spacing_of_its_plane():
    assert row(rectangle(2, 2), spacing=(3.0, MM, MM))["area_um2"] == pytest.approx(4)


def test_without_a_spacing_physical_columns_are_empty():
    found = row(rectangle(2, 3))
    physical = [name for name in found if name.endswith(("_um", "_um2"))]
    assert len(physical) == 9
    assert all(math.isnan(found[name]) for name in physical)


@pytest.mark.parametrize("place", [(0, 3), (3, 0), (5, 3), (3, 5)])
def test_the_border(place):
    label = np.zeros((7, 7), np.uint8)
    label[place[0] : place[0] + 2, place[1] : place[1] + 2] = 1
    assert row(label)["touches_border"]


def blobs(seed, side=40):
    noise = np.random.default_rng(seed).random((side, side))
    padded = np.pad(noise, 2, mode="wrap")
    smooth = sum(padded[i : i + side, j : j + side] for i in range(5) for j in range(5))
    return (smooth > np.median(smooth)).astype(np.uint8)


@pytest.mark.parametrize("seed", range(3))
def test_scikit_image_agrees(seed):
    numbered = connected(blobs(seed, 120), connectivity=1).astype(np.uint16)
    image = np.random.default_rng(seed).integers(0, 65535, numbered.shape).astype(np.uint16)
    found = measure(numbered, image, ONE, "instances")
    names = ("area", "perimeter_crofton", "axis_major_length", "axis_minor_length", "centroid",
             "equivalent_diameter_area", "bbox", "intensity_mean", "intensity_std",
             "intensity_min", "intensity_max", "orientation")  # fmt: skip
    other = regionprops_table(numbered, image, properties=names)
    assert len(found) > 10
    pairs = {
        "area_px": other["area"],
        "perimeter_px": other["perimeter_crofton"],
        "equivalent_diameter_px": other["equivalent_diameter_area"],
        # Pixels are squares here and points there: 1 / 12 in each variance.
        "major_axis_px": np.sqrt(other["axis_major_length"] ** 2 + 16 / 12),
        "minor_axis_px": np.sqrt(other["axis_minor_length"] ** 2 + 16 / 12),
        "centroid_y_px": other["centroid-0"] + 0.5,
        "centroid_x_px": other["centroid-1"] + 0.5,
        "bbox_y0_px": other["bbox-0"],
        "bbox_x1_px": other["bbox-3"],
        "intensity_mean": other["intensity_mean"],
        "intensity_sd": other["intensity_std"],
        "intensity_min": other["intensity_min"],
        "intensity_max": other["intensity_max"],
    }
    for name, values in pairs.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-9, atol=1e-9, err_msg=name)
    # There the angle is that from the rows' axis, in radians.
    long = found["eccentricity"] > 0.5
    turned = (found["orientation_deg"] - np.degrees(other["orientation"]) - 90 + 90) % 180 - 90
    assert np.abs(turned[long]).max() < 1e-6


SAME = ("area_px", "perimeter_px", "feret_max_px", "feret_min_px", "major_axis_px",
        "minor_axis_px", "circularity", "roundness", "solidity", "eccentricity",
        "equivalent_diameter_px", "area_um2")  # fmt: skip


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 3))
def test_a_quarter_turn_keeps_the_shape(seed, turns):
    label = blobs(seed, 24)
    found = measure(label, None, ONE, "semantic", (MM, MM))
    turned = measure(np.rot90(label, turns), None, ONE, "semantic", (MM, MM))
    assert len(found) == len(turned)
    for name in SAME:
        np.testing.assert_allclose(
            np.sort(found[name]), np.sort(turned[name]), rtol=1e-9, atol=1e-9, err_msg=name
        )
    if len(found) == 1 and turns == 2 and found["eccentricity"][0] > 0.1:
        assert found["orientation_deg"][0] == pytest.approx(turned["orientation_deg"][0])


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(0, 9), st.integers(0, 9))
def test_an_object_elsewhere_is_the_same_to_the_last_bit(seed, down, right):
    label = blobs(seed, 20)
    moved = np.zeros((32, 32), np.uint8)
    moved[1 + down : 21 + down, 1 + right : 21 + right] = label
    found = measure(np.pad(label, 1), None, ONE, "semantic")
    other = measure(moved, None, ONE, "semantic")
    for name in (*SAME[:-1], "orientation_deg", "feret_angle_deg"):
        assert found[name].tolist() == other[name].tolist(), name
    assert (other["centroid_y_px"] - found["centroid_y_px"]).to_numpy() == pytest.approx(down)


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_bounds_hold_whatever_the_shape(seed):
    label = (np.random.default_rng(seed).random((12, 12)) < 0.5).astype(np.uint8)
    found = measure(label, None, ONE, "semantic")
    assert found["area_px"].sum() == label.sum()
    for name in ("circularity", "roundness", "solidity", "eccentricity"):
        assert found[name].between(0, 1).all(), name
    for name in ("feret_angle_deg", "orientation_deg"):
        assert ((found[name] >= 0) & (found[name] < 180)).all()
    assert (found["feret_min_px"] <= found["feret_max_px"] + 1e-12).all()
    assert (found["feret_max_px"] >= found["equivalent_diameter_px"] - 1e-9).all()
