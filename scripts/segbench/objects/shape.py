"""Hulls, caliper widths, ellipses: what follows from outlines and moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Calipers:
    """Caliper (Feret) widths and the convex hull's area of n objects.

    Attributes
    ----------
    largest, smallest, area : ndarray of float64, (n,)
    angle : ndarray of float64, (n,)
        Direction of the largest width, degrees in [0, 180), counter-clockwise from the x
        axis; of several equal ones the smallest angle.
    """

    largest: np.ndarray
    smallest: np.ndarray
    angle: np.ndarray
    area: np.ndarray


def hulls(points: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Convex hulls.

    Parameters
    ----------
    points : sequence of ndarray of int, (point, 2)
        x, y; one array per object.

    Returns
    -------
    list of ndarray of float64, (corner, 2)
        Corners of the hulls, without those on a straight line.
    """
    import cv2

    return [
        cv2.convexHull(np.ascontiguousarray(each, np.int32))[:, 0].astype(np.float64)
        for each in points
    ]


def calipers(corners: Sequence[np.ndarray]) -> Calipers:
    """Caliper widths of convex polygons.

    Parameters
    ----------
    corners : sequence of ndarray of float64, (corner, 2)
        x, y of each hull, in pixels or scaled to physical units.

    References
    ----------
    Feret 1930, La grosseur des grains de matieres pulverulentes. As in ImageJ the widths are
    those of the polygon along the pixels' edges: one pixel is 1 wide at least and
    sqrt(2) at most. Shamos 1978, Computational geometry, for the smallest one: it stands on
    an edge of the hull.

    Examples
    --------
    >>> found = calipers([np.array([[0.0, 0], [4, 0], [4, 3], [0, 3]])])
    >>> found.largest.tolist(), found.smallest.tolist(), found.area.tolist()
    ([5.0], [3.0], [12.0])
    """
    rows = np.array([_calipers(each) for each in corners]).reshape(-1, 4)
    return Calipers(*rows.T)


def _calipers(hull: np.ndarray) -> tuple[float, float, float, float]:
    """Largest width, smallest width, angle of the largest, area."""
    x, y = hull[:, 0], hull[:, 1]
    across, down = x[None] - x[:, None], y[None] - y[:, None]
    squared = across * across + down * down
    largest = squared.max()
    one, other = np.nonzero(squared >= largest * (1 - 1e-12))
    angles = np.degrees(np.arctan2(-down[one, other], across[one, other])) % 180
    edge_x, edge_y = np.roll(x, -1) - x, np.roll(y, -1) - y
    # Distance of every corner from the line through every edge.
    distance = np.abs(edge_x[:, None] * down - edge_y[:, None] * across)
    smallest = (distance.max(axis=1) / np.hypot(edge_x, edge_y)).min()
    area = abs((x * edge_y - y * edge_x).sum()) / 2
    return float(np.sqrt(largest)), float(smallest), float(angles.min()), float(area)


def ellipses(
    covariance: np.ndarray, spacing: tuple[float, float] = (1.0, 1.0)
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Axes of the ellipses with the same second moments.

    Parameters
    ----------
    covariance : ndarray of float64, (n, 2, 2)
        Of y and x, in pixels squared.
    spacing : tuple of float
        Height and width of a pixel.

    Returns
    -------
    tuple of ndarray of float64, (n,)
        Major axis, minor axis (both whole lengths, 4 standard deviations), orientation in
        degrees in [0, 180).

    Examples
    --------
    >>> major, minor, angle = ellipses(np.array([[[1.0, 0], [0, 4]]]))
    >>> major.tolist(), minor.tolist(), angle.tolist()
    ([8.0], [4.0], [0.0])
    """
    height, width = spacing
    yy, xx = covariance[:, 0, 0] * height**2, covariance[:, 1, 1] * width**2
    xy = covariance[:, 0, 1] * height * width
    middle, apart = (yy + xx) / 2, np.hypot((yy - xx) / 2, xy)
    angle = np.degrees(np.arctan2(-2 * xy, xx - yy)) / 2 % 180
    # -1e-17 % 180 is 180 in floating point.
    angle = np.where(angle >= 180, 0.0, angle)
    return 4 * np.sqrt(middle + apart), 4 * np.sqrt(np.maximum(middle - apart, 0)), angle


def crofton_weights(spacing: tuple[float, float] = (1.0, 1.0)) -> dict[tuple[int, int], float]:
    """Weights of the crossings along four directions in Crofton's formula for perimeters.

    Parameters
    ----------
    spacing : tuple of float
        Height and width of a pixel.

    Returns
    -------
    dict
        Step (y, x) -> weight; the perimeter is the sum of weight times crossings.

    References
    ----------
    Legland, Kieu & Devaux 2007, Computation of Minkowski measures on 2D and 3D binary
    images, Image Analysis & Stereology 26:83, doi:10.5566/ias.v26.p83-92. Each direction
    stands for the angles that are nearest to it. With square pixels this is
    `skimage.measure.perimeter_crofton(directions=4)`.
    """
    height, width = spacing
    diagonal = np.arctan2(height, width)
    apart = height * width / np.hypot(height, width)
    return {
        (0, 1): diagonal * height / 2,
        (1, 0): (np.pi / 2 - diagonal) * width / 2,
        (1, 1): np.pi / 4 * apart / 2,
        (1, -1): np.pi / 4 * apart / 2,
    }
