"""From the probabilities of one new image to its label, as the study's segmentation does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.imaging.inverse import to_original, volume_to_original
from segbench.inference.preparing import Opened
from segbench.instances.decisions import decide
from segbench.instances.decoding import decode


@dataclass(frozen=True)
class Labels:
    """What the labels of a dataset are.

    Attributes
    ----------
    task : {"semantic", "overlapping", "instances", "classification"}
    classes : dict of str to int
        Names and values.
    """

    task: str
    classes: dict[str, int]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Labels:
        """From the plain data of a request."""
        return cls(str(data["task"]), {str(k): int(v) for k, v in data["classes"].items()})

    def plain(self) -> dict[str, Any]:
        """As JSON-able data; the order of the classes is that of the maps."""
        return {"task": self.task, "classes": [[n, v] for n, v in self.classes.items()]}

    @property
    def attributes(self) -> dict[str, Any]:
        """As attributes of an archive."""
        names, values = list(self.classes), list(self.classes.values())
        return {"task": self.task, "classes": names, "class_values": values}

    def name_of(self, value: int) -> str:
        """Name of the class with this value."""
        return next(name for name, number in self.classes.items() if number == value)


def segment_image(
    opened: Opened, probability: np.ndarray, labels: Labels, recipe: Model
) -> tuple[np.ndarray, np.ndarray]:
    """Make the label of one image at its original size.

    Parameters
    ----------
    opened : Opened
        Its size and crop.
    probability : ndarray (y, x, map), (z, y, x, map) or (map,), float32
        What the networks say, on their grid.
    labels : Labels
    recipe : Model
        Its target, `instances` and `decision`.

    Returns
    -------
    label : ndarray
        Of the original size: uint8 label map, uint16 numbered objects, or with a last axis of
        overlapping masks, uint8; of whole images (1,), the value of the class.
    probability : ndarray of float32
        Rounded to float16, as the study stores them.

    Raises
    ------
    SegbenchError
        The networks' output is not a number.
    """
    if not np.isfinite(probability).all():
        raise SegbenchError(
            f"{opened.source.name}: the network's output is not a number",
            "finite logits",
            "apply another model; this one diverges on such an image",
        )
    # The study's figures were taken of probabilities that had been stored as float16.
    stored = probability.astype(np.float16).astype(np.float32)
    names, values = list(labels.classes), list(labels.classes.values())
    if labels.task == "classification":
        return decide(stored, names, values, recipe.decision), stored
    make = partial(
        decode,
        target=recipe.target,
        classes=names,
        class_values=values,
        recipe=recipe.instances,
        task=labels.task,
    )
    if stored.ndim == 4:
        return volume_to_original(stored, opened.size, opened.crop, make), stored
    height, width = opened.size
    return make(to_original(stored, (height, width))), stored
