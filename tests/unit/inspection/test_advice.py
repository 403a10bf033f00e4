"""Usual mistakes in a folder."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tifffile

from segbench.decoders.registry import NO_CHOICES, decoder_of
from segbench.inspection.advice import warnings_of
from segbench.inspection.pairs import pair
from segbench.inspection.survey import lines_of, survey
from unit.decoders import dicom_samples
from unit.inspection.layouts import image, mask, plain


def said(root):
    found = survey(root)
    return warnings_of(found, pair(found.entries))


def test_a_good_folder_has_none(tmp_path):
    plain(tmp_path)
    assert said(tmp_path) == []


def grey(root):
    image(root / "images/cell_0.png", 0, channels=1)


def deep(root):
    (root / "images/cell_0.png").unlink()
    np.save(root / "images/cell_0.npy", np.zeros((64, 72, 3), np.uint16))


def volume(root):
    (root / "images/cell_0.png").unlink()
    np.save(root / "images/cell_0.npy", np.zeros((9, 64, 72), np.uint8))


def other_order(root):
    for k, names in enumerate((["DAPI", "GFP"], ["GFP", "DAPI"])):
        (root / f"images/cell_{k}.png").unlink()
        pixels = np.zeros((2, 64, 72), np.uint16)
        said = {"axes": "CYX", "Channel": {"Name": names}}
        tifffile.imwrite(root / f"images/cell_{k}.ome.tif", pixels, metadata=said)


def lost_mask(root):
    (root / "masks/cell_3.png").unlink()


def lonely(root):
    mask(root / "masks/other.png")


def copied(root):
    shutil.copy(root / "images/cell_1.png", root / "images/cell_2.png")


def turned(root):
    image(root / "images/cell_4.png", 4, size=(72, 64))


def unknown(root):
    (root / "slide.xyz").write_text("x")


def labelme(root):
    (root / "images/cell_1.json").write_text('{"version": "5.0", "shapes": []}')


def doubled(root):
    image(root / "images/cell_5.tif", 5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (grey, "several numbers of channels (5 with 3, 1 with 1): `channels: grey` or `rgb`"),
        (deep, "several types of numbers (5 uint8, 1 uint16)"),
        (volume, "several numbers of axes (5 2-D, 1 3-D)"),
        (other_order, "several names or orders of channels (4 unnamed, 1 DAPI, GFP, 1 GFP, DAPI)"),
        (lost_mask, "1 of 6 images have no mask: images/cell_3.png; save an empty mask"),
        (lonely, "1 masks have no image: masks/other.png"),
        (copied, "2 images are copies of each other"),
        (turned, "images/cell_4.png (72 x 64) and masks/cell_4.png (64 x 72); rows and columns"),
        (unknown, "not read: 1 .xyz (e.g. slide.xyz)"),
        (labelme, "1 JSON files are polygons of LabelMe (e.g. images/cell_1.json)"),
        (doubled, "1 images are named as another but for the ending: images/cell_5.tif"),
    ],
)
def test_a_mistake_is_named_with_what_to_do(tmp_path, change, says):
    plain(tmp_path)
    change(tmp_path)
    assert any(says in line for line in said(tmp_path)), said(tmp_path)


def test_what_a_scanner_says_of_an_image_is_no_drawing(tmp_path):
    plain(tmp_path)
    (tmp_path / "images/cell_1.json").write_text('{"EchoTime": 0.03}')
    assert not any("LabelMe" in line for line in said(tmp_path))


def test_a_segmentation_of_some_slices_is_no_mistake(tmp_path):
    made = dicom_samples.slices(np.zeros((4, 9, 8), np.int16))
    source = dicom_samples.save(tmp_path / "images/p1", made, [f"IM{n}" for n in range(4)])
    label = np.zeros((4, 9, 8), np.uint8)
    label[1, 2:], label[2, :4] = 1, 2
    (tmp_path / "masks").mkdir()
    decoder_of(source).write_mask(label, tmp_path / "masks/p1.dcm", source, NO_CHOICES)
    assert "differ from their images" not in "".join(said(tmp_path))
    assert "  formats: 1 .dcm, 1 without ending" in lines_of(survey(tmp_path))
