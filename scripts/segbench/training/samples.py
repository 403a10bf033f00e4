"""Samples in memory, random crops for training, tiles for validation. No Keras here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from segbench.archives import ArchiveSet
from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.instances.targets import activation, make_targets, map_names
from segbench.training import randomness

#: A distance in 0...1 is kept as an integer of this range: four times less memory.
STEPS_OF_DISTANCE = 255


@dataclass(frozen=True)
class Task:
    """What the network is to learn from these archives.

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
        Maps whose Dice is watched: not the background, not the auxiliary maps.
    """

    channels: int
    maps: tuple[str, ...]
    exclusive: bool
    image_scale: float
    target_scale: float
    scored: tuple[int, ...]


def make_task(archives: ArchiveSet, recipe: Model, first: str) -> Task:
    """Read from the archives' attributes what is to be learnt."""
    classes = archives.attributes["classes"]
    maps = tuple(map_names(recipe.target, classes))
    exclusive = activation(recipe.target, classes) == "softmax"
    if recipe.target == "foreground_distance" and recipe.loss.name == "dice":
        raise SegbenchError(
            "loss `dice` with target `foreground_distance`",
            "a loss with an entropy part: a distance is a degree, not a set",
            "set the model recipe's `loss.name` to `bce_dice`",
        )
    if recipe.target == "classes":
        scored = tuple(range(1, len(maps))) if exclusive else tuple(range(len(maps)))
    else:
        scored = (0,)
    degrees = recipe.target == "foreground_distance"
    return Task(
        channels=archives.shape(first, "image")[-1],
        maps=maps,
        exclusive=exclusive,
        image_scale=float(archives.attributes.get("image_scale", 1.0)),
        target_scale=1.0 / STEPS_OF_DISTANCE if degrees else 1.0,
        scored=scored,
    )


@dataclass(frozen=True)
class Sample:
    """One sample in memory.

    Attributes
    ----------
    image : ndarray (y, x, channel)
        As stored.
    target : ndarray (y, x, k), uint8
        Independent maps; or one map with the number of the class if they are exclusive.
    """

    image: np.ndarray
    target: np.ndarray


def load(archives: ArchiveSet, ids: Sequence[str], recipe: Model, task: Task) -> list[Sample]:
    """Read samples and make their targets, once.

    Targets are made from the label as it is stored, before any jitter, which then moves
    them by nearest neighbour: a boundary of 2 pixels becomes one of 4 where the jitter
    zooms in by 2.
    """
    values = archives.attributes["class_values"]
    result = []
    for sample in ids:
        image, label = archives.read(sample, "image"), archives.read(sample, "label")
        if image.shape[-1] != task.channels or image.shape[:2] != label.shape:
            raise SegbenchError(
                f"sample {sample!r}: image {image.shape}, label {label.shape}",
                f"(y, x, {task.channels}) and the same (y, x)",
                "delete the archives and run the same command again",
            )
        target = make_targets(label, recipe.target, values, recipe.boundary_px)
        if task.exclusive:
            target = target.argmax(axis=-1)[..., None]
        elif target.dtype.kind == "f":
            target = np.rint(target * STEPS_OF_DISTANCE)
        result.append(Sample(image, np.ascontiguousarray(target, np.uint8)))
    return result


def window_size(samples: Sequence[Sample], recipe: Model) -> tuple[int, int]:
    """Height and width of what enters the network: multiples of ``2 ** depth``.

    A patch is no larger than the largest image: what lies beyond is padding, and its price
    would be paid in every step.

    Raises
    ------
    SegbenchError
        If whole images are asked for and they differ in size.
    """
    sizes = {sample.image.shape[:2] for sample in samples}
    patch = recipe.training.patch
    if patch is not None:
        largest = np.max(list(sizes), axis=0).tolist()
        patch = min(patch[0], largest[0]), min(patch[1], largest[1])
    else:
        if len(sizes) > 1:
            shown = ", ".join(f"{h} x {w}" for h, w in sorted(sizes)[:4])
            raise SegbenchError(
                f"the images have {len(sizes)} sizes ({shown} ...)",
                "one size, or a patch",
                "set the model recipe's `training.patch`, or resize in the preprocessing",
            )
        (patch,) = sizes
    unit = 2**recipe.network.depth
    return math.ceil(patch[0] / unit) * unit, math.ceil(patch[1] / unit) * unit


def reflect_to(array: np.ndarray, height: int, width: int) -> np.ndarray:
    """Mirror an array at its lower and right edge until it has at least this size."""
    missing = (max(height - array.shape[0], 0), max(width - array.shape[1], 0))
    if missing == (0, 0):
        return array
    padding = [(0, missing[0]), (0, missing[1])] + [(0, 0)] * (array.ndim - 2)
    return np.pad(array, padding, mode="symmetric")


class Feed:
    """Batches of random crops; which ones depends on (seed, epoch, step) alone.

    Parameters
    ----------
    samples : sequence of Sample
        The training samples.
    window : (int, int)
        Height and width of the crops. Smaller images are mirrored up to it once.
    batch : int
        Crops a batch.
    steps : int
        Batches an epoch.
    seed : int
        Of the training.
    """

    def __init__(
        self, samples: Sequence[Sample], window: tuple[int, int], batch: int, steps: int, seed: int
    ) -> None:
        self.samples = [
            Sample(reflect_to(s.image, *window), reflect_to(s.target, *window)) for s in samples
        ]
        self.window, self.batch, self.steps, self.seed = window, batch, steps, seed

    def make(self, epoch: int, step: int) -> dict[str, np.ndarray]:
        """One batch: image, target, seed (epochs count from 1, steps from 0)."""
        height, width = self.window
        start = ((epoch - 1) * self.steps + step) * self.batch
        order = randomness.visiting_order(self.seed, len(self.samples), start, self.batch)
        corners = randomness.generator(self.seed, randomness.CROP, epoch, step).random(
            (self.batch, 2)
        )
        images, targets = [], []
        for number, (down, right) in zip(order, corners, strict=True):
            sample = self.samples[number]
            y = int(down * (sample.image.shape[0] - height + 1))
            x = int(right * (sample.image.shape[1] - width + 1))
            images.append(sample.image[y : y + height, x : x + width])
            targets.append(sample.target[y : y + height, x : x + width])
        return {
            "image": np.stack(images),
            "target": np.stack(targets),
            "seed": randomness.step_seed(self.seed, epoch, step),
        }

    def epoch(self, epoch: int) -> Iterator[dict[str, np.ndarray]]:
        """All batches of an epoch."""
        return (self.make(epoch, step) for step in range(self.steps))


class Tiles:
    """Whole images cut into windows, each pixel of weight 1 in exactly one of them.

    Parameters
    ----------
    samples : sequence of Sample
        The validation samples.
    window : (int, int)
        Height and width.
    batch : int
        Windows a batch; the last one is filled up with windows of weight 0.

    Attributes
    ----------
    batches : list of dict
        image, target, weight (batch, y, x, 1) uint8.
    owners : list of ndarray (batch,), int
        Number of the sample of each window, -1 for the filling.
    """

    def __init__(self, samples: Sequence[Sample], window: tuple[int, int], batch: int) -> None:
        tiles = [
            (owner, *tile)
            for owner, sample in enumerate(samples)
            for tile in _tiles_of(sample, window)
        ]
        self.batches: list[dict[str, np.ndarray]] = []
        self.owners: list[np.ndarray] = []
        for start in range(0, len(tiles), batch):
            group = tiles[start : start + batch]
            owners = [tile[0] for tile in group] + [-1] * (batch - len(group))
            blank = np.zeros_like(group[0][3])
            filled = group + [(-1, group[0][1], group[0][2], blank)] * (batch - len(group))
            arrays = {
                name: np.stack([tile[k] for tile in filled])
                for k, name in enumerate(("image", "target", "weight"), start=1)
            }
            self.batches.append(arrays)
            self.owners.append(np.array(owners))


def _tiles_of(
    sample: Sample, window: tuple[int, int]
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Image, target and weight of each window of a sample."""
    height, width = sample.image.shape[:2]
    image, target = reflect_to(sample.image, *window), reflect_to(sample.target, *window)
    rows, columns = image.shape[:2]
    for y in range(0, height, window[0]):
        for x in range(0, width, window[1]):
            top, left = min(y, rows - window[0]), min(x, columns - window[1])
            weight = np.zeros((*window, 1), np.uint8)
            weight[y - top : height - top, x - left : width - left] = 1
            here = (slice(top, top + window[0]), slice(left, left + window[1]))
            yield image[here], target[here], weight
