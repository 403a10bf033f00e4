"""Axes are those that the file says, or the user; rows and columns are upright."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from segbench.decoders.decoder import Choices
from unit.decoders.tiffs import GREY, RGB, STACK, refusal, taken

CELLS = np.random.default_rng(1).integers(0, 999, (6, 2, 12, 17)).astype(np.uint16)


@pytest.mark.parametrize("ome", [False, True], ids=["imagej", "ome"])
@pytest.mark.parametrize("channels", [2, 3, 4, 5, 7])
def test_channels_are_told_by_the_file_not_by_their_number(tmp_path, channels, ome):
    pixels = np.random.default_rng(2).integers(0, 999, (channels, 12, 17)).astype(np.uint16)
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, imagej=not ome, ome=ome, metadata={"axes": "CYX"},
        photometric="minisblack",
    )  # fmt: skip
    header, found = taken(tmp_path / "a.tif")
    assert (header.axes, header.alpha, header.colour) == ("yxc", False, False)
    assert np.array_equal(found, np.moveaxis(pixels, 0, -1))


@pytest.mark.parametrize("slices", [2, 3, 4])
def test_few_slices_are_no_channels(tmp_path, slices):
    tifffile.imwrite(tmp_path / "a.tif", STACK[:slices], photometric="minisblack", metadata=None)
    header, found = taken(tmp_path / "a.tif")
    assert header.axes == "zyx"
    assert np.array_equal(found, STACK[:slices])


def test_slices_of_channels(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", CELLS, imagej=True, metadata={"axes": "ZCYX"})
    header, found = taken(tmp_path / "a.tif")
    assert header.axes == "zyxc"
    assert np.array_equal(found, np.moveaxis(CELLS, 1, -1))


@pytest.mark.parametrize("axes", ["YXS", "ZYXS"])
def test_colours_of_imagej(tmp_path, axes):
    pixels = RGB if axes == "YXS" else np.stack([RGB, 255 - RGB])
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, metadata={"axes": axes})
    header, found = taken(tmp_path / "a.tif")
    assert (header.axes, header.colour) == (axes.lower().replace("s", "c"), True)
    assert np.array_equal(found, pixels)


def test_pages_of_colours_that_are_stored_apart(tmp_path):
    pixels = np.stack([RGB, 255 - RGB])
    tifffile.imwrite(
        tmp_path / "a.tif", np.moveaxis(pixels, -1, 1), photometric="rgb", planarconfig="separate",
        metadata=None, compression="zlib",
    )  # fmt: skip
    header, found = taken(tmp_path / "a.tif")
    assert (header.axes, header.colour) == ("zyxc", True)
    assert np.array_equal(found, pixels)


def test_time_points_are_refused_with_the_key_that_helps(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK, imagej=True, metadata={"axes": "TYX"})
    error = refusal(tmp_path / "a.tif")
    assert "a.tif: has the axes TYX (5 x 12 x 17)" in error.what
    assert "layout: {axes: ...}" in error.action
    header, found = taken(tmp_path / "a.tif", Choices(axes="zyx"))
    assert header.axes == "zyx"
    assert np.array_equal(found, STACK)


def test_channels_in_pages_and_samples_are_refused(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", np.stack([RGB, RGB]), photometric="rgb", metadata={"axes": "CYXS"}
    )
    assert "has the axes CYXS (2 x 12 x 17 x 3)" in refusal(tmp_path / "a.tif").what


@pytest.mark.parametrize("axes", ["zyx", "cyx", "yxz", "xyc"])
def test_axes_of_the_user_count(tmp_path, axes):
    tifffile.imwrite(tmp_path / "a.tif", STACK, photometric="minisblack")
    header, found = taken(tmp_path / "a.tif", Choices(axes=axes))
    order = [axes.index(axis) for axis in "zyxc" if axis in axes]
    assert header.axes == "".join(axes[place] for place in order)
    assert np.array_equal(found, STACK.transpose(order))


def test_axes_of_the_user_leave_out_those_of_length_one(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        STACK[None, :, None],
        photometric="minisblack",
        metadata={"axes": "TQCYX"},
    )
    assert np.array_equal(
        taken(tmp_path / "a.tif", Choices(axes="cyx"))[1], np.moveaxis(STACK, 0, -1)
    )
    error = refusal(tmp_path / "a.tif", Choices(axes="yx"))
    assert "has the 3 axes QYX (5 x 12 x 17), and `layout.axes` names 2 (yx)" in error.what


def test_one_slice_may_be_called_a_volume(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[:1], photometric="minisblack")
    assert taken(tmp_path / "a.tif")[0].axes == "yx"
    assert taken(tmp_path / "a.tif", Choices(axes="zyx"))[0].shape == (1, 12, 17)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_orientation_is_applied_as_pillow_does(tmp_path, orientation, tile):
    tifffile.imwrite(
        tmp_path / "a.tif", RGB, photometric="rgb", tile=tile, resolution=(20000, 10000),
        resolutionunit="CENTIMETER", extratags=[(274, "H", 1, orientation, True)],
    )  # fmt: skip
    with Image.open(tmp_path / "a.tif") as image:
        wanted = np.asarray(ImageOps.exif_transpose(image))
    header, found = taken(tmp_path / "a.tif")
    assert np.array_equal(found, wanted)
    assert header.size == wanted.shape[:2]
    assert header.spacing_mm == ((0.0005, 0.001) if orientation > 4 else (0.001, 0.0005))


def test_an_orientation_that_does_not_exist_is_none(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, extratags=[(274, "H", 1, 0, True)])
    assert np.array_equal(taken(tmp_path / "a.tif")[1], GREY)
