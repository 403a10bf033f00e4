"""One sample's probability maps to its label map or its numbered objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from segbench.config.model import Instances
from segbench.errors import SegbenchError
from segbench.instances.objects import as_uint16, fill_holes, pieces, remove_small, split
from segbench.instances.targets import activation, map_names

#: What is high inside objects and low where they touch, from all maps of a target.
SEED_MAPS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "foreground_boundary": lambda maps: maps[..., 0] - maps[..., 1],
    "foreground_distance": lambda maps: maps[..., 1],
}


def decode(
    maps: np.ndarray,
    target: str,
    classes: Sequence[str],
    class_values: Sequence[int],
    recipe: Instances,
    task: str = "semantic",
) -> np.ndarray:
    """Make the label of one sample.

    Parameters
    ----------
    maps : ndarray (y, x, map) or (z, y, x, map), float
        Probabilities (and distances) in [0, 1], in the order of `map_names`.
    target : str
        What the maps are, see `segbench.instances.targets`.
    classes, class_values : sequence
        Names of the dataset's classes and their values in a label map.
    recipe : Instances
        Method and thresholds. A pixel is foreground where its probability exceeds
        `threshold`. Objects below `minimum_px` are removed before holes are filled.
    task : {"semantic", "overlapping", "instances"}, optional
        What the labels are.

    Returns
    -------
    ndarray
        Method none: uint8 label map, (y, x) or (z, y, x); of exclusive classes the likeliest,
        the first among equals. Overlapping ones: uint8 masks (..., class), 1 where the
        probability exceeds `threshold`. Else uint16 objects (y, x), numbered without gaps.

    Raises
    ------
    SegbenchError
        If the maps do not fit the target, or the method does not fit it.

    Examples
    --------
    >>> maps = np.float32([[[0.9], [0.2], [0.8]]])
    >>> decode(maps, "foreground", ["nucleus"], [1], Instances(method="components")).tolist()
    [[1, 0, 2]]
    >>> decode(maps, "classes", ["nucleus"], [255], Instances()).tolist()
    [[255, 0, 255]]
    """
    names = map_names(target, classes, task)
    if maps.ndim not in (3, 4) or maps.shape[-1] != len(names):
        raise SegbenchError(
            f"maps of shape {maps.shape} for target {target!r}",
            f"(y, x, {len(names)}) or (z, y, x, {len(names)}): {', '.join(names)}",
            "predict with the model recipe that the segmentation uses",
        )
    check_method(recipe, target, classes, task, maps.ndim == 4)
    if recipe.method == "none":
        if task == "overlapping":
            return (maps > recipe.threshold).astype(np.uint8)
        return _label_map(maps, target, classes, class_values, recipe.threshold)
    objects = number(maps[..., 0] > recipe.threshold, maps, target, recipe)
    return as_uint16(fill_holes(objects) if recipe.fill_holes else objects)


def number(mask: np.ndarray, maps: np.ndarray, target: str, recipe: Instances) -> np.ndarray:
    """Number the objects of a mask (y, x), before holes are filled; see `decode`.

    Returns
    -------
    ndarray of int32, (y, x)
        1, 2, ... without gaps. What becomes of one connected piece of the mask does not depend on
        the others.
    """
    if recipe.method == "components":
        objects = pieces(mask)
    elif target in SEED_MAPS:
        objects = split(mask, SEED_MAPS[target](maps), recipe.seed_threshold, recipe.minimum_px)
    else:
        raise SegbenchError(
            f"instances.method 'watershed' with target {target!r}, which has no seeds",
            f"target {' or '.join(SEED_MAPS)}",
            "set the model recipe's `target`, or `instances.method` to `components`",
        )
    return remove_small(objects, recipe.minimum_px)


def check_method(
    recipe: Instances, target: str, classes: Sequence[str], task: str, volume: bool
) -> None:
    """Refuse to number objects where that has no meaning.

    Raises
    ------
    SegbenchError
        Of several exclusive or overlapping classes, or in volumes.
    """
    if recipe.method == "none":
        return
    kind = "overlapping" if task == "overlapping" else "exclusive"
    if task == "overlapping" or (target == "classes" and len(classes) > 1):
        raise SegbenchError(
            f"instances.method {recipe.method!r} with {len(classes)} {kind} classes",
            "one class, or a foreground target",
            "set the model recipe's `instances.method` to `none`",
        )
    if volume:
        raise SegbenchError(
            f"instances.method {recipe.method!r} on volumes",
            "images: objects are numbered in two dimensions",
            "set the model recipe's `instances.method` to `none`",
        )


def _label_map(
    maps: np.ndarray,
    target: str,
    classes: Sequence[str],
    class_values: Sequence[int],
    threshold: float,
) -> np.ndarray:
    if activation(target, classes) == "softmax":
        return np.asarray(np.array([0, *class_values], np.uint8)[maps.argmax(axis=-1)])
    return np.where(maps[..., 0] > threshold, np.uint8(class_values[0]), np.uint8(0))
