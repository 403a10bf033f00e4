"""A folder of one's own with DICOM series: series pair with segmentations and other masks."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from segbench.config.dataset import Class
from segbench.decoders.decoder import Choices
from segbench.decoders.registry import decoder_of
from unit.datasets.folders import label, make, scan
from unit.decoders.dicom_samples import OBLIQUE, image, save, slices
from unit.decoders.test_dicom_seg import segmentation

SHAPE = (5, 8, 10)
VOLUME = np.random.default_rng(0).integers(-1000, 1000, SHAPE, np.int16)


def series(root, name="p1"):
    made = slices(VOLUME, orientation=OBLIQUE)
    return made, save(root / "images" / name, made)


@pytest.mark.parametrize("name", ["p1.dcm", "p1/seg.dcm", "p1/IM0001"])
def test_a_segmentation_is_the_mask_of_a_series(tmp_path, name):
    made, _ = series(tmp_path)
    mask = label(2, 0, SHAPE)
    mask[0] = mask[4] = 0  # frames that are left out
    path = tmp_path / "masks" / name
    path.parent.mkdir(parents=True)
    segmentation(made, mask, names=("cell", "debris")).save_as(path)
    (raw,) = scan(make(), tmp_path).values()
    assert raw.sample == "p1"
    found = make().read_image(tmp_path, raw)
    np.testing.assert_array_equal(found[..., 0], VOLUME)
    np.testing.assert_array_equal(make().read_label(tmp_path, raw), mask)


def test_segments_that_overlap_are_the_masks_of_classes(tmp_path):
    made, _ = series(tmp_path)
    layers = np.zeros((*SHAPE, 2), np.uint8)
    layers[1:4, :5, :, 0] = layers[2:5, 3:, :, 1] = 1
    (tmp_path / "masks").mkdir()
    segmentation(made, layers, names=("TC", "WT")).save_as(tmp_path / "masks/p1.dcm")
    source = make("overlapping", (Class(name="WT", value=1), Class(name="TC", value=2)))
    (raw,) = scan(source, tmp_path).values()
    found = source.read_label(tmp_path, raw)
    np.testing.assert_array_equal(found, layers[..., ::-1])


def test_a_mask_in_nifti_of_another_order_is_put_on_the_series(tmp_path):
    _, path = series(tmp_path)
    mask = label(2, 0, SHAPE)
    affine = decoder_of(path).header(path, Choices()).affine
    flipped = affine @ np.diag([-1.0, 1, 1, 1])
    flipped[:3, 3] = (affine @ [SHAPE[2] - 1, 0, 0, 1])[:3]
    (tmp_path / "masks").mkdir()
    nibabel.save(nibabel.Nifti1Image(mask.T[::-1], flipped), tmp_path / "masks/p1.nii.gz")
    (raw,) = scan(make(), tmp_path).values()
    np.testing.assert_array_equal(make().read_label(tmp_path, raw), mask)


def test_radiographs_pair_by_their_names(tmp_path):
    for number in (1, 2):
        mask = label(1, number, (6, 7))
        made = image(mask * 100, number=number)
        source = save(tmp_path / "images", [made], [f"p{number}.dcm"])
        (tmp_path / "masks").mkdir(exist_ok=True)
        decoder_of(source).write_mask(mask, tmp_path / f"masks/p{number}.dcm", source, Choices())
    source = make(classes=(Class(name="lung", value=1),))
    found = scan(source, tmp_path)
    assert sorted(found) == ["p1", "p2"]
    for number, raw in enumerate(found.values(), 1):
        mask = label(1, number, (6, 7))
        np.testing.assert_array_equal(source.read_label(tmp_path, raw), mask)
        np.testing.assert_array_equal(source.read_image(tmp_path, raw)[..., 0], mask * 100)
