"""Compressed DICOM pixels, and damaged ones."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import SimpleITK
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.pixels.utils import compress
from pydicom.uid import (
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from segbench.decoders.dicom_codecs import decompressed
from segbench.decoders.registry import header_of, read
from segbench.errors import SegbenchError
from unit.decoders.dicom_samples import image, multiframe, save

PATH = Path("p1/a.dcm")


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless, JPEGLosslessSV1])
def test_lossless_compression(tmp_path, syntax, dtype):
    stored = np.random.default_rng(1).integers(0, 120, (40, 30)).astype(dtype)
    made = image(stored)
    if syntax == RLELossless:
        compress(made, syntax, encoding_plugin="pydicom")
    else:
        encoders = {
            JPEG2000Lossless: partial(imagecodecs.jpeg2k_encode, level=0, codecformat="j2k"),
            JPEGLSLossless: imagecodecs.jpegls_encode,
            JPEGLosslessSV1: imagecodecs.ljpeg_encode,
        }
        unsigned = stored if syntax == JPEG2000Lossless else stored.view(f"u{stored.itemsize}")
        put_compressed(made, syntax, encoders[syntax](unsigned))
    np.testing.assert_array_equal(read(save(tmp_path, [made])).pixels, stored)


def put_compressed(dataset, syntax, *frames):
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate(list(frames))
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True


@pytest.mark.parametrize(
    "name",
    ["MR_small_RLE", "MR_small_jp2klossless", "MR_small_jpeg_ls_lossless", "MR_small_bigendian",
     "MR_small_implicit", "MR_small_expb", "MR_small_padded"],
)  # fmt: skip
def test_files_of_other_programs_hold_the_same_picture(name):
    expected = dcmread(get_testdata_file("MR_small.dcm"))
    stored = np.frombuffer(expected.PixelData, "<i2").reshape(64, 64)
    found = dcmread(get_testdata_file(f"{name}.dcm"))
    np.testing.assert_array_equal(decompressed(PATH, found), stored)


@pytest.mark.parametrize(
    "name",
    ["SC_rgb_dcmtk_+eb+cr", "SC_rgb_jpeg_dcmtk", "SC_rgb_jpeg_gdcm", "SC_rgb_gdcm_KY",
     "SC_ybr_full_422_uncompressed", "SC_rgb_rle"],
)  # fmt: skip
def test_colours_are_red_green_and_blue(name):
    found = decompressed(PATH, dcmread(get_testdata_file(f"{name}.dcm")))
    expected = [(255, 0, 0), (255, 128, 128), (0, 255, 0), (128, 255, 128), (0, 0, 255)]
    for number, colour in enumerate(expected):
        assert np.abs(found[5 + 10 * number, 50].astype(int) - colour).max() <= 5  # some are lossy


@pytest.mark.parametrize("name", ["JPGExtended", "JPEG-lossy"])
def test_jpeg_of_twelve_bits_is_what_simpleitk_reads(name):
    path = get_testdata_file(f"{name}.dcm")
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(path)
    theirs = SimpleITK.GetArrayFromImage(reader.Execute())[0]
    np.testing.assert_array_equal(decompressed(PATH, dcmread(path)), theirs)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
@pytest.mark.parametrize("syntax", [HTJ2KLossless, HTJ2KLosslessRPCL])
def test_high_throughput_jpeg_2000(tmp_path, syntax, dtype):
    stored = (np.random.default_rng(1).integers(0, 120, (2, 40, 30)) - 60).astype(dtype)
    made = multiframe(stored, [0, 1])
    put_compressed(made, syntax, *(imagecodecs.htj2k_encode(one) for one in stored))
    np.testing.assert_array_equal(read(save(tmp_path, [made])).pixels, stored)
    one = image(stored[0])
    put_compressed(one, syntax, imagecodecs.htj2k_encode(stored[0]))
    np.testing.assert_array_equal(decompressed(PATH, one), stored[0])


def test_what_no_package_decompresses_is_named(tmp_path):
    made = image(np.zeros((2, 2), np.uint8))
    put_compressed(made, "1.2.840.10008.1.2.4.102", b"film")
    with pytest.raises(SegbenchError, match=r"compressed as MPEG-4 AVC/H.264 High Profile"):
        header_of(save(tmp_path, [made]))


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (JPEG2000Lossless, partial(imagecodecs.jpeg2k_encode, level=0, codecformat="j2k")),
        (JPEGLosslessSV1, imagecodecs.ljpeg_encode),
        (JPEGLSLossless, imagecodecs.jpegls_encode),
        (HTJ2KLossless, imagecodecs.htj2k_encode),
    ],
)
def test_damaged_pixels_are_named(tmp_path, syntax, encode):
    """GDCM ended the process on some of these."""
    data = bytes(encode(np.random.default_rng(0).integers(0, 4000, (20, 20), np.uint16)))
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(30):
        made, broken = image(np.zeros((20, 20), np.uint16)), bytearray(data)
        for place in rng.integers(0, len(data), 5):
            broken[place] = rng.integers(256)
        put_compressed(made, syntax, bytes(broken))
        try:
            read(save(tmp_path, [made]))
        except SegbenchError as error:
            refused += 1
            assert "IM1.dcm: " in str(error)
    assert refused > 0


def test_pixels_cut_short(tmp_path):
    made = image(np.zeros((20, 20), np.uint16))
    made.PixelData = made.PixelData[:-100]
    with pytest.raises(SegbenchError, match=r"IM1.dcm: cannot be decoded"):
        read(save(tmp_path, [made]))


def test_frames_cut_short(tmp_path):
    made = multiframe(np.zeros((3, 20, 20), np.uint16), [0, 1, 2])
    made.PixelData = made.PixelData[:-100]
    with pytest.raises(SegbenchError, match=r"IM1.dcm: cannot be decoded"):
        read(save(tmp_path, [made]))


def test_pixels_that_are_not_there(tmp_path):
    made = image(np.zeros((20, 20), np.uint16))
    del made.PixelData
    with pytest.raises(SegbenchError, match=r"IM1.dcm: cannot be decoded"):
        read(save(tmp_path, [made]))
