"""From the probabilities of a whole image's classes to its class."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np

from segbench.config.model import Decision
from segbench.errors import SegbenchError


def decide(
    probability: np.ndarray,
    classes: Sequence[str],
    class_values: Sequence[int],
    recipe: Decision,
) -> np.ndarray:
    """Choose the class of one image.

    Parameters
    ----------
    probability : ndarray of float, (class,)
        In the order of the classes.
    classes, class_values : sequence
        Names of the dataset's classes and their values.
    recipe : Decision
        The first of its `favour` whose probability is at least `threshold` wins. A threshold
        below 1/2 lets a favoured class win that is not the likeliest: its recall rises, the
        precision falls.

    Returns
    -------
    ndarray of uint8, (1,)
        The value of the favoured class, else of the likeliest, the first among equals.

    Raises
    ------
    SegbenchError
        If there is not one probability per class, or a favoured class is unknown.

    Examples
    --------
    >>> probability, names, values = np.float32([0.7, 0.3]), ["benign", "malignant"], [1, 2]
    >>> decide(probability, names, values, Decision()).tolist()
    [1]
    >>> decide(probability, names, values, Decision(favour=["malignant"], threshold=0.2)).tolist()
    [2]
    """
    if probability.shape != (len(classes),):
        raise SegbenchError(
            f"probabilities of shape {probability.shape} for {len(classes)} classes",
            "one probability per class",
            "predict again with this model recipe",
        )
    for name in recipe.favour:
        if name not in classes:
            near = get_close_matches(name, classes, n=1, cutoff=0.4)
            raise SegbenchError(
                f"model recipe: decision.favour: {name!r} is no class",
                f"names among {', '.join(classes)}",
                f"did you mean {near[0]!r}?" if near else "correct the name",
            )
    favoured = (list(classes).index(name) for name in recipe.favour)
    likeliest = int(probability.argmax())
    chosen = next((n for n in favoured if probability[n] >= recipe.threshold), likeliest)
    return np.array([class_values[chosen]], np.uint8)
