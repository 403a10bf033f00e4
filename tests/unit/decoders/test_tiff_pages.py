"""Several pages, series and descriptions that do not fit."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from segbench.decoders.decoder import Choices
from segbench.decoders.tiff_pages import squeezed
from unit.decoders.tiffs import GREY, RGB, STACK, refusal, taken


@pytest.mark.parametrize("options", [{}, {"metadata": None}, {"compression": "zlib"}])
def test_equal_pages_that_were_appended_are_slices(tmp_path, options):
    for page in STACK:
        tifffile.imwrite(tmp_path / "a.tif", page, append=True, **options)
    header, found = taken(tmp_path / "a.tif")
    assert header.axes == "zyx"
    assert np.array_equal(found, STACK)


def test_appended_pages_of_different_storage_stay_in_order(tmp_path):
    for number, page in enumerate(STACK):
        tifffile.imwrite(
            tmp_path / "a.tif", page, append=True, metadata=None,
            compression="zlib" if number % 2 else None,
        )  # fmt: skip
    assert np.array_equal(taken(tmp_path / "a.tif")[1], STACK)


def test_appended_pictures_in_colour(tmp_path):
    for page in (RGB, 255 - RGB):
        tifffile.imwrite(tmp_path / "a.tif", page, append=True, photometric="rgb")
    header, found = taken(tmp_path / "a.tif")
    assert (header.axes, header.colour) == ("zyxc", True)
    assert np.array_equal(found, np.stack([RGB, 255 - RGB]))


@pytest.mark.parametrize(
    ("first", "second"),
    [(GREY, GREY[:7]), (GREY, GREY.astype(np.uint16)), (STACK, STACK)],
    ids=["sizes", "types", "volumes"],
)
def test_pictures_that_are_no_slices_are_refused_with_what_they_are(tmp_path, first, second):
    for page in (first, second):
        tifffile.imwrite(tmp_path / "a.tif", page, append=True, photometric="minisblack")
    error = refusal(tmp_path / "a.tif")
    assert "a.tif: holds 2 pictures" in error.what
    assert " x ".join(map(str, second.shape)) in error.what
    assert error.action == "save each picture as a file of its own"


def test_images_of_ome_are_no_slices(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif", ome=True) as writer:
        for name in ("left", "right"):
            writer.write(GREY, metadata={"axes": "YX", "Name": name})
    error = refusal(tmp_path / "a.tif")
    assert "left: 12 x 17 uint8 (YX); right: 12 x 17 uint8 (YX)" in error.what


def slide(path, thumbnail_first=False):
    """A file like those of Aperio's scanners; returns the image."""
    big = np.random.default_rng(3).integers(0, 255, (64, 96, 3), np.uint8)
    says = "Aperio Image Library v1\n96x64 [0,0 96x64] (16x16) |AppMag = 20|MPP = 0.4990"
    with tifffile.TiffWriter(path) as writer:
        options = {"photometric": "rgb", "metadata": None}
        writer.write(big, tile=(16, 16), description=says, **options)
        writer.write(big[::8, ::8], description=says, **options)
        writer.write(big[::4, ::4], tile=(16, 16), description=says, **options)
        writer.write(big[:30, :20], subfiletype=1, description=says, **options)
        writer.write(big[:20, :50], subfiletype=9, description=says, **options)
    return big


def test_thumbnail_label_and_macro_of_a_slide_are_passed_over_and_told(tmp_path):
    big = slide(tmp_path / "a.svs")
    header, found = taken(tmp_path / "a.svs")
    assert np.array_equal(found, big)
    assert header.spacing_mm == (0.000499, 0.000499)
    assert [note.partition(":")[0] for note in header.notes] == [
        "passed over Thumbnail", "passed over Label", "passed over Macro",
    ]  # fmt: skip
    header, found = taken(tmp_path / "a.svs", Choices(level=1))
    assert np.array_equal(found, big[::4, ::4])
    assert header.spacing_mm == pytest.approx((0.001996, 0.001996))


def test_a_label_image_of_the_same_size_is_no_slide_label(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif", ome=True) as writer:
        for name in ("cells", "label image"):
            writer.write(GREY, metadata={"axes": "YX", "Name": name})
    assert "holds 2 pictures" in refusal(tmp_path / "a.tif").what


def test_a_reduced_copy_is_passed_over(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(GREY, metadata=None)
        writer.write(GREY[:5, :9], metadata=None, subfiletype=1)
    header, found = taken(tmp_path / "a.tif")
    assert np.array_equal(found, GREY)
    assert header.notes == ("passed over a picture: 5 x 9 uint8 (YX)",)


@pytest.mark.parametrize("step", [2, 3, 4])
def test_a_picture_of_half_the_size_is_a_level_only_in_tiles(tmp_path, step):
    """tifffile takes both for a pyramid, by their sizes alone."""
    whole = np.arange(48 * 72, dtype=np.uint16).reshape(48, 72)
    for name, tile in (("strips.tif", None), ("tiles.tif", (16, 16))):
        with tifffile.TiffWriter(tmp_path / name) as writer:
            for page in (whole, whole[::step, ::step]):
                writer.write(page, metadata=None, tile=tile)
    small = f"{48 // step} x {72 // step} uint16 (YX)"
    assert f"holds 2 pictures (a picture: 48 x 72 uint16 (YX); a picture: {small})" in (
        refusal(tmp_path / "strips.tif").what
    )
    header, found = taken(tmp_path / "tiles.tif")
    assert np.array_equal(found, whole)
    assert header.notes == (f"takes a picture: {small} for a level of it",)
    smaller = taken(tmp_path / "tiles.tif", Choices(level=1))[1]
    assert np.array_equal(smaller, whole[::step, ::step])


def test_a_preview_may_come_first(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(GREY[:5, :9], metadata=None, subfiletype=1)
        writer.write(GREY, metadata=None)
    assert np.array_equal(taken(tmp_path / "a.tif")[1], GREY)


def test_a_transparency_mask_is_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(GREY, metadata=None)
        writer.write(GREY > 9, metadata=None, subfiletype=4)
    assert "holds 2 pictures" in refusal(tmp_path / "a.tif").what


def test_an_imagej_description_of_other_slices_is_refused_unless_the_axes_are_given(tmp_path):
    says = tifffile.imagej_description((9, 12, 17), "ZYX")
    tifffile.imwrite(tmp_path / "a.tif", GREY, description=says, metadata=None)
    error = refusal(tmp_path / "a.tif")
    assert "its ImageJ description does not fit the 1 page(s)" in error.what
    assert "layout" in error.action
    assert np.array_equal(taken(tmp_path / "a.tif", Choices(axes="yx"))[1], GREY)


@pytest.mark.parametrize("cut", [0, 2])
def test_one_page_holds_a_stack_of_imagej_beyond_4_gb(tmp_path, cut):
    says = tifffile.imagej_description(STACK.shape, "ZYX")
    tifffile.imwrite(
        tmp_path / "a.tif", STACK[0].byteswap(), description=says, metadata=None, byteorder=">"
    )
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        start = file.pages[0].dataoffsets[0]
    head = (tmp_path / "a.tif").read_bytes()[:start]
    data = STACK.astype(">u2").tobytes()
    (tmp_path / "a.tif").write_bytes(head + data[: len(data) - cut])
    if cut:
        assert "ImageJ description does not fit" in refusal(tmp_path / "a.tif").what
    else:
        assert np.array_equal(taken(tmp_path / "a.tif")[1], STACK)


def test_pages_behind_an_imagej_stack_are_not_left_out(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK, imagej=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], append="force", metadata=None)
    assert "description does not fit the 6 page(s)" in refusal(tmp_path / "a.tif").what


def test_a_missing_tile_is_refused(tmp_path):
    def tiles():
        yield GREY.repeat(2, 0)[:16, :16].copy()
        yield None

    tifffile.imwrite(
        tmp_path / "a.tif", tiles(), shape=(16, 32), dtype="u1", tile=(16, 16), compression="zlib"
    )
    assert "a.tif: leaves out parts of the picture" in refusal(tmp_path / "a.tif").what


def test_a_damaged_strip_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], compression="zlib")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        start = file.pages[0].dataoffsets[0]
    data = bytearray((tmp_path / "a.tif").read_bytes())
    data[start + 20] ^= 0xFF
    (tmp_path / "a.tif").write_bytes(data)
    try:
        found = taken(tmp_path / "a.tif")[1]
    except Exception as error:
        assert "a.tif: cannot be decoded" in str(error)
    else:
        raise AssertionError(f"{found.shape} pixels were read")


def test_axes_of_length_one_are_dropped_but_rows_and_columns():
    assert squeezed("TZCYX", (1, 5, 1, 1, 7)) == ("ZYX", (5, 1, 7))
