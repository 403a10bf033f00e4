"""Metrics of surfaces: HD95 and the normalised surface Dice, after the package surface-distance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from segbench.metrics.case import Case, Value
from segbench.metrics.metric import EMPTY_VALUE, MASKS, Definition, EmptyPolicy
from segbench.metrics.registry import metric
from segbench.metrics.surfaces import Surfaces

_NIKOLOV = "Nikolov et al. 2021, doi:10.2196/26151"

#: Metric of the normalised surface Dice -> its tolerance in mm.
TOLERANCES_MM = {"nsd_1mm": 1.0, "nsd_2mm": 2.0}


def hausdorff_95(found: Surfaces | None, empty: EmptyPolicy, diagonal_mm: float) -> float:
    """95th percentile of the distances between two surfaces, in mm; the diagonal if one is empty.

    Where both masks are empty: exclude gives NaN, one (perfect) 0 mm, zero (worst) the diagonal.

    Notes
    -----
    In each direction the distance below which 95 % of the surface lie, elements weighted by
    their length or area; the larger of the two. BraTS 2023 scores 374 mm where one mask is
    empty: the diagonal of its 240 x 240 x 155 mm (373.1), rounded up.

    References
    ----------
    Huttenlocher et al. 1993, doi:10.1109/34.232073; Nikolov et al. 2021, doi:10.2196/26151
    """
    if found is None:
        return {"exclude": math.nan, "one": 0.0, "zero": diagonal_mm}[empty]
    if not (found.truth_sizes.size and found.prediction_sizes.size):
        return diagonal_mm
    return max(
        _percentile(found.from_truth, found.truth_sizes),
        _percentile(found.from_prediction, found.prediction_sizes),
    )


def _percentile(distances: np.ndarray, sizes: np.ndarray) -> float:
    """Distance at 95 % of the surface; both in the order of the distances."""
    shares = np.cumsum(sizes) / np.sum(sizes)
    return float(distances[min(int(np.searchsorted(shares, 0.95)), distances.size - 1)])


def surface_dice(found: Surfaces | None, empty: EmptyPolicy, tolerance_mm: float) -> float:
    """Share of both surfaces that lie within a tolerance of the other, in 0 ... 1.

    One empty mask scores 0; a distance of just the tolerance is within
    (Nikolov et al. 2021, doi:10.2196/26151).
    """
    if found is None:
        return EMPTY_VALUE[empty]
    within = sum(
        float(np.sum(sizes[distances <= tolerance_mm]))
        for distances, sizes in (
            (found.from_truth, found.truth_sizes),
            (found.from_prediction, found.prediction_sizes),
        )
    )
    return within / float(np.sum(found.truth_sizes) + np.sum(found.prediction_sizes))


def diagonal(shape: Sequence[int], spacing_mm: Sequence[float]) -> float:
    """Length of an image's diagonal in mm.

    Examples
    --------
    >>> round(diagonal((155, 240, 240), (1.0, 1.0, 1.0)), 1)
    373.1
    """
    return math.sqrt(sum((n * s) ** 2 for n, s in zip(shape, spacing_mm, strict=True)))


@metric(
    Definition(
        "hd95", "HD95 (mm)", "hd95/surface-distance",
        "95th percentile of the distances of one surface's elements from the other surface, "
        "elements weighted by their length (2-D) or area (3-D), the larger of both directions, "
        "in mm",
        f"Huttenlocher et al. 1993, doi:10.1109/34.232073; surface elements: {_NIKOLOV}",
        "surface", higher_is_better=False,
    ),
    MASKS,
    needs_spacing=True,
)  # fmt: skip
def _measure_hausdorff_95(case: Case) -> Iterator[Value]:
    longest = diagonal(case.shape, case.spacing("hd95"))
    for name in case.names:
        yield Value(name, "hd95", hausdorff_95(case.surfaces(name, "hd95"), case.empty, longest))


def _define_surface_dice(name: str, tolerance_mm: float) -> None:
    definition = Definition(
        name, f"NSD at {tolerance_mm:g} mm", f"nsd@{tolerance_mm:g}mm/surface-distance",
        f"share of both surfaces, by length (2-D) or area (3-D), within {tolerance_mm:g} mm of the "
        "other",
        _NIKOLOV, "pixels",
    )  # fmt: skip

    @metric(definition, MASKS, needs_spacing=True)
    def measure(case: Case) -> Iterator[Value]:
        for class_name in case.names:
            found = case.surfaces(class_name, name)
            yield Value(class_name, name, surface_dice(found, case.empty, tolerance_mm))


for _name, _tolerance in TOLERANCES_MM.items():
    _define_surface_dice(_name, _tolerance)
