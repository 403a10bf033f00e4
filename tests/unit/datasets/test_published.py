"""Pictures in colour and masks of two values."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from segbench.datasets.published import picture_size, read_binary, read_colour
from segbench.errors import SegbenchError
from unit.datasets.helpers import write_picture

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 17), dtype=np.uint8)
RGB = RNG.integers(0, 256, (12, 17, 3), dtype=np.uint8)


@pytest.mark.parametrize("top", [1, 255])
@pytest.mark.parametrize("name", ["m.png", "m.tif"])
def test_masks_of_two_values(tmp_path, name, top):
    path = write_picture(tmp_path / name, (GREY > 99).astype(np.uint8) * np.uint8(top))
    assert np.array_equal(read_binary(path), GREY > 99)


def test_one_bit_masks_are_booleans_and_not_0_255(tmp_path):
    mask = read_binary(write_picture(tmp_path / "m.png", GREY > 99))
    assert mask.dtype == bool
    assert np.array_equal(mask, GREY > 99)


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.array([[0, 128, 255]], np.uint8), "holds the values 0 (1 px), 128 (1 px), 255 (1 px)"),
        (np.array([[0, 7]], np.uint8), "holds the values 0 (1 px), 7 (1 px)"),
        (RGB, "the mask is in colour (204 colours"),
    ],
)
def test_masks_of_other_values_are_refused(tmp_path, pixels, message):
    path = write_picture(tmp_path / "m.png", pixels)
    with pytest.raises(SegbenchError) as error:
        read_binary(path)
    assert error.value.what.startswith(f"{path}: {message}")


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
        (GREY.astype(np.uint16), "uint16 pixels, 12 x 17 x 1"),
        (np.dstack([RGB, GREY]), "has an alpha channel, and "),
    ],
)
def test_colour_without_a_meaning_is_refused(tmp_path, pixels, message):
    path = write_picture(tmp_path / "a.png", pixels)
    with pytest.raises(SegbenchError) as error:
        read_colour(path)
    assert error.value.what.startswith(f"{path}: {message}")


def test_stacks_are_no_picture_in_colour(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.stack([GREY] * 5), photometric="minisblack")
    with pytest.raises(SegbenchError, match="uint8 pixels, 5 x 12 x 17"):
        read_colour(path)
    with pytest.raises(SegbenchError, match=r"a\.tif: 5 x 12 x 17 voxels"):
        picture_size(path)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.jpg"])
def test_size_from_the_header(tmp_path, name):
    assert picture_size(write_picture(tmp_path / name, GREY)) == (12, 17)


def test_an_image_of_published_size_is_read_whole(tmp_path):
    path = tmp_path / "a.tiff"
    pixels = np.tile(RGB, (250, 177, 1))[:3000, :3000]
    tifffile.imwrite(path, pixels, photometric="rgb")
    assert np.array_equal(read_colour(path), pixels)
