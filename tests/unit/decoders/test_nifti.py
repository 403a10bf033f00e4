"""NIfTI files as arrays: values, axes, windows, damage."""

from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.decoders.decoder import Choices
from segbench.decoders.nifti import DECODER, nifti_bytes
from segbench.errors import SegbenchError

AFFINE = np.diag([0.5, 0.7, 3.0, 1.0])
NO_CHOICES = Choices()


def save(path, array, affine=AFFINE, kind=nibabel.Nifti1Image):
    """Save with nibabel itself, in the file's own order (x, y, z[, c])."""
    nibabel.save(kind(array, affine, dtype=array.dtype), path)
    return path


def save_scaled(path, stored, slope, intercept):
    """Write by hand: nibabel would divide the values by the slope."""
    header = nibabel.Nifti1Image(stored, AFFINE, dtype=stored.dtype).header.copy()
    header["vox_offset"] = 352
    header.set_slope_inter(slope, intercept)
    path.write_bytes(header.binaryblock + bytes(4) + stored.tobytes(order="F"))
    return path


def pixels_of(path, **choices):
    """The array, which must be as the header alone says."""
    found = DECODER.read(path, Choices(**choices))
    header = DECODER.header(path, Choices(**choices))
    assert (header.axes, header.shape, header.dtype) == (
        found.header.axes, found.pixels.shape, found.pixels.dtype,
    )  # fmt: skip
    assert found.pixels.flags.c_contiguous
    assert found.pixels.dtype.isnative
    return found.pixels


# ---- axes


def test_axes_are_reversed_and_nothing_else(tmp_path):
    array = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)
    flipped = np.diag([-1.0, -2.0, 3.0, 1.0])  # left, posterior: no voxel moves for that
    found = pixels_of(save(tmp_path / "a.nii.gz", array, flipped))
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, array.T)


@pytest.mark.parametrize("shape", [(1, 5, 6), (3, 5, 6), (4, 5, 6), (5, 6, 3), (5, 4, 2)])
def test_short_axes_are_no_colours(tmp_path, shape):
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    path = save(tmp_path / "a.nii", array)
    np.testing.assert_array_equal(pixels_of(path), array.T)
    assert DECODER.header(path, NO_CHOICES).axes == "zyx"


def test_channels_stay_last(tmp_path):
    array = np.random.default_rng(0).random((2, 3, 4, 5)).astype(np.float32)
    path = save(tmp_path / "a.nii", array)
    assert DECODER.header(path, NO_CHOICES).axes == "zyxc"
    np.testing.assert_array_equal(pixels_of(path), array.transpose(2, 1, 0, 3))


@pytest.mark.parametrize("shape", [(2, 3, 2, 1, 2), (2, 3, 2, 1, 2, 1)])
def test_vectors_have_a_fifth_axis(tmp_path, shape):
    array = np.arange(24, dtype=np.uint8).reshape(shape)
    found = pixels_of(save(tmp_path / "a.nii", array))
    np.testing.assert_array_equal(found, array.reshape(2, 3, 2, 2).transpose(2, 1, 0, 3))


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 1), (4, 3, 1, 1)])
def test_one_slice_is_a_picture_unless_the_user_says_volume(tmp_path, shape):
    array = np.arange(12, dtype=np.uint8).reshape(shape)
    path = save(tmp_path / "a.nii.gz", array)
    np.testing.assert_array_equal(pixels_of(path), array.reshape(4, 3).T)
    np.testing.assert_array_equal(pixels_of(path, axes="zyx"), array.reshape(4, 3).T[None])
    assert DECODER.header(path, NO_CHOICES).spacing_mm == (0.7, 0.5)
    assert DECODER.header(path, Choices(axes="zyx")).spacing_mm == (3.0, 0.7, 0.5)


def test_slices_are_channels_if_the_user_says_so(tmp_path):
    array = np.arange(24, dtype=np.uint8).reshape(4, 3, 2)
    path = save(tmp_path / "a.nii", array)
    np.testing.assert_array_equal(pixels_of(path, axes="yxc"), array.transpose(1, 0, 2))
    with pytest.raises(SegbenchError, match=r"a.nii: has 2 slices\n.*axes: yx\}"):
        DECODER.read(path, Choices(axes="yx"))


@pytest.mark.parametrize("shape", [(5,), (2, 3, 2, 4, 2), (2, 3, 1, 1, 2, 2)])
def test_other_axes_are_refused(tmp_path, shape):
    path = save(tmp_path / "a.nii", np.zeros(shape, np.uint8))
    for opened in (DECODER.read, DECODER.header):
        with pytest.raises(SegbenchError, match="has the shape"):
            opened(path, NO_CHOICES)


# ---- values


@pytest.mark.parametrize("count", [3, 4])
def test_colours_are_channels(tmp_path, count):
    names = [(name, np.uint8) for name in "RGBA"[:count]]
    plain = np.arange(24 * count, dtype=np.uint8).reshape(2, 3, 4, count)
    path = save(tmp_path / "a.nii.gz", plain.view(names)[..., 0])
    header = DECODER.header(path, NO_CHOICES)
    assert (header.axes, header.colour, header.alpha) == ("zyxc", True, count == 4)
    np.testing.assert_array_equal(pixels_of(path), plain.transpose(2, 1, 0, 3))
    several = np.zeros((2, 3, 4, 2), names)
    refused(save(tmp_path / "b.nii", several), f"(2, 3, 4, 2) of {count} values each")


def test_complex_values_are_refused(tmp_path):
    refused(save(tmp_path / "a.nii", np.zeros((2, 2, 2), np.complex64)), "complex64", "magnitude")


def test_scaled_values(tmp_path):
    stored = np.array([[[0, 1], [2, 3]]], np.int16)
    found = pixels_of(save_scaled(tmp_path / "a.nii", stored, 0.5, -1))
    assert found.dtype == np.float32
    assert found.T.tolist() == [[[-1.0, -0.5], [0.0, 0.5]]]
    wide = np.array([[[2**24 + 1]]], np.int32)
    assert pixels_of(save_scaled(tmp_path / "b.nii", wide, 2, 1)) == 2 * wide + 1


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_large_numbers_are_exact(tmp_path, dtype):
    array = np.array([[[2**63 - 1, 2**53 + 1]]], dtype)
    np.testing.assert_array_equal(pixels_of(save(tmp_path / "a.nii.gz", array)), array.T)


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("dtype", ["<i2", ">i2", ">f4", "<f8", "u1"])
def test_versions_and_byte_orders(tmp_path, kind, dtype):
    array = np.arange(8).reshape(2, 2, 2).astype(dtype)
    image = kind(array, AFFINE, kind.header_class(endianness=dtype[0] if dtype[0] in "<>" else "<"))
    image.set_data_dtype(array.dtype)
    nibabel.save(image, tmp_path / "a.nii.gz")
    found = pixels_of(tmp_path / "a.nii.gz")
    assert found.dtype.itemsize == array.dtype.itemsize
    np.testing.assert_array_equal(found, array.T)


@given(
    st.lists(st.integers(1, 5), min_size=2, max_size=4),
    st.sampled_from(["u1", "i1", "<u2", ">i2", "<i4", ">u4", "<i8", ">u8", "<f4", ">f8"]),
    st.sampled_from([nibabel.Nifti1Image, nibabel.Nifti2Image]),
    st.sampled_from([".nii", ".nii.gz", ".NII.GZ"]),
    st.data(),
)
def test_what_nibabel_writes_is_read(tmp_path_factory, shape, dtype, kind, ending, data):
    array = np.random.default_rng(sum(shape)).integers(0, 100, shape).astype(dtype)
    image = kind(array, AFFINE, kind.header_class(endianness=">" if dtype[0] == ">" else "<"))
    image.set_data_dtype(array.dtype)
    path = tmp_path_factory.mktemp("nifti") / f"a{ending}"
    blob = image.to_bytes()
    path.write_bytes(gzip.compress(blob) if ending.lower().endswith("gz") else blob)
    found = pixels_of(path, axes="zyx")
    want = array.reshape(*shape, *[1] * (4 - len(shape))).transpose(2, 1, 0, 3)
    np.testing.assert_array_equal(found, want if want.shape[-1] > 1 else want[..., 0])
    window = tuple(
        slice(*sorted(data.draw(st.tuples(*[st.integers(0, side)] * 2)))) for side in want.shape[:3]
    )
    part = DECODER.window(path, Choices(axes="zyx"), window)
    np.testing.assert_array_equal(part, found[window])
    assert part.dtype == found.dtype


def test_a_window_of_scaled_values_is_scaled(tmp_path):
    path = save_scaled(tmp_path / "a.nii", np.arange(8, dtype=np.int16).reshape(2, 2, 2), 2, 1)
    part = DECODER.window(path, NO_CHOICES, (slice(1, 2), slice(0, 2), slice(0, 1)))
    assert part.tolist() == [[[3.0], [7.0]]]


def test_a_written_file_holds_no_clock():
    packed = nifti_bytes(np.zeros((2, 2, 2), np.uint8), AFFINE)
    assert packed[4:8] == bytes(4)
    assert packed == nifti_bytes(np.zeros((2, 2, 2), np.uint8), AFFINE)


# ---- damage


@pytest.fixture
def whole(tmp_path):
    path = tmp_path / "case.nii.gz"
    path.write_bytes(nifti_bytes(np.arange(4000, dtype=np.int16).reshape(10, 20, 20), AFFINE))
    return path


def refused(path, *parts):
    with pytest.raises(SegbenchError) as caught:
        DECODER.read(path, NO_CHOICES)
    for part in (path.name, *parts):
        assert part in str(caught.value)


def test_a_missing_file(tmp_path):
    refused(tmp_path / "none.nii.gz", "no such file")
    with pytest.raises(SegbenchError, match="no such file"):
        DECODER.header(tmp_path / "none.nii.gz", NO_CHOICES)


@pytest.mark.parametrize("keep", [0, 1, 10, 400, -9, -1])
def test_a_file_cut_short(whole, keep):
    whole.write_bytes(whole.read_bytes()[:keep])
    refused(whole, "cannot be decoded")


def test_every_flipped_byte_is_seen_or_harmless(whole):
    data = whole.read_bytes()
    before = pixels_of(whole)
    for place in range(10, len(data), 97):
        broken = bytearray(data)
        broken[place] ^= 0x10
        whole.write_bytes(bytes(broken))
        try:
            np.testing.assert_array_equal(pixels_of(whole), before)
        except SegbenchError as error:
            assert "case.nii.gz" in str(error)


def test_a_wrong_checksum(whole):
    data = bytearray(whole.read_bytes())
    data[-8] ^= 1
    whole.write_bytes(bytes(data))
    refused(whole, "CRC check failed")


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (344, b"ni1\0", "one of a pair of files"),
        (42, b"\xf0\xff", "has the shape (-16, 5, 6)"),
        (70, b"\x07\0", "data code 7"),
        (40, b"\0\0", "has the shape"),
    ],
)
def test_headers_that_mean_nothing(tmp_path, place, value, told):
    blob = bytearray(nibabel.Nifti1Image(np.ones((4, 5, 6), np.uint8), AFFINE).to_bytes())
    blob[place : place + len(value)] = value
    path = tmp_path / "a.nii"
    path.write_bytes(blob)
    refused(path, told)


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_no_offset_is_the_end_of_the_header(tmp_path, kind):
    image = kind(np.ones((4, 5, 6), np.uint8), AFFINE)
    image.header["vox_offset"] = 0
    magic = kind.header_class.single_magic
    blob = image.to_bytes()
    image.header["magic"], image.header["vox_offset"] = magic, 0
    path = tmp_path / "a.nii"
    path.write_bytes(image.header.binaryblock + blob[len(image.header.binaryblock) :])
    assert pixels_of(path).all()


def test_several_members_and_what_follows(whole):
    before = pixels_of(whole)
    blob = gzip.decompress(whole.read_bytes())
    whole.write_bytes(gzip.compress(blob[:1000]) + gzip.compress(blob[1000:]) + bytes(64))
    np.testing.assert_array_equal(pixels_of(whole), before)
    whole.write_bytes(gzip.compress(blob + b"more"))
    np.testing.assert_array_equal(pixels_of(whole), before)
    whole.write_bytes(gzip.compress(blob) + b"<html>")
    refused(whole, "cannot be decoded")


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
