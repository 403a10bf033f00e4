"""Check, before training, that the samples have what the studies need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from segbench.archives import ArchiveSet
from segbench.artefacts.folds import read_folds
from segbench.artefacts.samples import read_samples
from segbench.errors import SegbenchError, all_of


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
        ``spacing``: metrics that need the pixel spacing of test samples;
        ``patches``: training patches, which must fit into every training image.

    Raises
    ------
    SegbenchError
        A test sample has no spacing, or a training image is smaller than a patch; all at once.
    """
    roles: dict[str, set[str]] = {}
    for row in read_folds(folds):
        roles.setdefault(row.role, set()).add(row.sample)
    found: list[SegbenchError] = []
    if needs["spacing"]:
        found += _lacking_spacing(samples, roles.get("test", set()), needs["spacing"])
    if needs["patches"]:
        found += _too_large(ArchiveSet(archives), roles.get("train", set()), needs["patches"])
    if found:
        raise all_of(found)


def _lacking_spacing(
    path: str | Path, tested: set[str], metrics: Sequence[str]
) -> Iterator[SegbenchError]:
    lacking = [row.sample for row in read_samples(path)
               if row.sample in tested and row.spacing_mm is None]  # fmt: skip
    if lacking:
        yield SegbenchError(
            f"{path}: sample {lacking[0]!r} has no pixel spacing ({len(lacking)} in total), which "
            f"{', '.join(metrics)} need{'s' * (len(metrics) == 1)}",
            "a spacing in the publisher's files, in the dataset's sheet, or spacing_um",
            f"set spacing_um in the dataset's config, or remove {', '.join(metrics)} from the "
            "studies",
        )


def _too_large(
    images: ArchiveSet, trained: Iterable[str], patches: Iterable[Sequence[int]]
) -> Iterator[SegbenchError]:
    sizes = {name: images.shape(name, "image")[:-1] for name in sorted(trained) if name in images}
    for patch in patches:
        for name, size in sizes.items():
            if len(size) != len(patch):
                yield SegbenchError(
                    f"training.patch {_size(patch)} has {len(patch)} sides, but "
                    f"sample {name!r} is {_size(size)}",
                    f"a patch with {len(size)} sides",
                    "correct training.patch in the model recipe",
                )
                break
            if any(a > b for a, b in zip(patch, size, strict=True)):
                smallest = [min(sides) for sides in zip(*sizes.values(), strict=True)]
                yield SegbenchError(
                    f"training.patch {_size(patch)} is larger than sample {name!r}, which is "
                    f"{_size(size)} after preprocessing",
                    f"a patch that fits into every image: {_size(smallest)} at most",
                    "choose a smaller training.patch in that model recipe, or resize the images in "
                    "the preprocessing recipe",
                )
                break


def _size(sides: Sequence[int]) -> str:
    return " x ".join(map(str, sides))
