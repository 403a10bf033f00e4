"""Masks and channels are brought to their image's grid, or refused with what differs."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.decoders.affines import spacing_from
from segbench.decoders.decoder import Decoded, Header
from segbench.decoders.faults import warn_once
from segbench.decoders.grids import align, check_size
from segbench.errors import SegbenchError

IMAGE, MASK = Path("image.nii.gz"), Path("mask.nii.gz")
SPACING = (3.0, 0.7, 0.5)


def turned(degrees: float) -> np.ndarray:
    """An affine of voxels of 0.5 x 0.7 x 3 mm, turned about z, away from the origin."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    affine = np.diag([0.5, 0.7, 3.0, 1.0])
    affine[:3, :3] = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]) @ affine[:3, :3]
    affine[:3, 3] = [-112.3, 40.1, -900.7]
    return affine


def volume(shape=(5, 6, 7), channels=0, seed=0) -> np.ndarray:
    full = shape + (channels,) * bool(channels)
    return np.random.default_rng(seed).integers(1, 200, full, np.uint8)


def decoded(pixels, affine=None, spacing=None, axes="zyx", **more) -> Decoded:
    if affine is not None:
        spacing = spacing_from(affine)[-len(axes.rstrip("c")) :]
    return Decoded(Header(axes, pixels.shape, pixels.dtype, spacing, affine, **more), pixels)


def aligned(mask: Decoded, image: Decoded) -> np.ndarray:
    return align(mask, MASK, image.header, IMAGE)


def refused(mask: Decoded, image: Decoded) -> str:
    with pytest.raises(SegbenchError) as caught:
        aligned(mask, image)
    return str(caught.value)


# ---- one grid


def test_one_grid_is_handed_on_as_it_is(caplog):
    one = decoded(volume(), turned(20))
    assert np.shares_memory(aligned(one, one), one.pixels)
    np.testing.assert_array_equal(aligned(one, one), one.pixels)
    assert not caplog.records


@pytest.mark.parametrize(("shift", "same"), [(0.002, True), (0.03, True), (0.2, False)])
def test_places_are_compared_in_parts_of_a_voxel(shift, same):
    image, other = decoded(volume(), turned(0)), turned(0)
    other[0, 3] += shift
    if same:
        np.testing.assert_array_equal(aligned(decoded(volume(), other), image), image.pixels)
    else:
        assert "its centre 0 x 0 x 0.4 voxels" in refused(decoded(volume(), other), image)


def test_a_hundredth_of_a_millimetre_counts_where_voxels_are_smaller():
    image, other = np.diag([0.001, 0.001, 0.001, 1.0]), np.diag([0.001, 0.001, 0.001, 1.0])
    other[1, 3] = 0.01
    text = refused(decoded(volume(), other), decoded(volume(), image))
    assert "its centre 0 x 10 x 0 voxels" in text


def test_rounded_voxel_sizes_count_where_they_add_up():
    image = np.diag([0.7, 0.7, 3.0, 1.0])
    rounded = np.diag([0.7004, 0.7, 3.0, 1.0])
    narrow, wide = volume((2, 2, 100)), volume((2, 2, 400))
    assert aligned(decoded(narrow, rounded), decoded(narrow, image)) is not None
    assert "voxels of 3 x 0.7 x 0.7004 mm, not 3 x 0.7 x 0.7 mm" in refused(
        decoded(wide, rounded), decoded(wide, image)
    )


# ---- moved by whole voxels


@given(st.permutations(range(3)), st.tuples(*[st.sampled_from([-1, 1])] * 3), st.floats(-180, 180))
def test_mirrored_and_permuted_masks_are_put_in_the_images_order(axes, signs, degrees):
    pixels, affine = volume((2, 3, 4), channels=2), turned(degrees)
    # nibabel's axes are (x, y, z).
    image = nibabel.Nifti1Image(pixels.transpose(2, 1, 0, 3), affine)
    moved = image.as_reoriented(np.array([axes, signs]).T)
    mask = np.asarray(moved.dataobj).transpose(2, 1, 0, 3)
    found = aligned(decoded(mask, moved.affine, axes="zyxc"), decoded(pixels[..., 0], affine))
    np.testing.assert_array_equal(found, pixels)
    assert found.flags.c_contiguous


def test_moved_axes_are_told_once(caplog):
    warn_once.cache_clear()
    pixels, flipped = volume(), turned(0)
    flipped[:3, 3] += flipped[:3, :3] @ [6, 0, 0]
    flipped[:3, 0] *= -1
    for _ in range(2):
        aligned(decoded(pixels[:, :, ::-1], flipped), decoded(pixels, turned(0)))
    assert [record.message for record in caplog.records] == [
        "mask.nii.gz: it is mirrored along x; its voxels are put in the order of image.nii.gz"
    ]


def test_a_picture_with_an_affine_is_mirrored_too():
    pixels, affine = volume((6, 7)), np.diag([0.5, 0.7, 3.0, 1.0])
    flipped = affine.copy()
    flipped[1] = [0, -0.7, 0, 0.7 * 5]
    image = decoded(pixels, affine, axes="yx")
    found = aligned(decoded(pixels[::-1], flipped, axes="yx"), image)
    np.testing.assert_array_equal(found, pixels)
    away = affine.copy()
    away[2, 3] = 6  # another slice of the stack
    assert "its centre 2 x 0 x 0 voxels" in refused(decoded(pixels, away, axes="yx"), image)


def test_one_slice_has_no_thickness_to_compare():
    pixels = volume((6, 7))
    image = decoded(pixels, np.diag([0.5, 0.7, 3.0, 1.0]), axes="yx")
    mask = decoded(pixels[None], np.diag([0.5, 0.7, -1.0, 1.0]))
    np.testing.assert_array_equal(aligned(mask, image), pixels)


@pytest.mark.parametrize("affine", [None, turned(0)])
def test_a_slice_and_a_volume_of_one_slice_are_paired(affine):
    pixels = volume((6, 7))
    image = decoded(pixels[None], affine, SPACING)
    found = aligned(decoded(pixels, affine, SPACING[1:], axes="yx"), image)
    np.testing.assert_array_equal(found, pixels[None])


# ---- a part of the image's grid


def test_a_partial_segmentation_is_put_in_its_place():
    image = decoded(volume(), turned(35))
    part = turned(35)
    part[:3, 3] += part[:3, :3] @ [2, 1, 3]
    inner = volume((2, 3, 4), seed=1)
    found = aligned(decoded(inner, part, partial=True), image)
    want = np.zeros((5, 6, 7), np.uint8)
    want[3:5, 1:4, 2:6] = inner
    np.testing.assert_array_equal(found, want)
    assert "2 x 3 x 4 voxels, not 5 x 6 x 7" in refused(decoded(inner, part), image)


def test_a_part_of_an_image_without_a_place_is_refused():
    part = decoded(volume((2, 3, 4)), turned(0), partial=True)
    assert "image.nii.gz does not say where it lies" in refused(part, decoded(volume()))


def test_a_partial_segmentation_may_reach_out_with_background_only():
    image, part = decoded(volume(), turned(0)), turned(0)
    part[:3, 3] += part[:3, :3] @ [-1, 0, 0]
    inner = volume((5, 6, 8), seed=1)
    assert "lies outside image.nii.gz" in refused(decoded(inner, part, partial=True), image)
    inner[:, :, 0] = 0
    found = aligned(decoded(inner, part, partial=True), image)
    np.testing.assert_array_equal(found, inner[:, :, 1:])
    part[:3, 3] += part[:3, :3] @ [90, 0, 0]
    assert not aligned(decoded(inner * 0, part, partial=True), image).any()


# ---- files that give two places


@pytest.mark.parametrize("twice", ["image", "mask"])
def test_one_of_two_places_must_fit(twice):
    away = turned(0)
    away[:3, 3] += 50
    both = decoded(volume(), turned(0), other_affine=away)
    one = decoded(volume(), away)
    image, mask = (both, one) if twice == "image" else (one, both)
    np.testing.assert_array_equal(aligned(mask, image), volume())
    away = away + np.eye(4)[:, 3:] * 7
    assert "its centre" in refused(decoded(volume(), away), both)


# ---- refused


def test_another_angle_is_refused_with_the_angle():
    text = refused(decoded(volume(), turned(3)), decoded(volume(), turned(0)))
    assert "turned by 3.00 degrees" in text
    assert "SimpleITK.Resample" in text


def test_half_a_voxel_and_another_voxel_size_are_refused():
    other = turned(0)
    other[:3, 2] *= 0.5
    text = refused(decoded(volume(), other), decoded(volume(), turned(0)))
    assert "voxels of 1.5 x 0.7 x 0.5 mm, not 3 x 0.7 x 0.5 mm" in text
    assert "turned" not in text


def test_axes_between_two_axes_are_refused():
    text = refused(decoded(volume(), turned(45)), decoded(volume(), turned(0)))
    assert "turned by 45.00 degrees" in text


# ---- what is said by one file only


def test_voxel_sizes_are_compared_where_no_place_is_said(caplog):
    warn_once.cache_clear()
    image, mask = decoded(volume(), turned(0)), decoded(volume(), spacing=SPACING)
    np.testing.assert_array_equal(aligned(mask, image), mask.pixels)
    np.testing.assert_array_equal(aligned(decoded(volume()), image), volume())
    np.testing.assert_array_equal(aligned(image, mask), volume())
    assert [record.message.partition(";")[0] for record in caplog.records] == [
        "mask.nii.gz: does not say where its voxels lie",
        "image.nii.gz: does not say where its voxels lie",
    ]
    text = refused(decoded(volume(), spacing=(2.5, 0.7, 0.5)), image)
    assert "voxels of 2.5 x 0.7 x 0.5 mm, not 3 x 0.7 x 0.5 mm" in text


def test_the_resolution_of_pictures_is_told_only(caplog):
    warn_once.cache_clear()
    image = decoded(volume((6, 7)), spacing=(0.001, 0.001), axes="yx")
    mask = decoded(volume((6, 7)), spacing=(0.35, 0.35), axes="yx")
    np.testing.assert_array_equal(aligned(mask, image), mask.pixels)
    assert "0.35 x 0.35 mm" in caplog.text


def test_sizes_differ():
    image = decoded(volume((6, 7)), axes="yx")
    text = refused(decoded(volume((7, 6)), axes="yx"), image)
    assert "mask.nii.gz: 7 x 6 pixels" in text
    assert "rows and columns are swapped" in text
    with pytest.raises(SegbenchError, match="4 x 6 x 7 voxels"):
        check_size(MASK, (4, 6, 7), (5, 6, 7), IMAGE, "voxels")
