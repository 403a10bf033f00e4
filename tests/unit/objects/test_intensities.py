"""What is measured of the original image."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.errors import SegbenchError
from segbench.imaging.pixel_values import LUMA
from segbench.objects import measure
from unit.objects.made import ONE, rectangle, row

LABEL = np.array([[0, 1, 1], [0, 1, 0]], np.uint8)


def test_values_by_hand():
    found = row(LABEL, np.array([[9, 1, 2], [9, 6, 9]], np.uint8))
    assert found["intensity_mean"] == 3
    assert found["intensity_sd"] == pytest.approx(np.sqrt((4 + 1 + 9) / 3))
    assert found["intensity_min"] == 1
    assert found["intensity_max"] == 6
    assert found["intensity_integrated"] == 9


def test_16_bits_do_not_overflow():
    found = row(rectangle(30, 30), np.full((34, 34), 65535, np.uint16))
    assert found["intensity_integrated"] == 900 * 65535
    assert found["intensity_sd"] == 0


def test_colours_are_their_luma_and_alpha_is_dropped():
    image = np.zeros((2, 3, 4), np.uint8)
    image[..., 0], image[..., 1], image[..., 2], image[..., 3] = 100, 50, 10, 255
    expected = LUMA[0] * 100 + LUMA[1] * 50 + LUMA[2] * 10
    assert row(LABEL, image)["intensity_mean"] == pytest.approx(expected, rel=1e-3)
    assert row(LABEL, image[..., :3])["intensity_mean"] == pytest.approx(expected, rel=1e-3)


def test_equal_channels_are_exactly_that_value():
    image = np.repeat(np.array([[0, 7, 201], [0, 33, 0]], np.uint8)[..., None], 3, axis=2)
    found = row(LABEL, image)
    assert (found["intensity_min"], found["intensity_max"]) == (7, 201)


def test_grey_with_alpha_is_grey():
    image = np.stack([np.full((2, 3), 5, np.uint8), np.full((2, 3), 255, np.uint8)], axis=-1)
    assert row(LABEL, image)["intensity_mean"] == 5


def test_more_channels_are_measured_each():
    image = np.stack([np.full((2, 3), value, np.uint8) for value in range(5)], axis=-1)
    found = row(LABEL, image)
    assert [found[f"intensity_mean_c{channel}"] for channel in range(5)] == [0, 1, 2, 3, 4]
    assert "intensity_mean" not in found


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_pixels_without_a_value_are_left_out(value):
    found = row(LABEL, np.array([[9, 1, 2], [9, value, value]], np.float32))
    assert found["intensity_mean"] == 1.5
    assert found["intensity_sd"] == 0.5
    assert (found["intensity_min"], found["intensity_max"]) == (1, 2)
    assert found["intensity_integrated"] == 3
    assert found["area_px"] == 3
    nothing = row(LABEL, np.full((2, 3), value))
    assert all(np.isnan(nothing[f"intensity_{k}"]) for k in ("mean", "sd", "min", "integrated"))


def test_without_an_image_intensities_are_empty():
    assert np.isnan(row(LABEL)["intensity_mean"])


@pytest.mark.parametrize("shape", [(3, 2), (2, 4, 1), (2,), (2, 3, 1, 1)])
def test_an_image_of_another_size(shape):
    with pytest.raises(SegbenchError, match="label of shape"):
        measure(LABEL, np.zeros(shape, np.uint8), ONE, "semantic")
