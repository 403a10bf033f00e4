"""Survey of the training samples: share of each map, and places where it occurs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segbench.config.model import Sampling
from segbench.training import randomness
from segbench.training.samples import Samples
from segbench.training.task import Task
from segbench.unannotated import UNANNOTATED

#: Places that are kept per class and sample: 12 KiB per volume and class.
PLACES = 1024

#: Key of the places of all classes together.
FOREGROUND = -1


@dataclass(frozen=True)
class Survey:
    """Shares and places of the maps in the training samples.

    Attributes
    ----------
    shares : ndarray (map,), float64
        Share of each map in the pixels in which it was annotated; of whole images, in the
        images. 0 of a map that was annotated nowhere.
    places : list of dict of int to ndarray (place, axis), int32
        For each sample, pixels of each map or of `FOREGROUND`: at most `PLACES`, drawn at
        random but always the same. Maps that do not occur have no entry.
    """

    shares: np.ndarray
    places: list[dict[int, np.ndarray]]


def survey(samples: Sequence[Samples], task: Task, by: str) -> Survey:
    """Survey the targets of all samples, one at a time.

    Places are kept of none (`by` is uniform), of all classes together (foreground), or of each.
    """
    counts, pixels = np.zeros((2, len(task.maps)))
    places: list[dict[int, np.ndarray]] = []
    for number, sample in enumerate(samples):
        target = sample.whole_target()
        flat = target.reshape(-1, target.shape[-1])
        known = flat != UNANNOTATED if task.partial else np.ones_like(flat, bool)
        certain = _certain(sample, task)
        if task.exclusive:
            held = np.bincount(flat[:, 0], minlength=len(task.maps))[: len(task.maps)]
        else:
            held = ((flat > 0) & known).sum(axis=0)
        counts += held * certain
        pixels += known.sum(axis=0) * certain
        if by == "uniform":
            places.append({})
            continue
        keys = [k for k in task.scored if certain[k]]
        masks = {
            k: flat[:, 0] == k if task.exclusive else (flat[:, k] > 0) & known[:, k] for k in keys
        }
        places.append(_places(masks, target, number, task, by))
    return Survey(counts / np.maximum(pixels, 1), places)


def _certain(sample: Samples, task: Task) -> np.ndarray:
    """Maps of a sample whose pixels are known, (map,), bool."""
    if not task.exclusive or sample.annotated is None:
        return np.ones(len(task.maps), bool)
    # 0 stands for the background and for classes that nobody looked for.
    return np.array([False, *sample.annotated])


def _places(
    masks: dict[int, np.ndarray], target: np.ndarray, number: int, task: Task, by: str
) -> dict[int, np.ndarray]:
    """Some places of each key that the sample holds."""
    if by == "foreground":
        masks = {FOREGROUND: np.any(list(masks.values()), axis=0)} if masks else {}
    found = {}
    for key, mask in masks.items():
        indices = np.flatnonzero(mask)
        if not len(indices):
            continue
        if task.whole:
            found[key] = np.zeros((1, task.dimensions), np.int32)
            continue
        if len(indices) > PLACES:
            draw = randomness.generator(0, randomness.CANDIDATES, number, key + 1)
            indices = indices[np.sort(draw.integers(len(indices), size=PLACES))]
        found[key] = np.stack(np.unravel_index(indices, target.shape[:-1]), axis=-1).astype(
            np.int32
        )
    return found


class Focus:
    """Moves some crops of a batch onto objects.

    Parameters
    ----------
    sampling : Sampling
        Share of the crops, and what they are moved onto.
    found : Survey
        With places for it.
    """

    def __init__(self, sampling: Sampling, found: Survey) -> None:
        self.share, self.places = sampling.share, found.places
        self.keys = sorted({key for places in found.places for key in places})
        self.holders = {
            key: [n for n, places in enumerate(found.places) if key in places] for key in self.keys
        }

    def count(self, batch: int, number: float) -> int:
        """Crops of a batch that are moved, from a number in [0, 1); the share on average."""
        return int(batch * self.share + number) if self.keys else 0

    def choose(self, visited: int, numbers: np.ndarray) -> tuple[int, np.ndarray]:
        """Choose a sample and a pixel of it.

        Parameters
        ----------
        visited : int
            The sample whose turn it is; kept if it contains the chosen class.
        numbers : ndarray (3,)
            In [0, 1): for the class, the sample, the pixel.
        """
        key = self.keys[int(numbers[0] * len(self.keys))]
        holders = self.holders[key]
        sample = visited
        if key not in self.places[visited]:
            sample = holders[int(numbers[1] * len(holders))]
        places = self.places[sample][key]
        return sample, places[int(numbers[2] * len(places))]
