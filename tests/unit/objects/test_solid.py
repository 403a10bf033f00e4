"""Volumes: boxes and balls of known size."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.objects import measure
from segbench.objects.solid import crofton_weights
from unit.objects.made import ONE, row


def box(depth, height, width):
    label = np.zeros((depth + 2, height + 2, width + 2), np.uint8)
    label[1:-1, 1:-1, 1:-1] = 1
    return label


def ball(radius, depth=1):
    """A ball in voxels that are `depth` times as deep as they are wide."""
    half = radius // depth + 2
    z, y, x = np.mgrid[-half : half + 1, -radius - 2 : radius + 3, -radius - 2 : radius + 3]
    return ((depth * z) ** 2 + y**2 + x**2 <= radius**2).astype(np.uint8)


def test_a_box():
    found = row(box(2, 3, 6), spacing=(1.0, 1.0, 1.0))
    assert found["volume_vx"] == found["volume_mm3"] == 36
    assert found["feret_max_px"] == found["feret_max_mm"] == 7
    assert found["solidity"] == pytest.approx(1)
    assert found["equivalent_diameter_px"] == pytest.approx((6 * 36 / math.pi) ** (1 / 3))
    # Half axes of the ellipsoid: sqrt(5 variance), and the variance of a side is a^2 / 12.
    axes = [found[f"{name}_axis_px"] for name in ("minor", "middle", "major")]
    assert axes == pytest.approx([2 * math.sqrt(5 / 12) * side for side in (2, 3, 6)])
    centre = [found[f"centroid_{axis}_px"] for axis in "zyx"]
    assert centre == [2.0, 2.5, 4.0]
    assert [found[f"bbox_{axis}1_px"] for axis in "zyx"] == [3, 4, 7]
    assert not found["touches_border"]
    assert found["shape"] == "Mask"


@pytest.mark.parametrize("radius", [8, 15])
def test_a_ball(radius):
    found = row(ball(radius))
    assert found["volume_vx"] == pytest.approx(4 / 3 * math.pi * radius**3, rel=0.02)
    assert found["surface_px2"] == pytest.approx(4 * math.pi * radius**2, rel=0.02)
    assert found["sphericity"] > 0.98
    assert found["major_axis_px"] == pytest.approx(2 * radius, rel=0.02)
    assert math.isnan(found["surface_mm2"])


def test_a_ball_in_deep_voxels():
    found = row(ball(16, depth=4), spacing=(4.0, 1.0, 1.0))
    assert found["volume_mm3"] == pytest.approx(4 / 3 * math.pi * 16**3, rel=0.03)
    assert found["surface_mm2"] == pytest.approx(4 * math.pi * 16**2, rel=0.04)
    assert found["sphericity"] > 0.95
    assert found["minor_axis_mm"] == pytest.approx(32, rel=0.05)
    assert found["centroid_z_mm"] == pytest.approx(4 * found["centroid_z_px"])


def test_crofton_weights_are_those_of_the_literature():
    # Lehmann & Legland 2012, table of 13 directions: shares of the sphere, both ways.
    weights = crofton_weights()
    shares = {1: 0.04577789120476 * 2, 2: 0.03698062787608 * 2, 3: 0.03519563978232 * 2}
    assert len(weights) == 13
    for step, weight in weights.items():
        axes = sum(map(abs, step))
        assert weight == pytest.approx(2 * shares[axes] / math.sqrt(axes), rel=1e-6)


def test_two_spacings_of_three_are_not_enough():
    found = row(box(1, 1, 1), spacing=(1.0, 1.0))
    assert math.isnan(found["volume_mm3"])


def test_overlapping_regions_of_a_volume_and_all_channels():
    masks = np.stack([ball(6), ball(6)], axis=-1)
    masks[:8, ..., 1] = 0
    image = np.stack([np.full(masks.shape[:3], value, np.float32) for value in (1, 2, 3, 4)], -1)
    found = measure(masks, image, {"WT": 1, "TC": 2}, "overlapping", (1, 1, 1), "case")
    assert found["roi"].tolist() == ["case/WT/1", "case/TC/1"]
    assert found["intensity_mean_c3"].tolist() == [4, 4]
    assert found["intensity_integrated_c1"].tolist() == (2 * found["volume_vx"]).tolist()
    assert found["volume_vx"][0] > found["volume_vx"][1] > 0


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_turned_volumes_measure_the_same(seed):
    label = (np.random.default_rng(seed).random((5, 6, 7)) < 0.3).astype(np.uint8)
    turned = np.rot90(label, 1, (0, 2))
    found, other = (measure(each, None, ONE, "semantic", (1, 1, 1)) for each in (label, turned))
    for name in ("volume_vx", "surface_px2", "feret_max_px", "solidity", "major_axis_px"):
        np.testing.assert_allclose(np.sort(found[name]), np.sort(other[name]), rtol=1e-9)
    assert found["volume_vx"].sum() == label.sum()
