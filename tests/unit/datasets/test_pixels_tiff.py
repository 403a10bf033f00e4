"""TIFF files and pictures in colour."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from segbench.datasets.pixels import picture_size, read_binary, read_colour, read_tiff
from segbench.errors import SegbenchError
from unit.datasets.helpers import write_picture

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 17), dtype=np.uint8)
RGB = RNG.integers(0, 256, (12, 17, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("pixels", "options", "axes"),
    [
        (GREY, {}, "yx"),
        (GREY.astype(np.uint16) * 257, {}, "yx"),
        (GREY.astype(np.float32) / 3, {}, "yx"),
        (RGB, {"photometric": "rgb"}, "yxc"),
        (RGB, {"photometric": "rgb", "compression": "zlib"}, "yxc"),
        (RGB, {"photometric": "rgb", "tile": (16, 16)}, "yxc"),
        (np.stack([GREY] * 5), {"photometric": "minisblack"}, "zyx"),
        (np.stack([RGB] * 5), {"photometric": "rgb"}, "zyxc"),
        (np.stack([GREY] * 5), {"photometric": "minisblack", "metadata": {"axes": "ZYX"}}, "zyx"),
    ],
    ids=["grey", "16 bit", "float", "rgb", "deflated", "tiled", "pages", "rgb pages", "imagej"],
)
def test_tiff_files_come_back_as_they_were(tmp_path, pixels, options, axes):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, **options)
    found, said = read_tiff(path)
    assert said == axes
    assert found.dtype == pixels.dtype
    assert np.array_equal(found, pixels)
    assert found.flags.c_contiguous


def test_channels_that_are_stored_apart_come_last(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.moveaxis(RGB, -1, 0), photometric="rgb", planarconfig="separate")
    found, axes = read_tiff(path)
    assert axes == "yxc"
    assert np.array_equal(found, RGB)


def test_channels_of_ome_come_last(tmp_path):
    path = tmp_path / "a.ome.tif"
    stack = np.stack([GREY, 255 - GREY])
    tifffile.imwrite(path, stack, photometric="minisblack", metadata={"axes": "CYX"})
    found, axes = read_tiff(path)
    assert axes == "yxc"
    assert np.array_equal(found, np.moveaxis(stack, 0, -1))


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "jpeg"])
def test_other_compressions_are_read_by_pillow(tmp_path, compression):
    path = tmp_path / "a.tif"
    Image.fromarray(RGB).save(path, compression=compression)
    with Image.open(path) as image:
        expected = np.asarray(image)
    found, axes = read_tiff(path)
    assert axes == "yxc"
    assert np.array_equal(found, expected)


def test_one_bit_tiff_is_bool(tmp_path):
    found, axes = read_tiff(write_picture(tmp_path / "a.tif", GREY > 99))
    assert (found.dtype, axes) == (bool, "yx")
    assert np.array_equal(found, GREY > 99)


def test_time_points_are_refused(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, np.zeros((2, 3, 4, 9, 8), np.uint8), imagej=True, metadata={"axes": "TZCYX"}
    )
    with pytest.raises(SegbenchError, match=r"a\.tif: a TIFF file with the axes TZCYX"):
        read_tiff(path)


def test_pages_of_a_compression_that_pillow_alone_reads_are_refused(tmp_path):
    path = tmp_path / "a.tif"
    pages = [Image.fromarray(GREY) for _ in range(3)]
    pages[0].save(path, compression="tiff_lzw", save_all=True, append_images=pages[1:])
    with pytest.raises(SegbenchError, match=r"a\.tif: pages with the compression LZW"):
        read_tiff(path)


def test_absent_and_empty_files_are_named(tmp_path):
    with pytest.raises(SegbenchError, match=r"gone\.tif: there is no such file"):
        read_tiff(tmp_path / "gone.tif")
    (tmp_path / "a.tif").write_bytes(b"")
    with pytest.raises(SegbenchError, match=r"a\.tif: cannot be decoded"):
        read_tiff(tmp_path / "a.tif")


@pytest.fixture(scope="module")
def tiff(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("tiff") / "a.tif"
    tifffile.imwrite(path, RGB, photometric="rgb")
    return path.read_bytes()


@given(st.data())
def test_no_truncated_tiff_passes(tiff, tmp_path_factory, data):
    length = data.draw(st.integers(0, len(tiff) - 1))
    path = tmp_path_factory.mktemp("cut") / "a.tif"
    path.write_bytes(tiff[:length])
    with pytest.raises(SegbenchError, match=r"a\.tif"):
        read_tiff(path)


@given(st.data())
def test_a_damaged_head_is_an_error_or_another_picture_never_a_crash(tiff, tmp_path_factory, data):
    position = data.draw(st.integers(0, 350))
    broken = bytearray(tiff)
    broken[position] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path_factory.mktemp("flip") / "a.tif"
    path.write_bytes(broken)
    try:
        found, _ = read_tiff(path)
    except SegbenchError as error:
        assert "a.tif" in error.what
    else:
        assert found.size


def test_colour_of_every_kind(tmp_path):
    opaque = np.dstack([RGB, np.full(GREY.shape, 255, np.uint8)])
    for name, pixels in (("rgb.png", RGB), ("rgb.tif", RGB), ("rgba.png", opaque)):
        assert np.array_equal(read_colour(write_picture(tmp_path / name, pixels)), RGB), name
    grey = read_colour(write_picture(tmp_path / "grey.tiff", GREY))
    assert np.array_equal(grey, np.dstack([GREY] * 3))
    smooth = np.tile(np.arange(16, dtype=np.uint8)[:, None, None] * 8, (1, 16, 3))
    photo = read_colour(write_picture(tmp_path / "photo.jpg", smooth))
    assert np.abs(photo.astype(int) - smooth).max() <= 4


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (GREY.astype(np.uint16), "uint16 pixels, 12 x 17"),
        (np.dstack([RGB, GREY]), "parts of the picture are transparent"),
    ],
)
def test_colour_without_a_meaning_is_refused(tmp_path, pixels, message):
    path = write_picture(tmp_path / "a.png", pixels)
    with pytest.raises(SegbenchError) as error:
        read_colour(path)
    assert error.value.what == f"{path}: {message}"


def test_stacks_are_no_picture_in_colour(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.stack([GREY] * 5), photometric="minisblack")
    with pytest.raises(SegbenchError, match="uint8 pixels, 5 x 12 x 17"):
        read_colour(tmp_path / "a.tif")


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.jpg"])
def test_size_from_the_head(tmp_path, name):
    assert picture_size(write_picture(tmp_path / name, GREY)) == (12, 17)


def test_tiff_masks(tmp_path):
    path = tmp_path / "m.tiff"
    tifffile.imwrite(path, np.where(GREY > 99, np.uint8(255), np.uint8(0)), compression="zlib")
    assert np.array_equal(read_binary(path), GREY > 99)


def test_an_image_of_published_size_is_read_whole(tmp_path):
    path = tmp_path / "a.tiff"
    pixels = np.tile(RGB, (250, 177, 1))[:3000, :3000]
    tifffile.imwrite(path, pixels, photometric="rgb")
    assert np.array_equal(read_colour(path), pixels)
