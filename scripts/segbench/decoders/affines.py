"""Affines of voxels: their size, and that their axes are at right angles."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np

from segbench.errors import SegbenchError

#: Largest cosine between two axes that counts as a right angle. Headers hold float32 and are
#: rounded to a few decimals, which stays below it; distances are wrong by at most this part.
SHEAR = 1e-3


def spacing_from(affine: np.ndarray) -> tuple[float, float, float]:
    """Size of a voxel: the lengths of the affine's columns.

    Parameters
    ----------
    affine : ndarray, (4, 4)
        Index (x, y, z, 1) to millimetres; rotated or not.

    Returns
    -------
    tuple of float
        (z, y, x) in millimetres.

    Examples
    --------
    >>> spacing_from(np.diag([-0.5, 0.7, 3.0, 1.0]))
    (3.0, 0.7, 0.5)
    """
    x, y, z = (float(length) for length in np.linalg.norm(affine[:3, :3], axis=0))
    return z, y, x


def shear_of(affine: np.ndarray) -> float:
    """The largest cosine between two axes, 0 to 1; 0: all are at right angles."""
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return float(np.abs(axes.T @ axes - np.eye(3)).max())


def apart(affine: np.ndarray, other: np.ndarray, size: tuple[int, ...]) -> float:
    """How far the corners of two grids of a size (z, y, x) lie apart, in voxels of the other."""
    corners = np.array(list(product(*((0, side - 1) for side in size[::-1])))).T
    step = np.linalg.solve(other, affine)
    return float(np.abs(step[:3, :3] @ corners + step[:3, 3:] - corners).max())


def is_affine(affine: np.ndarray) -> bool:
    """Whether the numbers are finite and every voxel has a place of its own."""
    if (
        not np.isfinite(affine).all()
        or not (lengths := np.linalg.norm(affine[:3, :3], axis=0)).all()
    ):
        return False
    return bool(abs(np.linalg.det(affine[:3, :3] / lengths)) > 1e-6)


def check_orthogonal(path: Path, affine: np.ndarray) -> None:
    """Refuse axes that are not at right angles: distances in mm need voxels that are boxes.

    Raises
    ------
    SegbenchError
        With the angle.
    """
    if (cosine := shear_of(affine)) > SHEAR:
        angle = np.degrees(np.arccos(min(cosine, 1.0)))
        raise SegbenchError(
            f"{path}: its affine is sheared: two of its axes meet at {angle:.2f} degrees",
            "axes at right angles: voxel sizes and distances in mm are wrong otherwise",
            "resample image and mask (nearest neighbour) onto a grid without shear, e.g. with "
            "SimpleITK or ANTs; or, if a registration wrote the affine, restore the scanner's",
        )
