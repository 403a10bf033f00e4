"""What SimpleITK writes is read back, and agrees with NIfTI in values and place."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.decoders.decoder import Choices
from segbench.decoders.registry import decoder_of, header_of, read
from segbench.errors import SegbenchError

sitk = pytest.importorskip("SimpleITK")

DTYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]
VOLUME = Choices(axes="zyx")

sides = st.tuples(*[st.floats(0.1, 9)] * 3)
turns = st.tuples(*[st.floats(-3, 3)] * 2)


def image_of(array, spacing, angles, values=False):
    """A SimpleITK image that is turned about z and then about x."""
    (sin_z, sin_x), (cos_z, cos_x) = np.sin(angles), np.cos(angles)
    about_z = np.array([[cos_z, -sin_z, 0], [sin_z, cos_z, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, cos_x, -sin_x], [0, sin_x, cos_x]])
    image = sitk.GetImageFromArray(array, isVector=values)
    image.SetSpacing(spacing)
    image.SetOrigin((-112.3, 40.1, -900.7))
    image.SetDirection((about_x @ about_z).ravel().tolist())
    return image


@settings(max_examples=50)
@given(
    st.tuples(*[st.integers(1, 4)] * 3),
    st.integers(1, 3),
    st.sampled_from(DTYPES),
    st.sampled_from([".nrrd", ".nhdr", ".mha", ".mhd"]),
    st.booleans(),
    st.data(),
)
def test_what_simpleitk_writes_is_read(tmp_path_factory, shape, values, dtype, ending, zip_, data):
    full = shape + (values,) * (values > 1)
    array = np.random.default_rng(sum(shape)).integers(0, 100, full).astype(dtype)
    path = tmp_path_factory.mktemp("itk") / f"a b{ending}"
    image = image_of(array, (0.5, 0.7, 3.0), (0.1, 0.2), values > 1)
    sitk.WriteImage(image, str(path), useCompression=zip_)
    found = read(path, VOLUME)
    np.testing.assert_array_equal(found.pixels, array)
    assert found.pixels.dtype == array.dtype
    header = header_of(path, VOLUME)
    assert (header.axes, header.shape, header.dtype) == (
        "zyxc" if values > 1 else "zyx", array.shape, array.dtype,
    )  # fmt: skip
    window = tuple(
        slice(*sorted(data.draw(st.tuples(*[st.integers(0, side)] * 2)))) for side in shape
    )
    part = decoder_of(path).window(path, VOLUME, window)
    np.testing.assert_array_equal(part, array[window])
    assert part.dtype == array.dtype


@settings(max_examples=25)
@given(sides, turns, st.sampled_from([".nrrd", ".mha"]))
def test_all_formats_agree_in_values_and_place(tmp_path_factory, spacing, angles, ending):
    array = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)
    folder = tmp_path_factory.mktemp("agree")
    image = image_of(array, spacing, angles)
    for name in ("a.nii.gz", f"a{ending}"):
        sitk.WriteImage(image, str(folder / name))
    one, other = (read(folder / name) for name in ("a.nii.gz", f"a{ending}"))
    np.testing.assert_array_equal(one.pixels, other.pixels)
    np.testing.assert_allclose(one.header.spacing_mm, other.header.spacing_mm, rtol=1e-5)
    corners = np.array([[0, 0, 0, 1], [3, 0, 0, 1], [0, 2, 0, 1], [3, 2, 1, 1]]).T
    np.testing.assert_allclose(
        one.header.affine @ corners, other.header.affine @ corners, atol=1e-2
    )
    # SimpleITK's own millimetres run to left and posterior.
    place = np.array(image.TransformIndexToPhysicalPoint((3, 2, 1))) * [-1, -1, 1]
    np.testing.assert_allclose((other.header.affine @ corners)[:3, 3], place, atol=1e-6)


@settings(max_examples=25)
@given(st.permutations(range(3)), st.tuples(*[st.sampled_from([-1, 1])] * 3))
def test_mirrored_and_permuted_niftis_lie_where_simpleitk_sees_them(tmp_path_factory, axes, signs):
    path = tmp_path_factory.mktemp("nifti") / "a.nii.gz"
    image = nibabel.Nifti1Image(np.zeros((3, 4, 5), np.uint8), np.diag([0.5, 0.7, 3, 1]))
    moved = image.as_reoriented(np.array([axes, signs]).T)
    nibabel.save(moved, path)
    seen = sitk.ReadImage(str(path))
    last = [side - 1 for side in seen.GetSize()]
    place = np.array(seen.TransformIndexToPhysicalPoint(last)) * [-1, -1, 1]
    np.testing.assert_allclose((header_of(path).affine @ [*last, 1])[:3], place, atol=1e-5)


@settings(max_examples=40)
@given(
    st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"]), st.sampled_from("<>"),
    st.sampled_from([1, 0.5, -0.25, 3]), st.sampled_from([0, -1024, 0.125]),
)  # fmt: skip
def test_scaled_niftis_have_the_values_that_simpleitk_reads(
    tmp_path_factory, dtype, order, slope, intercept
):
    path = tmp_path_factory.mktemp("scaled") / "a.nii"
    stored = np.arange(24).reshape(2, 3, 4).astype(order + dtype)
    header = nibabel.Nifti1Header(endianness=order)
    header.set_data_shape(stored.shape[::-1])
    header.set_data_dtype(stored.dtype)
    header.set_slope_inter(slope, intercept)
    header["vox_offset"], header["magic"] = 352, b"n+1"
    path.write_bytes(header.binaryblock + bytes(4) + stored.tobytes())
    found = read(path).pixels
    np.testing.assert_array_equal(found, sitk.GetArrayFromImage(sitk.ReadImage(str(path))))
    np.testing.assert_array_equal(found, nibabel.load(path).get_fdata().T)


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_simpleitk_finds_a_mask_on_its_image(tmp_path, ending):
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    image = tmp_path / f"a{ending}"
    sitk.WriteImage(image_of(array, (0.5, 0.7, 3.0), (0.3, -0.2)), str(image))
    decoder = decoder_of(image)
    mask = tmp_path / f"m{decoder.mask_ending}"
    decoder.write_mask((array % 3).astype(np.uint8), mask, image, Choices())
    one, other = sitk.ReadImage(str(image)), sitk.ReadImage(str(mask))
    for said in ("GetOrigin", "GetSpacing", "GetDirection"):
        np.testing.assert_allclose(getattr(one, said)(), getattr(other, said)(), atol=1e-12)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(other), array % 3)


@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_a_mask_of_one_slice_has_the_axes_of_its_image(tmp_path, ending, values):
    array = np.zeros((1, 3, 4, 2) if values else (1, 3, 4), np.uint8)
    image = tmp_path / f"a{ending}"
    sitk.WriteImage(image_of(array, (0.5, 0.7, 3.0), (0, 0), values), str(image))
    label = np.arange(12, dtype=np.uint8).reshape(3, 4)
    mask = tmp_path / f"m{ending}"
    decoder_of(image).write_mask(label, mask, image, Choices())
    found = sitk.ReadImage(str(mask))
    assert found.GetSize() == (4, 3, 1)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(found)[0], label)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(SegbenchError, match="no such file"):
        read(tmp_path / "none.mha")


@pytest.mark.parametrize("ending", [".nrrd", ".seg.nrrd", ".nhdr", ".mha", ".mhd"])
def test_the_missing_package_is_told_with_the_command(tmp_path, monkeypatch, ending):
    monkeypatch.setattr("segbench.decoders.faults._installed", lambda name: False)
    with pytest.raises(SegbenchError, match="need the Python package SimpleITK") as caught:
        read(tmp_path / f"a{ending}")
    assert "make formats" in caught.value.action
