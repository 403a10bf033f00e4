"""Measurements of objects in a plane."""

from __future__ import annotations

import numpy as np

from segbench.objects.outline import Outline, outlines
from segbench.objects.pixels import Pixels, crossings
from segbench.objects.shape import calipers, crofton_weights, ellipses, hulls

#: Micrometres in a millimetre.
_UM = 1000.0


def planar(
    numbers: np.ndarray, pixels: Pixels, spacing_mm: tuple[float, ...] | None
) -> dict[str, np.ndarray]:
    """Measure all objects of a plane.

    Parameters
    ----------
    numbers : ndarray of int, (y, x)
        0 outside, 1 ... n without gaps.
    pixels : Pixels
        From `sum_pixels`.
    spacing_mm : tuple of float or None
        Height and width of a pixel; of (z, y, x) the last two count.

    Returns
    -------
    dict of str to ndarray, (n,)
        Keys are `PLANAR` and `OUTLINE`. Ratios and angles are those of the physical shape
        where the spacing is known.
    """
    count = len(pixels.size)
    of_object: list[list[Outline]] = [[] for _ in range(count)]
    for line in outlines(numbers):
        of_object[line.owner].append(line)
    corners = hulls([np.concatenate([line.corners for line in each]) for each in of_object])
    padded = np.pad(numbers, 1)
    crossed = {step: crossings(padded, count, step) for step in crofton_weights()}
    found = _lengths(pixels, corners, crossed, (1.0, 1.0), "px")
    ratios = found
    if spacing_mm is None:
        unknown = [name.removesuffix("_px") for name in found if name.endswith("_px")]
        endings = {"area": "um2"}
        found |= {f"{n}_{endings.get(n, 'um')}": np.full(count, np.nan) for n in unknown}
    else:
        height, width = spacing_mm[-2:]
        ratios = _lengths(pixels, corners, crossed, (height * _UM, width * _UM), "um")
        found = found | ratios
    (y0, x0), (y1, x1) = pixels.start, pixels.stop
    border = (y0 == 0) | (x0 == 0) | (y1 == numbers.shape[0]) | (x1 == numbers.shape[1])
    box = {"bbox_y0_px": y0, "bbox_x0_px": x0, "bbox_y1_px": y1, "bbox_x1_px": x1}
    return {**found, **box, "touches_border": border, **_drawn(of_object)}


def _lengths(
    pixels: Pixels,
    corners: list[np.ndarray],
    crossed: dict[tuple[int, int], np.ndarray],
    spacing: tuple[float, float],
    unit: str,
) -> dict[str, np.ndarray]:
    """What depends on the unit of length, and the ratios of those."""
    height, width = spacing
    area = pixels.size * (height * width)
    weights = crofton_weights(spacing)
    perimeter = sum((weights[s] * n for s, n in crossed.items()), np.zeros(len(area)))
    feret = calipers([each * (width, height) for each in corners])
    major, minor, orientation = ellipses(pixels.covariance, spacing)
    return {
        ("area_px" if unit == "px" else "area_um2"): area.astype(np.float64),
        f"perimeter_{unit}": perimeter,
        f"feret_max_{unit}": feret.largest,
        f"feret_min_{unit}": feret.smallest,
        "feret_angle_deg": feret.angle,
        f"equivalent_diameter_{unit}": np.sqrt(4 * area / np.pi),
        f"major_axis_{unit}": major,
        f"minor_axis_{unit}": minor,
        "orientation_deg": orientation,
        "circularity": np.minimum(1.0, 4 * np.pi * area / perimeter**2),
        "roundness": np.minimum(1.0, 4 * area / (np.pi * major**2)),
        "solidity": np.minimum(1.0, area / feret.area),
        "eccentricity": np.sqrt(np.maximum(0.0, 1 - (minor / major) ** 2)),
        f"centroid_y_{unit}": pixels.mean[0] * height,
        f"centroid_x_{unit}": pixels.mean[1] * width,
    }


def _drawn(of_object: list[list[Outline]]) -> dict[str, np.ndarray]:
    """The outline where it is one line; else it takes a mask."""
    points = [
        " ".join(f"{x},{y}" for x, y in lines[0].corners.tolist()) if len(lines) == 1 else ""
        for lines in of_object
    ]
    return {
        "shape": np.array(["Polygon" if text else "Mask" for text in points], object),
        "points": np.array(points, object),
    }
