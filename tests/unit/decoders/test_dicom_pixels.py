"""Values of DICOM pixels: types, scales, signs, colours, compression."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.decoders.dicom_pixels import palette_of, read_values, value_dtype
from segbench.decoders.dicom_planes import planes_of
from segbench.decoders.registry import header_of, read
from segbench.errors import SegbenchError
from unit.decoders.dicom_samples import image, item, multiframe, save, slices

PATH = Path("p1/a.dcm")


def values(*datasets):
    planes = planes_of(datasets)
    return read_values(PATH, planes, value_dtype(PATH, planes))


@given(
    dtype=st.sampled_from(["uint8", "int8", "uint16", "int16", "uint32", "int32"]),
    shape=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    colour=st.booleans(),
    seed=st.integers(0, 99),
)
def test_values_without_a_scale_are_as_stored(dtype, shape, colour, seed):
    info = np.iinfo(dtype)
    shape = (*shape, 3) if colour and dtype[0] == "u" else shape
    stored = np.random.default_rng(seed).integers(info.min, info.max, shape, dtype, endpoint=True)
    found = values(image(stored))
    assert found.dtype == stored.dtype
    np.testing.assert_array_equal(found[0], stored)


@pytest.mark.parametrize(
    ("bits", "signed", "intercept", "dtype"),
    [
        (12, 0, -1024, "int16"),
        (16, 0, -1024, "int32"),
        (16, 1, -1024, "int32"),
        (15, 1, -1024, "int16"),
        (8, 0, 10, "int16"),
        (12, 1, 0, "int16"),
    ],
)
def test_whole_intercepts_keep_whole_numbers(bits, signed, intercept, dtype):
    low, high = (-(1 << bits - 1) if signed else 0), (1 << bits - signed) - 1
    stored = np.array([[low, 0, high]], "i2" if signed else "u2")
    made = image(
        stored, BitsStored=bits, HighBit=bits - 1, RescaleSlope=1, RescaleIntercept=intercept
    )
    found = values(made)
    assert found.dtype == dtype
    assert found[0].tolist() == [[low + intercept, intercept, high + intercept]]


def test_bits_that_are_not_stored_are_left_out():
    stored = np.array([[0xF123, 0x0FFF]], np.uint16)
    assert values(image(stored, BitsStored=12, HighBit=11))[0].tolist() == [[0x123, 0xFFF]]
    signed = image(stored.view(np.int16), BitsStored=12, HighBit=11)
    assert values(signed)[0].tolist() == [[0x123, -1]]


def test_each_slice_has_its_slope():
    stored = np.full((3, 2, 2), 100, np.uint16)
    made = slices(stored)
    for number, one in enumerate(made):
        one.RescaleSlope, one.RescaleIntercept = 0.5 + number, 0
    found = values(*made)
    assert found.dtype == np.float32
    assert found[:, 0, 0].tolist() == [50, 150, 250]


def test_each_frame_has_its_slope():
    made = multiframe(np.full((2, 2, 2), 10, np.int16), [1, 0])
    for number, one in enumerate(made.PerFrameFunctionalGroupsSequence):
        one.PixelValueTransformationSequence = [item(RescaleSlope=number + 2, RescaleIntercept=1)]
    assert values(made)[:, 0, 0].tolist() == [21, 31]


def test_wide_values_with_a_slope_keep_their_digits():
    found = values(image(np.array([[2**31 - 1]], np.int32), RescaleSlope=0.5, RescaleIntercept=0))
    assert (found.dtype, found[0, 0, 0]) == (np.float64, (2**31 - 1) / 2)


def test_a_table_of_values():
    table = item(LUTDescriptor=[4, 0, 16], ModalityLUTType="US", LUTData=[0, 500, 1000, 60000])
    found = values(image(np.array([[0, 1, 3]], np.uint8), ModalityLUTSequence=[table]))
    assert found.dtype == np.uint16
    assert found[0].tolist() == [[0, 500, 60000]]


def test_a_slope_of_zero_is_refused():
    with pytest.raises(SegbenchError, match="rescale slope 0"):
        values(image(np.ones((2, 2), np.uint8), RescaleSlope=0, RescaleIntercept=1))


def test_floats():
    made = image(np.zeros((2, 2), np.uint8))
    made.FloatPixelData = np.array([[0.5, -1], [2, 3e5]], np.float32).tobytes()
    made.BitsAllocated = 32
    for keyword in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(made, keyword)
    found = values(made)
    assert (found.dtype, found[0].tolist()) == (np.float32, [[0.5, -1], [2, 3e5]])


def test_one_bit(tmp_path):
    made = image(np.zeros((2, 4), np.uint8), BitsAllocated=1, BitsStored=1, HighBit=0)
    made.PixelData = bytes([0b00010110, 0])
    found = read(save(tmp_path, [made]))
    assert found.header.dtype == bool
    assert found.pixels.tolist() == [[False, True, True, False], [True, False, False, False]]


def palette(*entries):
    names = ("Red", "Green", "Blue")
    return {
        **{f"{name}PaletteColorLookupTableDescriptor": [256, 0, 16] for name in names},
        **{
            f"{name}PaletteColorLookupTableData": np.array(
                [*(entry[n] for entry in entries), *[0] * (256 - len(entries))], "<u2"
            ).tobytes()
            for n, name in enumerate(names)
        },
        "PhotometricInterpretation": "PALETTE COLOR",
    }


def test_a_palette_gives_indices_and_colours(tmp_path):
    stored = np.array([[0, 1], [1, 2]], np.uint8)
    made = image(stored, **palette((0, 0, 0), (65535, 0, 257), (0, 514, 0)))
    found = read(save(tmp_path, [made]))
    np.testing.assert_array_equal(found.pixels, stored)
    assert found.palette[:3].tolist() == [[0, 0, 0], [255, 0, 1], [0, 2, 0]]
    assert palette_of(PATH, image(stored)) is None


def test_a_palette_of_sixteen_bits_is_refused():
    made = image(np.zeros((2, 2), np.uint8), **palette((0, 0, 0), (1000, 0, 77)))
    with pytest.raises(SegbenchError, match="colours of 16 bits"):
        palette_of(PATH, made)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"TotalPixelMatrixRows": 200, "TotalPixelMatrixColumns": 300},
         r"a slide in tiles \(200 x 300 pixels\)"),
        ({"ConcatenationUID": "1.2.3"}, "part of an image in several files"),
        ({"BitsStored": 6}, r"values begin at bit 2 \(HighBit 7, BitsStored 6\)"),
        ({"SamplesPerPixel": 4}, "4 samples a pixel"),
    ],
)  # fmt: skip
def test_what_is_no_plain_image_is_named(tmp_path, fields, what):
    path = save(tmp_path, [image(np.zeros((2, 2), np.uint8), **fields)])
    with pytest.raises(SegbenchError, match=what):
        header_of(path)


def test_a_slope_without_an_intercept_is_applied():
    assert values(image(np.array([[2, 3]], np.uint8), RescaleSlope=0.5))[0].tolist() == [[1, 1.5]]
