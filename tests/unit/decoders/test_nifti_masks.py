"""Masks in NIfTI files lie on their image, for nibabel and for SimpleITK."""

from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest

from segbench.decoders.decoder import Choices
from segbench.decoders.nifti import DECODER

NO_CHOICES = Choices()
MICRONS = np.diag([5, 5, 20, 1.0])
SCANNER = np.eye(4)
SCANNER[:3, :3] = np.array(
    [[np.cos(0.3), -np.sin(0.3), 0], [np.sin(0.3), np.cos(0.3), 0], [0, 0, -1]]
) @ np.diag([0.7, 0.7, 3])
SCANNER[:3, 3] = [-112.3, -97.7, -203.9]
SHEARED = SCANNER @ np.array([[1, 0.02, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def save(path, qform, sform, unit="mm", shape=(6, 5, 4), kind=nibabel.Nifti1Image, order="<"):
    """Write an image with both forms (code 1), as bytes: nibabel would complete them."""
    header = kind.header_class(endianness=order)
    header.set_data_shape(shape)
    header.set_data_dtype(order + "i2")
    header["pixdim"][1:4] = (5, 5, 20) if unit == "micron" else (0.7, 0.7, 3)
    header.set_qform(qform, int(qform is not None), strip_shears=False)
    header.set_sform(sform, int(sform is not None))
    header.set_xyzt_units(unit)
    header.set_slope_inter(2, 7)
    header["vox_offset"] = kind.header_class.single_vox_offset
    header["magic"] = kind.header_class.single_magic
    pixels = np.arange(np.prod(shape), dtype=order + "i2").tobytes()
    path.write_bytes(gzip.compress(header.binaryblock + bytes(4) + pixels))
    return path


def mask_of(image, path, dtype=np.uint8):
    label = np.arange(np.prod(DECODER.header(image, NO_CHOICES).size)) % 5
    label = label.reshape(DECODER.header(image, NO_CHOICES).size).astype(dtype)
    DECODER.write_mask(label, path, image, NO_CHOICES)
    return label


FORMS = {
    "both": (SCANNER, SCANNER, "mm"),
    "qform": (SCANNER, None, "mm"),
    "sform": (None, SCANNER, "mm"),
    "neither": (None, None, "mm"),
    "registered": (SCANNER, SHEARED, "mm"),
    "micrometres": (MICRONS, MICRONS, "micron"),
    "metres": (None, SCANNER, "meter"),
}


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("forms", FORMS)
def test_a_mask_has_the_place_of_its_image(tmp_path, forms, order, kind):
    qform, sform, unit = FORMS[forms]
    image = save(tmp_path / "a.nii.gz", qform, sform, unit, kind=kind, order=order)
    label = mask_of(image, tmp_path / "m.nii.gz")
    found = DECODER.read(tmp_path / "m.nii.gz", NO_CHOICES)
    np.testing.assert_array_equal(found.pixels, label)
    assert found.pixels.dtype == np.uint8
    one, other = (nibabel.load(tmp_path / name).header for name in ("a.nii.gz", "m.nii.gz"))
    assert type(one) is type(other)
    for field in ("qform_code", "sform_code", "xyzt_units"):
        assert one[field] == other[field]
    np.testing.assert_array_equal(one.get_qform(), other.get_qform())
    np.testing.assert_array_equal(one.get_sform(), other.get_sform())
    np.testing.assert_array_equal(one["pixdim"][:4], other["pixdim"][:4])


@pytest.mark.parametrize("forms", FORMS)
def test_simpleitk_finds_the_mask_on_its_image(tmp_path, forms):
    sitk = pytest.importorskip("SimpleITK")
    qform, sform, unit = FORMS[forms]
    image = save(tmp_path / "a.nii.gz", qform, sform, unit)
    label = mask_of(image, tmp_path / "m.nii.gz")
    one, other = (sitk.ReadImage(str(tmp_path / name)) for name in ("a.nii.gz", "m.nii.gz"))
    assert one.GetOrigin() == other.GetOrigin()
    assert one.GetSpacing() == other.GetSpacing()
    assert one.GetDirection() == other.GetDirection()
    np.testing.assert_array_equal(sitk.GetArrayFromImage(other), label)


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 1), (6, 5, 4, 3), (6, 5, 1, 3)])
def test_a_mask_has_the_axes_of_its_image_without_channels(tmp_path, shape):
    image = save(tmp_path / "a.nii.gz", SCANNER, SCANNER, shape=shape)
    label = mask_of(image, tmp_path / "m.nii.gz")
    found = nibabel.load(tmp_path / "m.nii.gz")
    assert found.shape == shape[:3]
    np.testing.assert_array_equal(np.asarray(found.dataobj), label.T.reshape(shape[:3]))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64])
def test_masks_are_as_wide_as_their_numbers_and_equal_bytes(tmp_path, dtype):
    image = save(tmp_path / "a.nii.gz", SCANNER, None)
    label = np.full((4, 5, 6), np.iinfo(dtype).max, dtype)
    for name in ("m", "n"):
        DECODER.write_mask(label, tmp_path / f"{name}.nii.gz", image, NO_CHOICES)
    found = DECODER.read(tmp_path / "m.nii.gz", NO_CHOICES).pixels
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, label)
    assert (tmp_path / "m.nii.gz").read_bytes() == (tmp_path / "n.nii.gz").read_bytes()
