"""Voxel size and shear of affines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.decoders.affines import apart, check_orthogonal, is_affine, shear_of, spacing_from
from segbench.errors import SegbenchError


def rotation(z: float, x: float = 0.0) -> np.ndarray:
    """About z, then about x, in radians."""
    about_z = [[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]]
    about_x = [[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]]
    return np.array(about_x) @ np.array(about_z)


def affine_from(turn, sides, origin=(0, 0, 0)) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag(sides)
    affine[:3, 3] = origin
    return affine


@given(st.floats(-3, 3), st.floats(-3, 3), st.tuples(*[st.floats(0.01, 50)] * 3))
def test_rotated_voxels_keep_their_size(z, x, sides):
    affine = affine_from(rotation(z, x), sides, (1, 2, 3))
    np.testing.assert_allclose(spacing_from(affine), sides[::-1])
    assert shear_of(affine) < 1e-9
    check_orthogonal(Path("a.nii"), affine)


def test_mirrored_and_permuted_axes_keep_their_size():
    affine = np.array([[0, 0, 3.0, 0], [-0.5, 0, 0, 0], [0, 0.7, 0, 0], [0, 0, 0, 1]])
    assert spacing_from(affine) == (3.0, 0.7, 0.5)
    assert shear_of(affine) == 0


def test_a_sheared_affine_is_refused_with_its_angle():
    shear = np.array([[1, 0.02, 0], [0, 1, 0], [0, 0, 1]])
    affine = affine_from(rotation(0.3) @ shear, (0.7, 0.7, 3))
    assert shear_of(affine) == pytest.approx(0.02, rel=1e-3)
    with pytest.raises(SegbenchError, match=r"a.nii: .* meet at 88.85 degrees") as caught:
        check_orthogonal(Path("a.nii"), affine)
    assert "resample image and mask" in caught.value.action


def test_rounding_is_no_shear():
    affine = np.round(affine_from(rotation(0.3, 0.2), (0.7, 0.7, 3)), 4)
    assert 0 < shear_of(affine) < 1e-3
    check_orthogonal(Path("a.nii"), affine)


def test_corners_are_apart_in_voxels():
    affine, other = np.diag([0.5, 0.7, 3.0, 1.0]), np.diag([0.5, 0.7, 3.0, 1.0])
    assert apart(affine, other, (4, 5, 6)) == 0
    other[0, 3] = 1.5
    assert apart(affine, other, (4, 5, 6)) == pytest.approx(3)
    other = np.diag([0.5, 0.7, 6.0, 1.0])
    assert apart(affine, other, (5, 5, 6)) == pytest.approx(2)
    assert apart(other, affine, (5, 5, 6)) == pytest.approx(4)


@pytest.mark.parametrize(
    ("affine", "good"),
    [
        (np.diag([1e-4, 1e-4, 1e-4, 1]), True),
        (np.diag([1, 1, 0, 1]), False),
        (np.diag([1, 1, np.nan, 1]), False),
        (np.array([[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]), False),
    ],
)
def test_affines_that_give_voxels_no_place(affine, good):
    assert is_affine(affine) is good
