"""Masks lie on their image for every reader."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
import tifffile
from PIL import Image, ImageOps

from segbench.decoders.decoder import Choices
from segbench.decoders.registry import decoder_of, header_of
from segbench.errors import SegbenchError
from unit.decoders.tiffs import GREY, PLAIN, RGB, STACK, taken

LABEL = np.random.default_rng(6).integers(0, 300, STACK.shape).astype(np.uint16)


def written(tmp_path, label, image="a.tif", choices=PLAIN):
    source = tmp_path / image
    decoder = decoder_of(source)
    path = tmp_path / f"mask{decoder.mask_ending}"
    decoder.write_mask(label, path, source, choices)
    header, found = taken(path)
    assert np.array_equal(found, label)
    assert found.dtype == label.dtype
    return header, path


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4"])
@pytest.mark.parametrize("kind", ["imagej", "ome"])
def test_volumes_keep_spacing_and_description(tmp_path, kind, dtype):
    said = {"axes": "ZCYX", "spacing": 2.5, "unit": "um"}
    if kind == "ome":
        said = {"axes": "ZCYX"} | {
            f"PhysicalSize{a}": s for a, s in zip("ZYX", (2.5, 0.65, 0.325), strict=True)
        }
    tifffile.imwrite(
        tmp_path / "a.tif", np.stack([STACK, STACK], 1), metadata=said, **{kind: True},
        **({"resolution": (1 / 0.325, 1 / 0.65)} if kind == "imagej" else {}),
    )  # fmt: skip
    header, path = written(tmp_path, LABEL.astype(dtype))
    assert header.spacing_mm == pytest.approx((0.0025, 0.00065, 0.000325))
    assert header.spacing_mm == header_of(tmp_path / "a.tif").spacing_mm
    with tifffile.TiffFile(path) as file:
        assert getattr(file, f"is_{kind}")
        assert file.series[0].axes == "ZYX"
        assert file.pages[0].compression == tifffile.COMPRESSION.ADOBE_DEFLATE
    assert np.array_equal(
        SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(path)), LABEL.astype(dtype)
    )


@pytest.mark.parametrize(("unit", "spacing"), [("CENTIMETER", (0.001, 0.0005)), ("INCH", None)])
def test_pictures_keep_their_resolution_tags(tmp_path, unit, spacing):
    tifffile.imwrite(
        tmp_path / "a.tif", RGB, photometric="rgb", resolution=(20000, 10000), resolutionunit=unit
    )
    header, path = written(tmp_path, LABEL[0])
    assert header.spacing_mm == spacing
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        assert (page.resolution, page.resolutionunit.name) == ((20000, 10000), unit)


def test_a_unit_that_does_not_exist_is_none_in_the_mask(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, resolution=(3, 3), resolutionunit=2)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as file:
        file.pages[0].tags[296].overwrite(77)
    _, path = written(tmp_path, LABEL[0])
    with tifffile.TiffFile(path) as file:
        assert (file.pages[0].resolution, file.pages[0].resolutionunit) == ((3, 3), 1)


def test_a_plain_image_has_a_plain_mask(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK, photometric="minisblack", metadata=None)
    header, path = written(tmp_path, LABEL)
    assert (header.axes, header.spacing_mm) == ("zyx", None)
    with tifffile.TiffFile(path) as file:
        assert (file.is_ome, file.is_imagej, file.pages[0].description) == (False, False, "")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_masks_of_turned_images_are_upright_for_every_reader(tmp_path, orientation):
    tifffile.imwrite(
        tmp_path / "a.tif", GREY, extratags=[(274, "H", 1, orientation, True)],
        resolution=(20000, 10000), resolutionunit="CENTIMETER",
    )  # fmt: skip
    header = taken(tmp_path / "a.tif")[0]
    with Image.open(tmp_path / "a.tif") as image:
        dark = np.asarray(ImageOps.exif_transpose(image)) < 99
    said, path = written(tmp_path, dark.astype(np.uint8))
    assert said.spacing_mm == header.spacing_mm
    assert np.array_equal(tifffile.imread(path) == 1, dark)
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(ImageOps.exif_transpose(image)) == 1, dark)


@pytest.mark.parametrize("unit", ["\\u00B5m", "um", "XXm"])
def test_units_of_imagej_are_kept(tmp_path, unit):
    tifffile.imwrite(
        tmp_path / "a.tif", GREY, imagej=True, resolution=(2, 2), metadata={"unit": unit}
    )
    data = (tmp_path / "a.tif").read_bytes()  # older versions of ImageJ write Latin-1
    (tmp_path / "a.tif").write_bytes(data.replace(b"unit=XXm", b"unit= \xb5m"))
    assert written(tmp_path, LABEL[0])[0].spacing_mm == (0.0005, 0.0005)


def test_a_mask_of_a_level_has_its_spacing(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(STACK[0, :, :16], subifds=1, resolution=(20000, 10000), resolutionunit=3)
        writer.write(STACK[0, ::2, :16:2], subfiletype=1)
    header, _ = written(tmp_path, LABEL[0, :6, :8], choices=Choices(level=1))
    assert header.spacing_mm == pytest.approx((0.002, 0.001))


def test_a_mask_of_a_slide_has_its_spacing(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.svs", RGB.repeat(4, 0), photometric="rgb", tile=(16, 16), metadata=None,
        description="Aperio Image Library v1\n17x48 |AppMag = 20|MPP = 0.4990",
    )  # fmt: skip
    header, _ = written(tmp_path, LABEL[0].repeat(4, 0), "a.svs")
    assert header.spacing_mm == pytest.approx((0.000499, 0.000499))


@pytest.mark.parametrize("kind", ["plain", "imagej", "ome"])
def test_equal_masks_are_equal_files(tmp_path, kind):
    name = "a.ome.tif" if kind == "ome" else "a.tif"
    tifffile.imwrite(tmp_path / name, STACK, photometric="minisblack", imagej=kind == "imagej")
    first = written(tmp_path, LABEL, name)[1].read_bytes()
    assert written(tmp_path, LABEL, name)[1].read_bytes() == first
    assert written(tmp_path, LABEL + 1, name)[1].read_bytes() != first


def test_wide_labels_of_ome_images(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, ome=True)
    decoder = decoder_of(tmp_path / "a.tif")
    small = LABEL[0].astype(np.uint64)
    decoder.write_mask(small, tmp_path / "mask.tif", tmp_path / "a.tif", PLAIN)
    found = taken(tmp_path / "mask.tif")[1]
    assert found.dtype == np.uint32
    assert np.array_equal(found, small)
    with pytest.raises(SegbenchError, match=r"mask\.tif: .* labels above 4294967295"):
        decoder.write_mask(small + 2**40, tmp_path / "mask.tif", tmp_path / "a.tif", PLAIN)
