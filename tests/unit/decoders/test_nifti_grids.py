"""Where the voxels of NIfTI files lie: sform, qform, pixdim, units."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
from nibabel.affines import voxel_sizes

from segbench.decoders.decoder import Choices
from segbench.decoders.nifti import DECODER
from segbench.errors import SegbenchError

SCANNER = np.eye(4)
SCANNER[:3, :3] = np.array(
    [[np.cos(0.3), -np.sin(0.3), 0], [np.sin(0.3), np.cos(0.3), 0], [0, 0, 1]]
) @ np.diag([0.5, 0.7, 3])
SCANNER[:3, 3] = [-112.3, -97.7, -203.9]
SHEAR = np.array([[1, 0.02, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def header_of(path, sform=None, qform=None, shape=(4, 5, 6), axes=None, unit="mm", **fields):
    """Save an image with these fields of the header, and read it."""
    image = nibabel.Nifti1Image(np.zeros(shape, np.uint8), None)
    image.header["pixdim"][1:4] = 0.5, 0.7, 3
    image.set_qform(qform, int(qform is not None))
    image.set_sform(sform, int(sform is not None))
    image.header.set_xyzt_units(unit)
    for name, value in fields.items():
        image.header[name] = value
    image.header["vox_offset"] = 352
    image.header["magic"] = b"n+1"
    path.write_bytes(image.header.binaryblock + bytes(4 + int(np.prod(shape))))
    return DECODER.header(path, Choices(axes=axes))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.nii"


def test_the_sform_counts_then_the_qform(path):
    other = np.diag([1, 1, 2, 1.0])
    found = header_of(path, SCANNER, other)
    np.testing.assert_allclose(found.affine, SCANNER, atol=1e-5)
    assert found.spacing_mm == (3.0, pytest.approx(0.7), pytest.approx(0.5))
    found = header_of(path, None, SCANNER)
    np.testing.assert_allclose(found.affine, SCANNER, atol=1e-4)
    assert found.spacing_mm == (3.0, 0.7, 0.5)
    assert found.notes == ()


def test_two_places_are_both_handed_on(path):
    moved = SCANNER.copy()
    moved[0, 3] += 10
    found = header_of(path, moved, SCANNER)
    np.testing.assert_allclose(found.affine, moved, atol=1e-4)
    np.testing.assert_allclose(found.other_affine, SCANNER, atol=1e-4)
    assert "lie up to 19.1 voxels apart; the sform counts" in found.notes[0]
    found = header_of(path, SCANNER, SCANNER)
    assert (found.other_affine, found.notes) == (None, ())


def test_without_codes_only_voxel_sizes_are_said(path):
    found = header_of(path)
    assert found.affine is None
    assert found.spacing_mm == (3.0, 0.7, 0.5)
    assert header_of(path, pixdim=[1, 0.5, np.nan, 3, 0, 0, 0, 0]).spacing_mm is None
    assert header_of(path, pixdim=[1, 0.5, 0, 3, 0, 0, 0, 0]).spacing_mm is None


def test_a_pixdim_that_disagrees_is_told(path):
    found = header_of(path, np.diag([0.5, 0.5, 4, 1.0]), pixdim=[1, 1, 1, 1, 0, 0, 0, 0])
    assert found.spacing_mm == (4.0, 0.5, 0.5)
    assert found.notes == (
        "its pixdim says voxels of 1 x 1 x 1 mm, its affine 4 x 0.5 x 0.5 mm; the affine counts",
    )


def test_rounding_is_not_told(path):
    found = header_of(path, SCANNER, pixdim=[1, 0.5001, 0.7, 3, 0, 0, 0, 0])
    assert found.notes == ()
    assert found.spacing_mm == (3.0, 0.7, pytest.approx(0.5, rel=1e-6))


def test_decimals_that_were_meant_come_back(path):
    found = header_of(path, np.diag([0.9765625, 0.1, 7.2, 1]))
    assert found.spacing_mm == (7.2, 0.1, 0.9765625)
    assert len(found.notes) == 1  # pixdim is another here


@pytest.mark.parametrize(("unit", "factor"), [("mm", 1), ("micron", 1e-3), ("meter", 1e3)])
@pytest.mark.parametrize("coded", [True, False])
def test_units_become_millimetres(path, unit, factor, coded):
    found = header_of(path, SCANNER if coded else None, unit=unit)
    assert found.spacing_mm == pytest.approx((3 * factor, 0.7 * factor, 0.5 * factor))
    if coded:
        np.testing.assert_allclose(found.affine[:3], SCANNER[:3] * factor, rtol=1e-5)
        assert voxel_sizes(found.affine) == pytest.approx(found.spacing_mm[::-1])


def test_an_unknown_unit_gives_no_voxel_size(path):
    found = header_of(path, SCANNER, xyzt_units=7)
    assert (found.spacing_mm, found.affine) == (None, None)
    assert found.notes == ("its unit 7 is not known: no voxel size is taken",)


def test_a_sheared_sform_gives_way_to_the_qform(path):
    found = header_of(path, SCANNER @ SHEAR, SCANNER)
    np.testing.assert_allclose(found.affine, SCANNER, atol=1e-4)
    assert found.spacing_mm == (3.0, 0.7, 0.5)
    assert "its sform is sheared" in found.notes[0]


def test_a_sheared_sform_alone_is_refused(path):
    with pytest.raises(SegbenchError, match=r"a.nii: its affine is sheared: .* 89.18 degrees"):
        header_of(path, SCANNER @ SHEAR)


def test_a_form_without_volume_is_told(path):
    found = header_of(path, np.diag([0, 0, 0, 1.0]))
    assert (found.affine, found.spacing_mm) == (None, (3.0, 0.7, 0.5))
    assert found.notes == ("its sform gives voxels no place of their own and is not used",)
    found = header_of(path, np.diag([0, 0, 0, 1.0]), SCANNER)
    np.testing.assert_allclose(found.affine, SCANNER, atol=1e-4)
    found = header_of(path, None, SCANNER, quatern_b=3)  # no rotation
    assert found.affine is None
    assert "its qform" in found.notes[0]


def test_a_picture_lies_in_a_plane(path):
    flat = np.diag([0.5, 0.7, 0, 1.0])
    found = header_of(path, flat, shape=(4, 5))
    assert found.spacing_mm == (0.7, 0.5)
    np.testing.assert_allclose(found.affine[:3, 2], [0, 0, 0.35])
    assert found.notes == ()
    found = header_of(path, None, SCANNER, shape=(4, 5, 1), pixdim=[1, 0.5, 0.7, 0, 0, 0, 0, 0])
    assert found.spacing_mm == (0.7, 0.5)
    np.testing.assert_allclose(found.affine[:3, :2], SCANNER[:3, :2], atol=1e-6)


def test_the_header_is_read_without_pixels(path):
    found = header_of(path, SCANNER)
    path.write_bytes(path.read_bytes()[:352])
    again = DECODER.header(path, Choices())
    assert (again.shape, again.spacing_mm) == (found.shape, found.spacing_mm)
    with pytest.raises(SegbenchError, match="cannot be decoded"):
        DECODER.read(path, Choices())
