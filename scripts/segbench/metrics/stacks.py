"""Scores of whole stacks of slices: the UW-Madison competition, in two published readings.

The competition's text leaves open what happens where masks are empty and over what the
Hausdorff distance is taken; two programs that were published with results decide it
differently. Both give 0.4 Dice + 0.6 (1 - Hausdorff), both are computed here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from segbench.metrics.case import Value
from segbench.metrics.metric import ALL, MASKS, Definition
from segbench.metrics.registry import metric
from segbench.metrics.surfaces import bounds

#: How the competition weighs its two parts.
UW_WEIGHTS = {"Dice": 0.4, "1 - Hausdorff": 0.6}

_DICE, _HAUSDORFF = UW_WEIGHTS

_MLEBENCH = "Chan et al. 2024, doi:10.48550/arXiv.2410.07095, grade.py of the competition"
_FIRST_PLACE = "first place of the competition, github.com/CarnoZhao/Kaggle-UWMGIT, monai/metric.py"
_WEIGHTED = "0.4 Dice + 0.6 (1 - Hausdorff distance), the two as defined below"


def slice_dice(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Dice of each slice and class (z, y, x, class), in 0 ... 1; NaN where both are empty."""
    both = np.count_nonzero(truth & prediction, axis=(1, 2))
    either = np.count_nonzero(truth, axis=(1, 2)) + np.count_nonzero(prediction, axis=(1, 2))
    return np.where(either > 0, 2 * both / np.maximum(either, 1), math.nan)


def joined_hausdorff(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Hausdorff distance of two masks (z, y, x) in a unit cube, over its diagonal, in 0 ... 1.

    NaN where both are empty, 0 where equal, 1 where one is empty or the prediction has more than
    10 times as many pixels: Chan et al. 2024, doi:10.48550/arXiv.2410.07095 (mle-bench, grade.py).

    Examples
    --------
    >>> truth = np.zeros((1, 1, 4), bool)
    >>> truth[..., 0] = True
    >>> round(joined_hausdorff(truth, truth[..., ::-1]) * 3**0.5, 6)
    0.75
    """
    true, predicted = int(truth.sum()), int(prediction.sum())
    if not true and not predicted:
        return math.nan
    if np.array_equal(truth, prediction):
        return 0.0
    if not true or not predicted or predicted > 10 * true:
        return 1.0
    steps = [1 / n for n in truth.shape]
    farthest = max(_farthest(prediction, truth, steps), _farthest(truth, prediction, steps))
    return farthest / math.sqrt(3)


def class_hausdorff(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Distance of the prediction's surface from the truth's, over the diagonal, in 0 ... 1.

    0 where equal, also where both are empty, 1 where one is empty. In one direction, as published
    (https://github.com/CarnoZhao/Kaggle-UWMGIT, monai/metric.py): what the prediction misses does
    not count by itself.

    Examples
    --------
    >>> truth = np.zeros((2, 2, 1), bool)
    >>> truth[0, 0] = True
    >>> round(class_hausdorff(truth, truth[::-1]), 6)
    0.333333
    """
    from scipy import ndimage

    if np.array_equal(truth, prediction):
        return 0.0
    if not truth.any() or not prediction.any():
        return 1.0
    edges = [mask & ~ndimage.binary_erosion(mask) for mask in (prediction, truth)]
    farthest = _farthest(edges[0], edges[1], [1.0] * truth.ndim)
    return min(1.0, farthest / math.sqrt(sum(n * n for n in truth.shape)))


def _farthest(here: np.ndarray, there: np.ndarray, steps: list[float]) -> float:
    """Largest distance of a pixel of one mask from the nearest pixel of another."""
    from scipy import ndimage

    box = bounds(here, there)
    assert box is not None
    distances = ndimage.distance_transform_edt(~there[box], sampling=steps)
    return float(distances[here[box]].max())


def _score_and_dice(kind: str, dice: float, number: int, distance: float) -> Iterator[Value]:
    """The score, with its two parts as classes, then the Dice as a metric of its own."""
    yield Value(_DICE, f"uw_{kind}", dice, float(number))
    yield Value(_HAUSDORFF, f"uw_{kind}", 1 - distance)
    yield Value(ALL, f"uw_dice@{kind}", dice, float(number))


@metric(
    Definition("uw_mlebench", "Score (mle-bench)", "uw/mle-bench", _WEIGHTED, _MLEBENCH,
               by_class=False, class_weights=UW_WEIGHTS),
    MASKS,
    per="stack",
    parts=(
        Definition(
            "uw_dice@mlebench", "Dice (mle-bench)", "uw-dice/mle-bench",
            "2 TP / (2 TP + FP + FN) of each slice and class, averaged over all pairs of them that "
            "are not empty in both truth and prediction", _MLEBENCH,
        ),
        Definition(
            "uw_hausdorff@mlebench", "Hausdorff (mle-bench)", "uw-hausdorff/mle-bench",
            "largest distance of a pixel of one mask from the other, in a stack of slices with the "
            "classes joined, coordinates divided by the stack's size, over the square root of 3; "
            "0 where equal, 1 where one is empty or the prediction has over 10 times the pixels, "
            "left out where both are empty", _MLEBENCH, higher_is_better=False,
        ),
    ),
)  # fmt: skip
def mlebench(
    truth: np.ndarray, prediction: np.ndarray, classes: tuple[str, ...]
) -> Iterator[Value]:
    """The score as mle-bench grades it, of masks (z, y, x, class), then its parts."""
    found = slice_dice(truth, prediction)
    scored = ~np.isnan(found)
    pairs = int(scored.sum())
    mean = float(found[scored].sum()) / pairs if pairs else math.nan
    joined = [np.asarray(masks.any(axis=-1)) for masks in (truth, prediction)]
    distance = joined_hausdorff(*joined)
    yield from _score_and_dice("mlebench", mean, pairs, distance)
    yield Value(ALL, "uw_hausdorff@mlebench", distance)


@metric(
    Definition("uw_per_class", "Score (per class)", "uw/per-class", _WEIGHTED, _FIRST_PLACE,
               by_class=False, class_weights=UW_WEIGHTS),
    MASKS,
    per="stack",
    parts=(
        Definition(
            "uw_dice@per_class", "Dice (per class)", "uw-dice/per-class",
            "2 TP / (2 TP + FP + FN) of each slice and class whose truth is not empty, averaged "
            "over the classes of a slice, then over slices", _FIRST_PLACE,
        ),
        Definition(
            "uw_hausdorff@per_class", "Hausdorff (per class)", "uw-hausdorff/per-class",
            "largest distance of a surface pixel of the prediction from the surface of the truth, "
            "in pixels, of each stack and class, over the stack's diagonal; 0 where equal, also "
            "where both are empty, 1 where one is empty; one direction only, as in the code, which "
            "its own training loop applies slice by slice", _FIRST_PLACE, higher_is_better=False,
        ),
    ),
)  # fmt: skip
def per_class(
    truth: np.ndarray, prediction: np.ndarray, classes: tuple[str, ...]
) -> Iterator[Value]:
    """The score as the competition's first place defined it, then its parts; see `mlebench`."""
    present = truth.any(axis=(1, 2))
    found = np.where(present, slice_dice(truth, prediction), 0.0)
    number = present.sum(axis=1)
    by_slice = found.sum(axis=1)[number > 0] / number[number > 0]
    slices = by_slice.size
    mean = float(by_slice.sum()) / slices if slices else math.nan
    distances = [class_hausdorff(truth[..., c], prediction[..., c]) for c in range(len(classes))]
    yield from _score_and_dice("per_class", mean, slices, sum(distances) / len(distances))
    for name, distance in zip(classes, distances, strict=True):
        yield Value(name, "uw_hausdorff@per_class", distance)
