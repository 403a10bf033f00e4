"""What one shard of a dataset consists of: its raw files and its rows of the sample sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from segbench.artefacts.inventory import by_sample, read_inventory
from segbench.artefacts.samples import read_samples
from segbench.config.dataset import Dataset
from segbench.datasets import RawSample, reader_of
from segbench.errors import SegbenchError


@dataclass(frozen=True)
class ShardSample:
    """One sample with what the stages record about it.

    Attributes
    ----------
    split : str
        The publisher's own, ``train`` or ``test``.
    spacing_mm : tuple of float or None
        Pixel height and width in millimetres; before them the depth of a voxel, or the
        distance of a stack's slices, where it is known.
    """

    raw: RawSample
    split: str
    spacing_mm: tuple[float, ...] | None


def shard_samples(
    dataset: Dataset, raw: Path, inventory: Path, samples: Path
) -> Iterator[ShardSample]:
    """List the samples of one shard, sorted by id; reads no pixels.

    Parameters
    ----------
    raw : Path
        The publisher's tree.
    inventory : Path
        The shard's manifest; it says which samples and files belong to the shard.
    samples : Path
        samples.tsv, of the shard or of the whole dataset.

    Raises
    ------
    SegbenchError
        If the tree, the manifest and the table do not agree.
    """
    wanted = by_sample(read_inventory(inventory))
    rows = {row.sample: row for row in read_samples(samples, allow_empty=True)}
    found = {r.sample: r for r in reader_of(dataset).scan(raw) if r.sample in wanted}
    for sample in sorted(wanted):
        if sample not in found or set(found[sample].files) != set(wanted[sample]):
            raise SegbenchError(
                f"{inventory}: sample {sample!r} is not as in {raw}",
                "a manifest made from the files that are there now",
                "run the same command again; the manifests are made anew at its start",
            )
        if sample not in rows:
            raise SegbenchError(
                f"{samples}: sample {sample!r} of {inventory} has no row",
                "a row for each sample",
                "delete the table and run the same command again",
            )
        row = rows[sample]
        yield ShardSample(found[sample], row.split, row.spacing_mm)
