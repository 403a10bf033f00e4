"""Check, before training, that the samples have what the studies need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from segbench.archives import ArchiveSet
from segbench.artefacts.folds import read_folds
from segbench.artefacts.samples import read_samples
from segbench.errors import SegbenchError


def check_needs(
    folds: str | Path,
    samples: str | Path,
    archives: Sequence[str | Path],
    needs: Mapping[str, Any],
) -> None:
    """Fail if the samples lack what the studies need.

    Parameters
    ----------
    folds, samples : path
        `folds.tsv` and `samples.tsv`.
    archives : sequence of path
        The shards that training reads.
    needs : mapping
        ``spacing``: a metric that needs the pixel spacing of test samples, or null;
        ``patches``: training patches, which must fit into every training image.

    Raises
    ------
    SegbenchError
        A test sample has no spacing, or a training image is smaller than a patch.
    """
    roles: dict[str, set[str]] = {}
    for row in read_folds(folds):
        roles.setdefault(row.role, set()).add(row.sample)
    if needs["spacing"] is not None:
        _check_spacing(samples, roles.get("test", set()), needs["spacing"])
    if needs["patches"]:
        _check_patches(ArchiveSet(archives), roles.get("train", set()), needs["patches"])


def _check_spacing(path: str | Path, tested: set[str], metric: str) -> None:
    lacking = [row.sample for row in read_samples(path)
               if row.sample in tested and row.spacing_mm is None]  # fmt: skip
    if lacking:
        raise SegbenchError(
            f"{path}: sample {lacking[0]!r} has no pixel spacing ({len(lacking)} in total), but "
            f"{metric} is in millimetres",
            "a spacing in the publisher's files, in the dataset's sheet, or spacing_um",
            f"set spacing_um in the dataset's config, or remove {metric} from the studies",
        )


def _check_patches(
    images: ArchiveSet, trained: Iterable[str], patches: Iterable[Sequence[int]]
) -> None:
    sizes = {name: images.shape(name, "image")[:-1] for name in sorted(trained) if name in images}
    for patch in patches:
        for name, size in sizes.items():
            if len(size) != len(patch):
                raise SegbenchError(
                    f"training.patch {_size(patch)} has {len(patch)} sides, but "
                    f"sample {name!r} is {_size(size)}",
                    f"a patch with {len(size)} sides",
                    "correct training.patch in the model recipe",
                )
            if any(a > b for a, b in zip(patch, size, strict=True)):
                smallest = [min(sides) for sides in zip(*sizes.values(), strict=True)]
                raise SegbenchError(
                    f"training.patch {_size(patch)} is larger than sample {name!r}, which is "
                    f"{_size(size)} after preprocessing",
                    f"a patch that fits into every image: {_size(smallest)} at most",
                    "choose a smaller training.patch in that model recipe, or resize the images in "
                    "the preprocessing recipe",
                )


def _size(sides: Sequence[int]) -> str:
    return " x ".join(map(str, sides))
