"""The user is told what a DICOM header says beside its values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segbench.decoders.dicom_notes import notes_of
from segbench.decoders.dicom_planes import planes_of, stack
from unit.decoders.dicom_samples import image, slices


def notes(*datasets):
    path = Path("p1/a.dcm")
    return notes_of(path, stack(path, planes_of(datasets), None))


def test_a_plain_image_has_none():
    assert notes(image(np.zeros((2, 2), np.uint8))) == ()
    assert notes(*slices(np.zeros((3, 2, 2), np.int16), SpacingBetweenSlices=2.0)) == ()


def test_white_padding_and_the_size_at_the_detector():
    made = image(np.zeros((2, 2), np.int16), PhotometricInterpretation="MONOCHROME1",
                 PixelPaddingValue=-2000, RescaleSlope=1, RescaleIntercept=-1024,
                 ImagerPixelSpacing=[0.1, 0.2])  # fmt: skip
    white, padding, size = notes(made)
    assert "MONOCHROME1" in white
    assert "have the value -3024" in padding
    assert "0.1 x 0.2 mm at the detector" in size
    made.PixelSpacing = [0.1, 0.1]
    assert len(notes(made)) == 2


@pytest.mark.parametrize("said", [3.0, -1.0])
def test_a_distance_that_is_not_that_of_the_places(said):
    (note,) = notes(*slices(np.zeros((3, 2, 2), np.int16), SpacingBetweenSlices=said))
    assert f"2 mm apart by their places, which count; the header says {said:g} mm" in note
