"""TIFF files give the arrays that were written, whatever their storage."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from segbench.decoders.decoder import Choices
from segbench.decoders.registry import decoder_of
from segbench.decoders.tiff import DECODER
from segbench.errors import SegbenchError
from unit.decoders.tiffs import GREY, PLAIN, RGB, STACK, refusal, taken

ORDERS = {
    "plain": ["YX", "YXS", "SYX", "IYX", "IYXS"],
    "shaped": ["YX", "ZYX", "CYX", "ZCYX", "CZYX", "YXC", "ZYXC"],
    "imagej": ["YX", "ZYX", "CYX", "ZCYX", "TZCYX"],
    "ome": ["YX", "ZYX", "CYX", "ZCYX", "CZYX", "TCZYX"],
}
#: Types that a description allows.
HELD = {"imagej": ["u1", "u2", "f4"], "ome": ["?", "u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"]}
LOSSLESS = [None, "zlib", "lzw", "packbits", "zstd", "lzma"]
DTYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]


@st.composite
def files(draw):
    """Kind, axes, pixels, and options of a file."""
    kind = draw(st.sampled_from(sorted(ORDERS)))
    axes = draw(st.sampled_from(ORDERS[kind]))
    sides = [1 if axis == "T" else draw(st.integers(2, 40)) for axis in axes]
    dtype = draw(st.sampled_from(HELD.get(kind, DTYPES)))
    if dtype == "?" and "S" in axes:
        dtype = "u1"
    options = {"compression": draw(st.sampled_from(LOSSLESS)), "photometric": "minisblack"}
    if dtype != "?":
        options["byteorder"] = draw(st.sampled_from("<>")) if kind != "imagej" else ">"
        if options["compression"] in {"zlib", "lzw", "zstd"} and dtype not in {"f2", "i8", "u8"}:
            options["predictor"] = draw(st.booleans())
    if draw(st.booleans()):
        options["tile"] = (16, 16 * draw(st.integers(1, 2)))
    elif options["compression"]:
        options["rowsperstrip"] = draw(st.integers(1, 40))
    if kind != "imagej":
        options["bigtiff"] = draw(st.booleans())
    options |= {"metadata": {"axes": axes}, "imagej": kind == "imagej", "ome": kind == "ome"}
    if kind == "plain":
        options |= {"metadata": None, "imagej": False, "ome": False}
    if "S" in axes:
        options["planarconfig"] = "separate" if axes.startswith("S") else "contig"
    seed = draw(st.integers(0, 2**32 - 1))
    pixels = np.random.default_rng(seed).integers(0, 120, sides)
    return kind, axes, (pixels > 60 if dtype == "?" else pixels.astype(dtype)), options


def expected(axes, pixels):
    """The array on the axes that are handed on."""
    names = axes.translate(str.maketrans("SICZYX", "czczyx"))
    if names.startswith("t"):
        pixels, names = pixels[0], names[1:]
    names = names.lower()
    if "t" in names:
        pixels, names = pixels.squeeze(names.index("t")), names.replace("t", "")
    order = [names.index(axis) for axis in "zyxc" if axis in names]
    return pixels.transpose(order)


@settings(max_examples=80)
@given(files())
def test_every_array_comes_back_as_it_was(drawn):
    kind, axes, pixels, options = drawn
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("a.ome.tif" if kind == "ome" else "a.tif")
        tifffile.imwrite(path, pixels, **options)
        header, found = taken(path)
    wanted = expected(axes, pixels)
    assert header.axes == "".join(a for a in "zyxc" if a in header.axes)
    assert len(header.axes) == wanted.ndim
    assert found.dtype == pixels.dtype
    assert np.array_equal(found, wanted)


@pytest.mark.parametrize("bits", [2, 3, 4, 12])
def test_few_bits_are_the_stored_numbers(tmp_path, bits):
    pixels = (np.arange(12 * 16).reshape(12, 16) % 2**bits).astype("u1" if bits < 9 else "u2")
    tifffile.imwrite(tmp_path / "a.tif", pixels, bitspersample=bits)
    assert np.array_equal(taken(tmp_path / "a.tif")[1], pixels)


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "jpeg"])
@pytest.mark.parametrize("pixels", [GREY, RGB], ids=["grey", "rgb"])
def test_pillow_gives_the_same(tmp_path, compression, pixels):
    path = tmp_path / "a.tif"
    Image.fromarray(pixels).save(path, compression=compression)
    with Image.open(path) as image:
        assert np.array_equal(taken(path)[1], np.asarray(image))


@pytest.mark.parametrize("compression", ["group3", "group4", "raw", "tiff_ccitt"])
def test_one_bit_is_bool(tmp_path, compression):
    path = tmp_path / "a.tif"
    Image.fromarray(GREY > 99).save(path, compression=compression)
    header, found = taken(path)
    assert (header.dtype, header.axes) == (bool, "yx")
    assert np.array_equal(found, GREY > 99)


def test_opencv_gives_the_same_at_16_bits(tmp_path):
    pixels = STACK[:3].transpose(1, 2, 0)
    cv2.imwrite(str(tmp_path / "a.tif"), pixels[..., ::-1])
    header, found = taken(tmp_path / "a.tif")
    assert (header.axes, header.colour, header.dtype) == ("yxc", True, np.uint16)
    assert np.array_equal(found, pixels)
    assert np.array_equal(cv2.imread(str(tmp_path / "a.tif"), -1)[..., ::-1], found)


@pytest.mark.parametrize("compression", ["webp", "jpeg2000", "lerc", "jpegxl"])
def test_compressions_of_pictures(tmp_path, compression):
    args = {"compressionargs": {"lossless": True}} if compression in {"webp", "jpegxl"} else {}
    tifffile.imwrite(
        tmp_path / "a.tif", RGB, photometric="rgb", compression=compression, tile=(16, 16), **args
    )
    assert np.array_equal(taken(tmp_path / "a.tif")[1], RGB)


def test_jpeg_with_coarse_colours_in_tiles_is_rgb(tmp_path):
    smooth = np.dstack(
        [np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8) + n for n in (0, 60, 120)]
    )
    tifffile.imwrite(
        tmp_path / "a.tif", smooth, photometric="rgb", compression="jpeg", subsampling=(2, 2),
        tile=(32, 32), compressionargs={"level": 95},
    )  # fmt: skip
    header, found = taken(tmp_path / "a.tif")
    assert header.colour
    assert np.abs(found.astype(int) - smooth).max() < 12


@pytest.mark.parametrize("level", [0, 1, 2])
def test_levels_of_a_pyramid(tmp_path, level):
    pixels = np.random.default_rng(1).integers(0, 255, (64, 90, 3), np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        options = {"photometric": "rgb", "tile": (16, 16), "compression": "zlib"}
        writer.write(
            pixels, subifds=2, resolution=(20000, 20000), resolutionunit="CENTIMETER", **options
        )
        writer.write(pixels[::2, ::2], subfiletype=1, **options)
        writer.write(pixels[::4, ::4], subfiletype=1, **options)
    header, found = taken(tmp_path / "a.tif", Choices(level=level))
    assert np.array_equal(found, pixels[:: 2**level, :: 2**level])
    assert header.spacing_mm == pytest.approx((0.0005 * 2**level,) * 2)


@pytest.mark.parametrize("axes", ["CYX", "ZYX", "YXS"])
def test_levels_of_an_ome_pyramid(tmp_path, axes):
    pixels = np.random.default_rng(1).integers(0, 255, (3, 64, 90), np.uint8)
    half = pixels[:, ::2, ::2]
    if axes == "YXS":
        pixels, half = np.moveaxis(pixels, 0, -1), np.moveaxis(half, 0, -1)
    options = {"photometric": "rgb" if axes == "YXS" else "minisblack", "tile": (16, 16)}
    sizes = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25, "PhysicalSizeZ": 2.0}
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as writer:
        writer.write(pixels, subifds=1, metadata={"axes": axes, **sizes}, **options)
        writer.write(half, subfiletype=1, **options)
    header, found = taken(tmp_path / "a.ome.tif", Choices(level=1))
    assert header.axes == {"CYX": "yxc", "ZYX": "zyx", "YXS": "yxc"}[axes]
    assert np.array_equal(found, np.moveaxis(half, 0, -1) if axes == "CYX" else half)
    assert header.spacing_mm == ((0.002,) if axes == "ZYX" else ()) + (0.0005, 0.001)


def test_a_level_that_is_not_there_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb")
    error = refusal(tmp_path / "a.tif", Choices(level=1))
    assert "has 1 level(s), and level 1 was asked for" in error.what
    assert "layout.level" in error.action


def test_absent_and_empty_files_are_named(tmp_path):
    assert "gone.tif: there is no such file" in refusal(tmp_path / "gone.tif").what
    (tmp_path / "a.tif").write_bytes(b"")
    assert "a.tif: cannot be decoded" in refusal(tmp_path / "a.tif").what


@pytest.fixture(scope="module", params=["plain", "tiles", "imagej", "ome", "lzw"])
def tiff(request, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("tiff") / "a.tif"
    options = {
        "plain": {}, "tiles": {"tile": (16, 16), "compression": "zlib"},
        "imagej": {"imagej": True, "metadata": {"axes": "ZYX"}}, "ome": {"ome": True},
        "lzw": {"compression": "lzw", "rowsperstrip": 4},
    }[request.param]  # fmt: skip
    tifffile.imwrite(path, STACK[:3], photometric="minisblack", **options)
    return path.read_bytes()


@settings(max_examples=40)
@given(st.data())
def test_no_truncated_file_passes(tiff, data):
    length = data.draw(st.integers(0, len(tiff) - 1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tif"
        path.write_bytes(tiff[:length])
        try:
            found = DECODER.read(path, PLAIN).pixels
        except SegbenchError as error:
            assert "a.tif" in error.what
        else:  # what was cut off is no pixel
            assert np.array_equal(found, STACK[:3])


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_head_is_an_error_or_another_picture_never_a_crash(tiff, data):
    broken = bytearray(tiff)
    broken[data.draw(st.integers(0, min(500, len(tiff) - 1)))] ^= 1 << data.draw(st.integers(0, 7))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tif"
        path.write_bytes(broken)
        try:
            found = DECODER.read(path, PLAIN).pixels
        except SegbenchError as error:
            assert "a.tif" in error.what
        else:
            assert found.size


def test_slides_have_this_decoder():
    for name in ("a.svs", "a.TIF", "a.btf"):
        assert decoder_of(Path(name)) is DECODER
