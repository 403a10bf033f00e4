"""Values are as stored, whatever they are shown as."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from segbench.decoders.decoder import Choices
from segbench.decoders.images import read_image
from segbench.decoders.tiff import DECODER
from unit.decoders.tiffs import GREY, PLAIN, RGB, STACK, refusal, taken

SHADES = np.random.default_rng(4).integers(0, 65536, (3, 256)).astype(np.uint16)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
@pytest.mark.parametrize("dtype", ["?", "u1", "u2"])
def test_white_is_zero_inverts_nothing_at_any_depth(tmp_path, dtype, compression):
    pixels = (GREY > 99).astype(dtype) * (True if dtype == "?" else 255)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="miniswhite", compression=compression)
    header, found = taken(tmp_path / "a.tif")
    assert np.array_equal(found, pixels)
    assert header.notes == (
        "0 is shown as white (photometric 0): values are taken as they are stored",
    )


def test_a_palette_gives_indices_and_colours(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="palette", colormap=SHADES)
    found = DECODER.read(tmp_path / "a.tif", PLAIN)
    assert np.array_equal(found.pixels, GREY)
    assert np.array_equal(found.palette, (SHADES >> 8).T)
    with Image.open(tmp_path / "a.tif") as image:
        assert np.array_equal(read_image(tmp_path / "a.tif"), np.asarray(image.convert("RGB")))


def test_a_palette_with_opacity(tmp_path):
    picture = Image.fromarray(GREY).convert("PA")
    picture.putpalette(np.repeat(np.arange(256), 3).astype(np.uint8).tobytes()[::-1])
    picture.save(tmp_path / "a.tif")
    header, found = taken(tmp_path / "a.tif")
    assert header.alpha
    assert np.array_equal(found[..., 0], GREY)
    assert np.array_equal(read_image(tmp_path / "a.tif"), np.dstack([255 - GREY] * 3))
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        file.pages[0].tags[338].overwrite(0)
    assert "a palette with 2 values in a pixel" in refusal(tmp_path / "a.tif").what


def test_a_palette_of_eight_bits_in_sixteen_is_known(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="palette", colormap=SHADES >> 8)
    assert np.array_equal(DECODER.read(tmp_path / "a.tif", PLAIN).palette, (SHADES >> 8).T)


def test_lookup_tables_of_imagej_are_for_display(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, imagej=True, colormap=SHADES >> 8 << 8)
    found = DECODER.read(tmp_path / "a.tif", PLAIN)
    assert found.palette is None
    assert np.array_equal(found.pixels, GREY)


@pytest.mark.parametrize("same", [True, False])
def test_pages_with_their_own_palettes_are_refused(tmp_path, same):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for shades in (SHADES, SHADES if same else SHADES[::-1]):
            writer.write(GREY, photometric="palette", colormap=shades, metadata=None)
    if same:
        assert np.array_equal(taken(tmp_path / "a.tif")[1], np.stack([GREY, GREY]))
    else:
        with pytest.raises(Exception, match=r"a\.tif: .*its pages have different palettes"):
            DECODER.read(tmp_path / "a.tif", PLAIN)


@pytest.mark.parametrize(
    ("extra", "alpha"), [("unspecified", False), ("assocalpha", True), ("unassalpha", True)]
)
@pytest.mark.parametrize("separate", [False, True])
def test_only_a_marked_channel_is_opacity(tmp_path, extra, alpha, separate):
    four = np.dstack([RGB, GREY])
    tifffile.imwrite(
        tmp_path / "a.tif", np.moveaxis(four, -1, 0) if separate else four, photometric="rgb",
        extrasamples=[extra], planarconfig="separate" if separate else "contig",
    )  # fmt: skip
    header, found = taken(tmp_path / "a.tif")
    assert (header.alpha, header.colour) == (alpha, True)
    assert np.array_equal(found, four)


def test_grey_with_opacity(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", np.dstack([GREY, GREY]), photometric="minisblack",
        planarconfig="contig", extrasamples=["unassalpha"],
    )  # fmt: skip
    header, _ = taken(tmp_path / "a.tif")
    assert (header.axes, header.alpha, header.colour) == ("yxc", True, False)


def test_opacity_that_is_not_last_is_refused(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", np.dstack([RGB, GREY, GREY]), photometric="rgb",
        extrasamples=["unassalpha", "unspecified"],
    )  # fmt: skip
    assert "marks channel 2 from the last as opacity" in refusal(tmp_path / "a.tif").what


def test_inks_are_channels(tmp_path):
    four = np.dstack([RGB, GREY])
    tifffile.imwrite(tmp_path / "a.tif", four, photometric="separated")
    header, found = taken(tmp_path / "a.tif")
    assert (header.colour, header.alpha) == (False, False)
    assert np.array_equal(found, four)


@pytest.mark.parametrize(
    ("pixels", "options", "found"),
    [
        (GREY.astype("c8"), {}, "values of 64 bits, sample format 6 (complex64)"),
        (RGB, {"photometric": "cielab"}, "the colour space CIELAB"),
        (RGB, {"photometric": "ycbcr"}, "YCbCr colours that are not compressed as JPEG"),
    ],
    ids=["complex", "lab", "ycbcr"],
)
def test_what_cannot_be_handed_on_is_named(tmp_path, pixels, options, found):
    tifffile.imwrite(tmp_path / "a.tif", pixels, **options)
    error = refusal(tmp_path / "a.tif")
    assert f"a.tif: not read: {found}" in error.what
    assert "save the file again" in error.action


def test_an_unknown_compression_is_named(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, compression="zlib")
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as file:
        file.pages[0].tags[259].overwrite(60999)
    assert "the compression 60999" in refusal(tmp_path / "a.tif").what


def test_numbers_that_do_not_exist_are_named(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as file:
        file.pages[0].tags[258].overwrite(40)
    assert "values of 40 bits, sample format 1" in refusal(tmp_path / "a.tif").what


def test_a_value_for_no_data_is_told(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], extratags=[(42113, "s", 0, "-9999", True)])
    assert taken(tmp_path / "a.tif")[0].notes == (
        "marks -9999 as no data (GDAL): it is taken as a number",
    )


def test_names_of_channels(tmp_path):
    said = {"axes": "CYX", "Channel": {"Name": ["a", "b", "c", "d", "e"]}}
    tifffile.imwrite(tmp_path / "o.tif", STACK, ome=True, metadata=said, photometric="minisblack")
    assert taken(tmp_path / "o.tif")[0].channels == ("a", "b", "c", "d", "e")
    labels = {"axes": "CYX", "Labels": list("vwxyz")}
    tifffile.imwrite(tmp_path / "i.tif", STACK, imagej=True, metadata=labels)
    assert taken(tmp_path / "i.tif")[0].channels == tuple("vwxyz")


@pytest.mark.parametrize(
    ("labels", "names"), [(["dna", "actin"] * 3, ("dna", "actin")), (list("abcdef"), ())]
)
def test_labels_of_planes_name_channels_if_all_slices_have_them(tmp_path, labels, names):
    cells = np.stack([STACK[:2]] * 3)
    tifffile.imwrite(
        tmp_path / "a.tif", cells, imagej=True, metadata={"axes": "ZCYX", "Labels": labels}
    )
    assert taken(tmp_path / "a.tif")[0].channels == names


def test_jpeg_2000_of_aperio_in_ycbcr_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb", compression="jpeg2000")
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as file:
        file.pages[0].tags[259].overwrite(33003)
    assert "YCbCr colours" in refusal(tmp_path / "a.tif").what


def test_channels_that_were_written_as_columns_are_suspected(tmp_path):
    pixels = STACK[:2].transpose(1, 2, 0)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    header, found = taken(tmp_path / "a.tif")
    assert (header.axes, found.shape) == ("zyx", (12, 17, 2))
    (note,) = header.notes
    assert "its pages have 2 columns" in note
    header, found = taken(tmp_path / "a.tif", Choices(axes="yxc"))
    assert (header.axes, header.notes) == ("yxc", ())
    assert np.array_equal(found, pixels)
