"""Sizes of pixels as OME, ImageJ and the resolution tags give them."""

from __future__ import annotations

import pytest
import tifffile

from segbench.decoders.tiff_grid import millimetres, number
from unit.decoders.tiffs import GREY, STACK, taken

PER_PIXEL = (1 / 0.325, 1 / 0.65)


def imagej(tmp_path, pixels=STACK, resolution=PER_PIXEL, **said):
    axes = {"axes": "ZYX"[-pixels.ndim :]}
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, imagej=True, resolution=resolution, metadata=axes | said
    )
    return taken(tmp_path / "a.tif")[0]


@pytest.mark.parametrize(
    ("unit", "scale"),
    [("um", 1e-3), ("micron", 1e-3), ("µm", 1e-3), ("\\u00B5m", 1e-3), ("microns", 1e-3),
     ("nm", 1e-6), ("mm", 1.0), ("cm", 10.0), ("m", 1e3)],
)  # fmt: skip
def test_units_of_imagej(tmp_path, unit, scale):
    if unit == "µm":  # ImageJ's older versions write Latin-1
        imagej(tmp_path, unit="XXm", spacing=2.5)
        data = (tmp_path / "a.tif").read_bytes().replace(b"unit=XXm", b"unit= \xb5m")
        (tmp_path / "a.tif").write_bytes(data)
        found = taken(tmp_path / "a.tif")[0].spacing_mm
    else:
        found = imagej(tmp_path, unit=unit, spacing=2.5).spacing_mm
    assert found == pytest.approx((2.5 * scale, 0.65 * scale, 0.325 * scale), rel=1e-5)


@pytest.mark.parametrize("unit", ["", "pixel"])
def test_pixels_are_no_length(tmp_path, unit):
    header = imagej(tmp_path, unit=unit, spacing=2.0)
    assert (header.spacing_mm, header.notes) == (None, ())


@pytest.mark.parametrize("unit", ["inch", "furlong"])
def test_other_units_of_imagej_are_told_and_not_taken(tmp_path, unit):
    header = imagej(tmp_path, unit=unit)
    assert header.spacing_mm is None
    assert header.notes == (f"counts pixels in the unit '{unit}': it is not taken",)


def test_a_stack_of_imagej_without_a_distance_has_one_unit_and_it_is_told(tmp_path):
    header = imagej(tmp_path, unit="um")
    assert header.spacing_mm == (0.001, 0.00065, 0.000325)
    assert header.notes == ("gives no distance of slices; ImageJ takes 1 um for it",)


def test_a_picture_of_imagej_needs_no_distance(tmp_path):
    header = imagej(tmp_path, GREY, unit="um")
    assert (header.spacing_mm, header.notes) == ((0.00065, 0.000325), ())


def test_units_of_ome(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", STACK, ome=True, photometric="minisblack",
        metadata={
            "axes": "ZYX", "PhysicalSizeX": 325, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.65,
            "PhysicalSizeZ": 0.0025, "PhysicalSizeZUnit": "mm",
        },
    )  # fmt: skip
    assert taken(tmp_path / "a.tif")[0].spacing_mm == (0.0025, 0.00065, 0.000325)


def test_a_size_along_some_axes_is_told_and_not_taken(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", STACK, ome=True, photometric="minisblack",
        metadata={"axes": "ZYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5},
    )  # fmt: skip
    header = taken(tmp_path / "a.tif")[0]
    assert header.spacing_mm is None
    assert header.notes == ("says the size of a pixel only along some axes: it is not taken",)


@pytest.mark.parametrize(
    ("unit", "wanted"),
    [("CENTIMETER", (0.001, 0.0005)), ("MILLIMETER", (1e-4, 5e-5)), ("INCH", None), ("NONE", None)],
)
def test_resolution_tags_count_unless_they_are_for_print(tmp_path, unit, wanted):
    tifffile.imwrite(tmp_path / "a.tif", GREY, resolution=(20000, 10000), resolutionunit=unit)
    header = taken(tmp_path / "a.tif")[0]
    assert (header.spacing_mm, header.notes) == (wanted, ())


def test_no_resolution_is_no_size(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, resolution=((0, 1), (0, 1)), resolutionunit=3)
    assert taken(tmp_path / "a.tif")[0].spacing_mm is None


@pytest.mark.parametrize("size", [None, "", "wide", 0, -1, float("nan"), float("inf")])
def test_what_is_no_length(size):
    assert millimetres(size, "um") is None


def test_lengths_are_as_written():
    assert millimetres("0.325", "µm") == 0.000325
    assert millimetres(0.7, "MM ") == 0.7
    assert millimetres(1, "parsec") is None


@pytest.mark.parametrize(
    ("value", "wanted"), [((3, 2), 1.5), ((3, 0), 0), (2.5, 2.5), (None, 0), ((1, 2, 3), 0)]
)
def test_numbers_of_tags(value, wanted):
    assert number(value) == wanted
