"""The learning task: maps, targets and scales, from a dataset's archives. No Keras here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segbench.archives import ArchiveSet
from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.instances.targets import activation, make_targets, map_names
from segbench.unannotated import UNANNOTATED, unannotated

#: A distance in 0...1 is kept as an integer of this range: four times less memory. One less where
#: the last number marks pixels that were not annotated.
STEPS_OF_DISTANCE = 255

#: Spatial axes of the samples by the archives' word for all axes.
DIMENSIONS = {"yxc": 2, "zyxc": 3}


@dataclass(frozen=True)
class Task:
    """What a network learns from some archives.

    Attributes
    ----------
    channels : int
        Of the images.
    maps : tuple of str
        Names of the predicted maps.
    exclusive : bool
        Whether the maps exclude each other (softmax).
    image_scale : float
        Value of an image = stored number * this.
    target_scale : float
        Value of a target = stored number * this.
    scored : tuple of int
        Maps whose Dice is watched: not the background, unless the dataset scores it, and
        not the auxiliary maps.
    dimensions : int
        Spatial axes of the samples.
    whole : bool
        Whether a sample has one class as a whole.
    background : bool
        Whether the first of exclusive maps is a background that is no class.
    label_task : str
        What the labels are: semantic, overlapping, instances or classification.
    class_values : tuple of int
        Values of the classes in a label map.
    partial : bool
        Whether pixels or classes of some samples were not annotated.
    """

    channels: int
    maps: tuple[str, ...]
    exclusive: bool
    image_scale: float
    target_scale: float
    scored: tuple[int, ...]
    dimensions: int = 2
    whole: bool = False
    background: bool = True
    label_task: str = "semantic"
    class_values: tuple[int, ...] = (1,)
    partial: bool = False

    @property
    def figure(self) -> str:
        """Name of the validation figure."""
        return "val_accuracy" if self.whole else "val_dice"


def make_task(archives: ArchiveSet, recipe: Model, first: str, partial: bool = False) -> Task:
    """Read the task from the archives' attributes.

    Parameters
    ----------
    first : str
        A sample.
    partial : bool, optional
        See `Task`.

    Raises
    ------
    SegbenchError
        If the recipe's network cannot learn from such labels.
    """
    attributes = archives.attributes
    classes, label_task = attributes["classes"], attributes.get("task", "semantic")
    maps = tuple(map_names(recipe.target, classes, label_task))
    exclusive = activation(recipe.target, classes, label_task) == "softmax"
    whole = label_task == "classification"
    background = exclusive and not whole and not attributes.get("background")
    if label_task not in recipe.network.tasks:
        raise SegbenchError(
            f"network.kind is {recipe.network.kind}, but the task is {label_task}",
            f"a network for {label_task}, not for {', '.join(recipe.network.tasks)}",
            "correct the model recipe's `network.kind`, or choose another dataset",
        )
    every = tuple(range(int(background), len(maps)))
    degrees = recipe.target == "foreground_distance"
    return Task(
        channels=archives.shape(first, "image")[-1],
        maps=maps,
        exclusive=exclusive,
        image_scale=float(attributes.get("image_scale", 1.0)),
        target_scale=1.0 / (STEPS_OF_DISTANCE - partial) if degrees else 1.0,
        scored=every if recipe.target == "classes" else (0,),
        dimensions=DIMENSIONS[attributes.get("axes", "yxc")],
        whole=whole,
        background=background,
        label_task=label_task,
        class_values=tuple(attributes["class_values"]),
        partial=partial,
    )


def to_target(
    label: np.ndarray, recipe: Model, task: Task, annotated: np.ndarray | None = None
) -> np.ndarray:
    """Make the target of a label, or of a part of it, as it is kept in memory.

    Parameters
    ----------
    label : ndarray
        As stored, see `segbench.instances.make_targets`.
    recipe : Model
        `target` and `boundary_px`.
    task : Task
        What is learnt.
    annotated : ndarray of bool (class,), optional
        Which classes of a label map were annotated; None: all.

    Returns
    -------
    ndarray (..., k), uint8
        Independent maps; or one map with the number of the class if they are exclusive.
        Of whole images (1,). `UNANNOTATED` where a partial task has nothing to learn from.
    """
    target = make_targets(
        label, recipe.target, task.class_values, recipe.boundary_px, task.label_task
    )
    if task.exclusive:
        target = target.argmax(axis=-1)[..., None]
    elif target.dtype.kind == "f":
        target = np.rint(target * (STEPS_OF_DISTANCE - task.partial))
    target = np.ascontiguousarray(target, np.uint8)
    if task.partial:
        hidden = unannotated(label)
        if annotated is not None and not task.exclusive:
            hidden = hidden | (label == 0)  # may be a class that nobody looked for
        target[hidden] = UNANNOTATED
    return target
