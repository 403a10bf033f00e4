"""Measurements of objects in a volume."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np

from segbench.objects.pixels import Pixels, crossings

Spacing = tuple[float, float, float]
Step = tuple[int, int, int]


def solid(
    numbers: np.ndarray, pixels: Pixels, spacing_mm: tuple[float, ...] | None
) -> dict[str, np.ndarray]:
    """Measure all objects of a volume.

    Parameters
    ----------
    numbers : ndarray of int, (z, y, x)
        0 outside, 1 ... n without gaps.
    pixels : Pixels
        From `sum_pixels`.
    spacing_mm : tuple of float or None
        Size of a voxel (z, y, x). Two values, without the depth, are not enough.

    Returns
    -------
    dict of str to ndarray, (n,)
        Keys are `SOLID` and `OUTLINE`. Ratios are those of the physical shape where the
        spacing is known.
    """
    count = len(pixels.size)
    padded = np.pad(numbers, 1)
    crossed = {step: crossings(padded, count, step) for step in _directions()}
    found = _sizes(pixels, crossed, (1.0, 1.0, 1.0), ("vx", "px2", "px"))
    known = spacing_mm is not None and len(spacing_mm) == 3
    if known:
        z, y, x = spacing_mm  # type: ignore[misc]
        found |= _sizes(pixels, crossed, (z, y, x), ("mm3", "mm2", "mm"))
    found |= _hulls(numbers.shape, pixels, spacing_mm if known else None)
    for name in [name for name in found if name.endswith(("_px", "_vx", "_px2"))]:
        unit = {"px": "mm", "px2": "mm2", "vx": "mm3"}[name.rsplit("_", 1)[1]]
        found.setdefault(f"{name.rsplit('_', 1)[0]}_{unit}", np.full(count, np.nan))
    border = np.zeros(count, bool)
    for axis, name in enumerate("zyx"):
        found[f"bbox_{name}0_px"] = pixels.start[axis]
        found[f"bbox_{name}1_px"] = pixels.stop[axis]
        border |= (pixels.start[axis] == 0) | (pixels.stop[axis] == numbers.shape[axis])
    drawn = {"shape": np.full(count, "Mask", object), "points": np.full(count, "", object)}
    return {**found, "touches_border": border, **drawn}


def _sizes(
    pixels: Pixels,
    crossed: dict[Step, np.ndarray],
    spacing: Spacing,
    units: tuple[str, str, str],
) -> dict[str, np.ndarray]:
    """What depends on the unit of length."""
    cube, square, line = units
    volume = pixels.size * float(np.prod(spacing))
    weights = crofton_weights(spacing)
    surface = sum((weights[s] * n for s, n in crossed.items()), np.zeros(len(volume)))
    scaled = pixels.covariance * np.outer(spacing, spacing)
    # An ellipsoid's second moment along an axis is a fifth of its half length squared.
    axes = 2 * np.sqrt(5 * np.maximum(np.linalg.eigvalsh(scaled), 0))
    sphere = np.pi ** (1 / 3) * (6 * volume) ** (2 / 3)
    return {
        f"volume_{cube}": volume,
        f"surface_{square}": surface,
        f"equivalent_diameter_{line}": np.cbrt(6 * volume / np.pi),
        f"major_axis_{line}": axes[:, 2],
        f"middle_axis_{line}": axes[:, 1],
        f"minor_axis_{line}": axes[:, 0],
        "sphericity": np.minimum(1.0, sphere / surface),
        **{f"centroid_{n}_{line}": pixels.mean[a] * spacing[a] for a, n in enumerate("zyx")},
    }


@lru_cache(maxsize=1)
def _directions() -> tuple[Step, ...]:
    """Steps to half of the 26 neighbours."""
    steps = product((-1, 0, 1), repeat=3)
    return tuple((z, y, x) for z, y, x in steps if (z, y, x) > (0, 0, 0))


@lru_cache(maxsize=8)
def crofton_weights(spacing: Spacing = (1.0, 1.0, 1.0)) -> dict[Step, float]:
    """Weights of the crossings along 13 directions in Crofton's formula for surfaces.

    Parameters
    ----------
    spacing : tuple of float
        Size of a voxel (z, y, x).

    Returns
    -------
    dict
        Step (z, y, x) -> weight; the surface is the sum of weight times crossings.

    References
    ----------
    Lehmann & Legland 2012, Efficient N-dimensional surface estimation using Crofton
    formula and run-length encoding, Insight Journal, https://hdl.handle.net/10380/3342. Each
    direction stands for the part of the sphere that is nearest to it.
    """
    from scipy.spatial import SphericalVoronoi

    steps = np.array(_directions())
    physical = steps * spacing
    lengths = np.linalg.norm(physical, axis=1)
    unit = physical / lengths[:, None]
    areas = SphericalVoronoi(np.concatenate([unit, -unit])).calculate_areas()
    share = 2 * areas[: len(steps)] / (4 * np.pi)
    weights = 2 * share * np.prod(spacing) / lengths
    return dict(zip(_directions(), weights.tolist(), strict=True))


def _hulls(
    shape: tuple[int, ...], pixels: Pixels, spacing: tuple[float, ...] | None
) -> dict[str, np.ndarray]:
    """Largest distance of two corners, and the share of the convex hull that is filled."""
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import pdist

    count = len(pixels.size)
    largest, physical, solidity = (np.full(count, np.nan) for _ in range(3))
    corners, owner = _run_corners(shape, pixels)
    cuts = np.searchsorted(owner, np.arange(count + 1))
    for number in range(count):
        points = corners[cuts[number] : cuts[number + 1]].astype(np.float64)
        hull = ConvexHull(points)
        outer = points[hull.vertices]
        largest[number] = pdist(outer).max()
        solidity[number] = min(1.0, pixels.size[number] / hull.volume)
        if spacing is not None:
            physical[number] = pdist(outer * spacing).max()
    return {"feret_max_px": largest, "feret_max_mm": physical, "solidity": solidity}


def _run_corners(shape: tuple[int, ...], pixels: Pixels) -> tuple[np.ndarray, np.ndarray]:
    """Corners (z, y, x) of the first and last voxel of each object's rows; and whose they are.

    The hull of these is the hull of all corners of all voxels.
    """
    rows, x = np.divmod(pixels.places, shape[2])
    key = pixels.owner.astype(np.int64) * (shape[0] * shape[1]) + rows
    order = np.argsort(key, kind="stable")
    key, x = key[order], x[order]
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    last = np.r_[first[1:], len(key)] - 1
    owner, row = np.divmod(key[first], shape[0] * shape[1])
    z, y = np.divmod(row, shape[1])
    ends = ((0, x[first]), (1, x[last]))
    made = [
        np.stack([z + dz, y + dy, end + dx], axis=1)
        for dx, end in ends
        for dz in (0, 1)
        for dy in (0, 1)
    ]
    corners = np.stack(made, axis=1).reshape(-1, 3)
    return corners, np.repeat(owner, len(made))
