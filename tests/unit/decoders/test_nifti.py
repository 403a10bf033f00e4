"""NIfTI files as arrays and back: axes, units, scaling, damage."""

from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.decoders.nifti import affine_of, nifti_bytes, read_nifti, spacing_mm, spatial_shape
from segbench.errors import SegbenchError

AFFINE = np.diag([0.5, 0.7, 3.0, 1.0])


def save(path, array, affine=AFFINE, kind=nibabel.Nifti1Image, **header):
    """Save with nibabel itself, in the file's own order (x, y, z[, c])."""
    image = kind(array, affine)
    for key, value in header.items():
        image.header[key] = value
    nibabel.save(image, path)
    return path


def test_axes_are_reversed_and_nothing_else(tmp_path):
    array = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)
    flipped = np.diag([-1.0, -2.0, 3.0, 1.0])  # left, posterior: no voxel moves for that
    path = save(tmp_path / "a.nii.gz", array, flipped)
    found = read_nifti(path)
    assert found.shape == (4, 3, 2, 1)
    assert found.dtype == np.int16
    assert found.flags.c_contiguous
    assert found[3, 2, 1, 0] == array[1, 2, 3]
    np.testing.assert_array_equal(found[..., 0].T, array)
    assert spacing_mm(path) == (3.0, 2.0, 1.0)
    assert spatial_shape(path) == (4, 3, 2)
    np.testing.assert_array_equal(affine_of(path), flipped)


def test_channels_stay_last(tmp_path):
    array = np.random.default_rng(0).random((2, 3, 4, 5)).astype(np.float32)
    found = read_nifti(save(tmp_path / "a.nii", array))
    assert found.shape == (4, 3, 2, 5)
    assert found[3, 2, 1, 4] == array[1, 2, 3, 4]


def test_vectors_have_a_fifth_axis(tmp_path):
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 2, 1, 2)
    found = read_nifti(save(tmp_path / "a.nii", array))
    assert found.shape == (2, 3, 2, 2)
    assert found[1, 2, 0, 1] == array[0, 2, 1, 0, 1]


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 1)])
def test_one_slice_is_an_image(tmp_path, shape):
    path = save(tmp_path / "a.nii.gz", np.arange(12, dtype=np.uint8).reshape(shape))
    assert read_nifti(path).shape == (3, 4, 1)
    assert read_nifti(path)[1, 2, 0] == 7
    assert spatial_shape(path) == (3, 4)
    assert spacing_mm(path) == (0.7, 0.5)


def test_time_series_are_refused(tmp_path):
    path = save(tmp_path / "a.nii", np.zeros((2, 3, 2, 4, 2), np.uint8))
    with pytest.raises(SegbenchError, match=r"a.nii: has the shape \(2, 3, 2, 4, 2\)"):
        read_nifti(path)


def test_scaled_values(tmp_path):
    image = nibabel.Nifti1Image(np.array([[[0, 1], [2, 3]]], np.int16), AFFINE)
    image.header.set_slope_inter(0.5, -1)
    # Written by hand: nibabel would divide the values by the slope.
    header = image.header.copy()
    header["vox_offset"] = 352
    header.set_slope_inter(0.5, -1)
    data = header.binaryblock + bytes(4) + image.dataobj.astype("<i2").tobytes(order="F")
    path = tmp_path / "a.nii"
    path.write_bytes(data)
    found = read_nifti(path)
    assert found.dtype == np.float32
    assert found[..., 0].T.tolist() == [[[-1.0, -0.5], [0.0, 0.5]]]


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("dtype", ["<i2", ">i2", ">f4", "<f8", "u1"])
def test_versions_and_byte_orders(tmp_path, kind, dtype):
    array = np.arange(8).reshape(2, 2, 2).astype(dtype)
    image = kind(array, AFFINE, kind.header_class(endianness=dtype[0] if dtype[0] in "<>" else "<"))
    image.set_data_dtype(array.dtype)
    nibabel.save(image, tmp_path / "a.nii.gz")
    found = read_nifti(tmp_path / "a.nii.gz")
    assert found.dtype.isnative
    assert found.dtype.itemsize == array.dtype.itemsize
    np.testing.assert_array_equal(found[..., 0].T, array)


@pytest.mark.parametrize(("unit", "factor"), [("mm", 1), ("micron", 1e-3), ("meter", 1e3)])
def test_units_become_millimetres(tmp_path, unit, factor):
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.uint8), AFFINE)
    image.header.set_xyzt_units(unit)
    nibabel.save(image, tmp_path / "a.nii")
    assert spacing_mm(tmp_path / "a.nii") == pytest.approx((3 * factor, 0.7 * factor, 0.5 * factor))


def test_decimals_of_the_header_come_back(tmp_path):
    path = save(
        tmp_path / "a.nii", np.zeros((2, 2, 2), np.uint8), np.diag([0.9765625, 0.1, 7.2, 1])
    )
    assert spacing_mm(path) == (7.2, 0.1, 0.9765625)


def test_no_spacing_is_none(tmp_path):
    path = tmp_path / "a.nii"
    save(path, np.zeros((2, 2, 2), np.uint8))
    data = bytearray(path.read_bytes())
    data[80:84] = np.float32(np.nan).tobytes()  # pixdim[1]
    path.write_bytes(bytes(data))
    assert spacing_mm(path) is None


@given(
    st.tuples(*[st.integers(2, 5)] * 3),
    st.sampled_from([np.uint8, np.int16, np.float32]),
    st.integers(0, 3),
)
def test_what_is_written_is_read(tmp_path_factory, shape, dtype, channels):
    rng = np.random.default_rng(sum(shape))
    array = (rng.random((*shape, *[channels] * (channels > 1))) * 200).astype(dtype)
    path = tmp_path_factory.mktemp("nifti") / "a.nii.gz"
    path.write_bytes(nifti_bytes(array, AFFINE))
    found = read_nifti(path)
    np.testing.assert_array_equal(found if channels > 1 else found[..., 0], array)
    assert found.dtype == dtype
    assert path.read_bytes() == nifti_bytes(array, AFFINE)
    theirs = np.asarray(nibabel.load(path).dataobj)
    np.testing.assert_array_equal(theirs.transpose(2, 1, 0, *range(3, theirs.ndim)), array)


def test_a_written_file_holds_no_clock():
    assert nifti_bytes(np.zeros((2, 2, 2), np.uint8), AFFINE)[4:8] == bytes(4)


# ---- damage


@pytest.fixture
def whole(tmp_path):
    path = tmp_path / "case.nii.gz"
    path.write_bytes(nifti_bytes(np.arange(4000, dtype=np.int16).reshape(10, 20, 20), AFFINE))
    return path


def refused(path, *parts):
    with pytest.raises(SegbenchError) as caught:
        read_nifti(path)
    for part in (path.name, *parts):
        assert part in str(caught.value)


def test_a_missing_file(tmp_path):
    refused(tmp_path / "none.nii.gz", "no such file")
    with pytest.raises(SegbenchError, match="no such file"):
        spacing_mm(tmp_path / "none.nii.gz")


@pytest.mark.parametrize("keep", [0, 1, 10, 400, -9, -1])
def test_a_file_cut_short(whole, keep):
    whole.write_bytes(whole.read_bytes()[:keep])
    refused(whole, "cannot be decoded")


def test_every_flipped_byte_is_seen_or_harmless(whole):
    data = whole.read_bytes()
    before = read_nifti(whole)
    for place in range(10, len(data), 97):
        broken = bytearray(data)
        broken[place] ^= 0x10
        whole.write_bytes(bytes(broken))
        try:
            np.testing.assert_array_equal(read_nifti(whole), before)
        except SegbenchError as error:
            assert "case.nii.gz" in str(error)


def test_a_wrong_checksum(whole):
    data = bytearray(whole.read_bytes())
    data[-8] ^= 1
    whole.write_bytes(bytes(data))
    refused(whole, "CRC check failed")


def test_uncompressed_and_cut_short(tmp_path):
    path = save(tmp_path / "a.nii", np.zeros((5, 5, 5), np.float32))
    path.write_bytes(path.read_bytes()[:-3])
    refused(path, "cannot be decoded")


def test_something_else_under_the_name(tmp_path):
    path = tmp_path / "a.nii.gz"
    path.write_bytes(gzip.compress(b"<html>not found</html>" * 100))
    refused(path, "cannot be decoded")
    path.write_bytes(b"\x00\x05\x16\x07" + bytes(100))
    refused(path, "cannot be decoded")


def test_complex_values(tmp_path):
    path = save(tmp_path / "a.nii", np.zeros((2, 2, 2), np.complex64))
    refused(path, "complex64")
