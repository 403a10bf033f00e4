"""Slices make a grid, or are refused with the numbers that say why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from highdicom.spatial import get_series_volume_positions
from hypothesis import given
from hypothesis import strategies as st

from segbench.decoders.dicom_planes import planes_of, stack
from segbench.errors import SegbenchError
from unit.decoders.dicom_samples import AXIAL, OBLIQUE, SAGITTAL, image, item, multiframe, slices

VOLUME = np.arange(100, dtype=np.int16).reshape(5, 4, 5)
PATH = Path("p1/a.dcm")


def arranged(datasets):
    return stack(PATH, planes_of(datasets), None)


def refused(datasets, *parts):
    with pytest.raises(SegbenchError) as caught:
        arranged(datasets)
    for part in ("p1/a.dcm", *parts):
        assert part in str(caught.value)


@given(
    orientation=st.sampled_from([AXIAL, OBLIQUE, SAGITTAL]),
    order=st.permutations(range(5)),
    step=st.floats(0.01, 20),
)
def test_the_order_is_that_along_the_normal(orientation, order, step):
    made = slices(VOLUME, step=step, orientation=orientation)
    found = arranged([made[n] for n in order])
    assert [plane.dataset.InstanceNumber for plane in found.planes] == [1, 2, 3, 4, 5]
    assert found.spacing_mm == pytest.approx((step, 0.5, 0.75), rel=1e-6)
    theirs, places = get_series_volume_positions(made)
    assert theirs == pytest.approx(step, rel=1e-6)
    assert places in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0])
    last = np.array(made[-1].ImagePositionPatient, float) * (-1, -1, 1)
    np.testing.assert_allclose((found.affine @ [0, 0, 4, 1])[:3], last, atol=1e-6)
    down = np.array(orientation[3:]) * 0.5 * (-1, -1, 1)
    np.testing.assert_allclose(found.affine[:3, 1], down, atol=1e-9)


def test_positions_with_few_decimals_are_regular():
    made = slices(VOLUME, step=0.625)
    for one in made:
        one.ImagePositionPatient[2] = round(float(one.ImagePositionPatient[2]), 2)
    assert arranged(made).spacing_mm[0] == pytest.approx(0.625)


def test_a_missing_slice():
    made = slices(VOLUME)
    refused(made[:2] + made[3:], "1 slices are missing", "4 mm between", "2 mm elsewhere")


def test_many_missing_slices():
    made = slices(np.zeros((60, 2, 2), np.int16))
    refused(made[:5] + made[-5:], "50 slices are missing", "102 mm between", "2 mm elsewhere")


def test_unequal_distances():
    made = slices(VOLUME)
    made[4].ImagePositionPatient[2] += 1.0
    refused(made, "unequally far apart: 2 to 3 mm", "equal distances")


def test_a_tilted_gantry():
    made = slices(VOLUME)
    for number, one in enumerate(made):
        one.ImagePositionPatient[1] += number * 2 * np.tan(np.radians(12))
    refused(made, "an angle of 12 degrees (a tilted gantry)", "dcm2niix")


def test_several_slices_at_one_place():
    made = slices(VOLUME) + slices(VOLUME)
    for number, one in enumerate(made):
        one.EchoTime = 10 if number < 5 else 30
    refused(made, "10 slices lie at 5 places", "2 echo times (10.0, 30.0)")


def test_frames_of_two_time_points():
    made = multiframe(VOLUME, [0, 0, 1, 1])
    for number, one in enumerate(made.PerFrameFunctionalGroupsSequence):
        one.FrameContentSequence[0].TemporalPositionIndex = number % 2 + 1
    refused([made], "4 slices lie at 2 places, e.g. frame 1 and frame 2", "2 time points (1, 2)")


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("Rows", 9, ("2 sizes: 4 x 5 (4, e.g. ", "9 x 5 (1")),
        ("PixelSpacing", [0.5, 0.5], ("2 pixel sizes: 0.5 x 0.75 (4", "0.5 x 0.5 (1")),
        ("ImageOrientationPatient", SAGITTAL, ("2 orientations: 1 0 0 0 1 0 (4", "0 1 0 0 0 -1")),
    ],
)
def test_a_slice_unlike_the_others(name, value, parts):
    made = slices(VOLUME)
    setattr(made[3], name, list(value) if isinstance(value, tuple) else value)
    refused(made, "its 5 slices have", *parts)


def test_directions_that_are_no_right_angle():
    refused(slices(VOLUME, ImageOrientationPatient=[1, 0, 0, 0.5, 0.8, 0]), "right angles")


def test_pixels_without_a_size():
    made = slices(VOLUME)
    for one in made:
        del one.PixelSpacing
    refused(made, "does not say how large its pixels are")


def test_what_a_frame_says_comes_before_what_the_file_says():
    made = multiframe(VOLUME, [0, 1])
    made.RescaleSlope = 5
    first, second = planes_of([made])
    scale = item(RescaleSlope=3, RescaleIntercept=1)
    made.PerFrameFunctionalGroupsSequence[1].PixelValueTransformationSequence = [scale]
    assert (first.get("RescaleSlope"), second.get("RescaleSlope")) == (5, 3)
    assert first.get("EchoTime") is None
    assert first.numbers("PixelSpacing", 2).tolist() == [0.5, 0.75]
    assert first.numbers("PixelSpacing", 3) is None


def test_a_picture_without_a_place():
    found = arranged([image(VOLUME[0], PixelSpacing=[0.1, 0.2])])
    assert (found.spacing_mm, found.affine) == ((0.1, 0.2), None)
    assert arranged([image(VOLUME[0])]).spacing_mm is None
