"""Images and masks with the axes that the config asks for, on one grid."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import SimpleITK
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from segbench.config.dataset import Layout
from segbench.datasets.opening import choices_of, header_of, on_grid, read, read_mask
from segbench.decoders.decoder import Choices
from segbench.errors import SegbenchError
from unit.datasets.folders import decoded, image, label, save

ZYX = Choices(axes="zyx")


def test_what_a_layout_says():
    assert choices_of(None) == Choices()
    assert choices_of(Layout(axes="cyx", dataset="raw", level=2)) == Choices("cyx", "raw", 2)


@pytest.mark.parametrize(
    ("shape", "axes", "wanted"),
    [
        ((3, 8, 4), "zyx", "zyx"),
        ((3, 8, 4), "cyx", "yxc"),
        ((3, 8, 4), None, "yxc"),
        ((8, 4), "zyx", "zyx"),
        ((8, 4), "czyx", "zyx"),
        ((2, 8, 4), "czyx", "zyx"),
        ((2, 3, 8, 4), "czyx", "zyxc"),
    ],
)
def test_axes_of_images(tmp_path, shape, axes, wanted):
    path = save(tmp_path / "a.npy", image(0, shape))
    found = read(path, Choices(axes=axes))
    assert found.header.axes == wanted
    assert header_of(path, Choices(axes=axes)).shape == found.pixels.shape
    assert np.array_equal(np.sort(found.pixels, axis=None), np.sort(image(0, shape), axis=None))
    if axes == "cyx":
        assert np.array_equal(found.pixels, np.moveaxis(image(0, shape), 0, -1))


def test_axes_that_no_file_has_are_refused(tmp_path):
    path = save(tmp_path / "a.npy", image(0, (2, 3, 8, 4)))
    with pytest.raises(SegbenchError, match=r"a\.npy: "):
        read(path, ZYX)


@pytest.mark.parametrize("name", ["a.png", "a.npy", "a.tif", "a.nii.gz"])
def test_one_slice_is_a_volume_where_volumes_are_asked_for(tmp_path, name):
    path = save(tmp_path / name, image(0, (8, 10)))
    found = read(path, ZYX)
    assert found.header.size == found.pixels.shape == (1, 8, 10)
    assert np.array_equal(found.pixels[0], image(0, (8, 10)))
    assert read(path, Choices()).pixels.shape == (8, 10)


def test_the_spacing_of_one_slice_is_that_of_the_affine(tmp_path):
    path = tmp_path / "a.nii.gz"
    nibabel.save(nibabel.Nifti1Image(image(0, (10, 8, 1)), np.diag([0.5, 0.7, 3.0, 1.0])), path)
    assert header_of(path, ZYX).spacing_mm == (3.0, 0.7, 0.5)
    assert header_of(path, Choices()).spacing_mm == (0.7, 0.5)
    flat = save(tmp_path / "a.npy", image(0, (8, 10)))
    assert header_of(flat, ZYX).spacing_mm is None


def test_one_slice_without_a_place_is_as_thick_as_its_file_says(tmp_path):
    path = tmp_path / "a.nii.gz"
    made = nibabel.Nifti1Image(image(0, (10, 8, 1)), None)
    made.header["pixdim"][1:4] = 0.5, 0.7, 3.0
    nibabel.save(made, path)
    assert header_of(path, ZYX).spacing_mm == (3.0, 0.7, 0.5)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(image(0, (8, 10))), str(tmp_path / "a.mha"))
    found = header_of(tmp_path / "a.mha", ZYX)
    assert (found.shape, found.spacing_mm) == ((1, 8, 10), None)  # the file has no third axis


@pytest.mark.parametrize("axes", ["zyxc", "czyx", "zcyx"])
def test_channels_of_one_slice_are_where_its_file_says(tmp_path, axes):
    pixels = image(0)
    tifffile.imwrite(tmp_path / "rgb.tif", pixels, photometric="rgb")
    stains = {"photometric": "minisblack", "metadata": {"axes": "CYX"}}
    tifffile.imwrite(tmp_path / "stains.tif", np.moveaxis(pixels, -1, 0), **stains)
    for name in ("rgb.tif", "stains.tif"):
        found = read(tmp_path / name, Choices(axes=axes))
        assert found.header.axes == "zyxc"
        assert np.array_equal(found.pixels, pixels[None])


def test_what_a_decoder_notes_is_told_once(tmp_path, caplog):
    path = tmp_path / "a.nii.gz"
    made = nibabel.Nifti1Image(image(0, (10, 8, 2)), None)
    made.set_sform(np.zeros((4, 4)), 1)
    nibabel.save(made, path)
    for _ in range(2):
        read(path, Choices())
    told = [record.message for record in caplog.records if record.name.startswith("segbench")]
    assert told == [f"{path}: its sform gives voxels no place of their own and is not used"]


@pytest.mark.parametrize("axes", ["czyx", "zcyx", "zyx"])
def test_masks_have_no_channels(tmp_path, axes):
    shape = tuple({"c": 2, "z": 3, "y": 8, "x": 4}[axis] for axis in axes)
    path = save(tmp_path / "a.npy", image(0, shape))
    mask = save(tmp_path / "m.npy", label(2, 0, (3, 8, 4)))
    choices = Choices(axes=axes)
    found = read_mask(mask, header_of(path, choices), path, choices)
    assert found.header.axes == "zyx"
    assert np.array_equal(found.pixels, label(2, 0, (3, 8, 4)))


def test_a_mask_in_colour_keeps_its_axes(tmp_path):
    path = save(tmp_path / "a.npy", image(0, (3, 8, 4)))
    mask = save(tmp_path / "m.png", image(1, (8, 4, 3)))
    choices = Choices(axes="cyx")
    found = read_mask(mask, header_of(path, choices), path, choices)
    assert found.header.axes == "yxc"
    assert np.array_equal(found.pixels, image(1, (8, 4, 3)))


def test_a_mask_is_brought_to_the_grid_of_its_image(tmp_path):
    values = label(2, 0, (10, 8, 6))
    flip = np.diag([-1.0, 1, 1, 1])
    flip[0, 3] = 9
    for name, array, affine in (("a", values, np.eye(4)), ("m", values[::-1], flip)):
        nibabel.save(nibabel.Nifti1Image(array, affine), tmp_path / f"{name}.nii.gz")
    path, choices = tmp_path / "a.nii.gz", Choices()
    found = read_mask(tmp_path / "m.nii.gz", header_of(path, choices), path, choices)
    assert np.array_equal(found.pixels, values.T)
    assert np.array_equal(found.header.affine, np.eye(4))


def test_a_mask_of_another_size_is_refused(tmp_path):
    path = save(tmp_path / "a.npy", image(0, (8, 4)))
    mask = save(tmp_path / "m.npy", label(2, 0, (4, 8)))
    with pytest.raises(SegbenchError, match=r"m\.npy: 4 x 8 pixels"):
        read_mask(mask, header_of(path, Choices()), path, Choices())


def test_a_flat_mask_of_a_stack_may_mean_that_the_stack_is_of_channels(tmp_path):
    path = save(tmp_path / "a.npy", image(0, (3, 8, 10)))
    mask = save(tmp_path / "m.npy", label(2, 0, (8, 10)))
    with pytest.raises(SegbenchError) as error:
        read_mask(mask, header_of(path, Choices()), path, Choices())
    assert error.value.what == f"{mask}: 8 x 10 pixels, one slice"
    assert "`layout: {axes: cyx}`" in error.value.action
    choices = Choices(axes="cyx")
    found = read_mask(mask, header_of(path, choices), path, choices)
    assert np.array_equal(found.pixels, label(2, 0, (8, 10)))


def test_one_frame_of_a_segmentation_is_put_in_its_slice(tmp_path):
    volume = image(0, (3, 8, 10))
    nibabel.save(nibabel.Nifti1Image(volume.T, np.eye(4)), tmp_path / "a.nii.gz")
    path = tmp_path / "a.nii.gz"
    place = np.eye(4)
    place[2, 3] = 1
    frame = decoded(label(2, 0, (8, 10)), affine=place, partial=True)
    found = on_grid(frame, tmp_path / "seg.dcm", header_of(path, Choices()), path)
    assert np.array_equal(found.pixels[1], label(2, 0, (8, 10)))
    assert not found.pixels[[0, 2]].any()


@given(
    st.permutations("zyxc"),
    st.sampled_from(["yx", "zyx", "yxc", "zyxc"]),
    st.tuples(*[st.integers(1, 6)] * 4),
)
def test_any_order_of_axes_is_read_and_its_mask_lies_on_it(tmp_path_factory, order, kept, sides):
    axes = "".join(axis for axis in order if axis in kept)
    shape = dict(zip("zyxc", sides, strict=True))
    folder, choices = tmp_path_factory.mktemp("axes"), Choices(axes=axes)
    stored = np.arange(np.prod([shape[axis] for axis in axes])).reshape([shape[a] for a in axes])
    path = save(folder / "a.npy", stored)
    found = read(path, choices)
    assert found.header.axes == "".join(axis for axis in "zyxc" if axis in axes)
    wanted = stored.transpose([axes.index(axis) for axis in found.header.axes])
    assert np.array_equal(found.pixels, wanted)
    flat = axes.replace("c", "")
    first = stored.take(0, axes.index("c")) if "c" in axes else stored
    mask = read_mask(save(folder / "m.npy", first), header_of(path, choices), path, choices)
    assert mask.header.axes == found.header.axes.rstrip("c")
    wanted = first.transpose([flat.index(axis) for axis in mask.header.axes])
    assert np.array_equal(mask.pixels, wanted)
