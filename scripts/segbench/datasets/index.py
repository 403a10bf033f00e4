"""The sample sheet: every file of every sample opened and verified once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from segbench.artefacts.inventory import RawFile, by_sample, read_inventory
from segbench.artefacts.samples import Sample, check_samples, read_samples, write_samples
from segbench.config.dataset import Dataset
from segbench.datasets import RawSample, Reader, reader_of
from segbench.datasets.description import describe
from segbench.decoders.listing import natural, walk
from segbench.errors import SegbenchError

log = logging.getLogger(__name__)

#: So many faults of a shard, and joined samples, are listed; the rest is counted.
MAX_LISTED = 20

#: So many files that belong to no sample are named.
MAX_NAMES = 10


def index_shard(dataset: Dataset, raw: Path, inventory: Path, shard: int, output: Path) -> None:
    """Verify the samples of one shard and write their rows.

    Parameters
    ----------
    dataset : Dataset
        Format, classes, spacing.
    raw : Path
        The raw tree.
    inventory : Path
        The shard's inventory.
    shard : int
        Number of the shard, written into the rows.
    output : Path
        The shard's part of the sample sheet.

    Raises
    ------
    SegbenchError
        All faults of the shard at once, each naming its file: a file that is missing, not
        in the inventory or damaged, a mask of another size than its image, a label outside
        the classes.
    """
    raw = Path(raw)
    files = by_sample(read_inventory(inventory))
    source = reader_of(dataset)
    every = list(source.scan(raw))
    scanned = {s.sample: s for s in every if s.sample in files}
    if shard == 0:
        _tell_left_over(raw, every)
    rows, faults = [], []
    for sample, listed in sorted(files.items()):
        try:
            found = scanned.get(sample)
            if found is None or set(found.files) != set(listed):
                raise SegbenchError(
                    f"{inventory}: sample {sample} has other files now",
                    "the raw tree of which the inventory was taken",
                    "run the same command again",
                )
            _verify_files(raw, listed, found, source)
            rows.append(describe(dataset, source, raw, found, shard))
        except SegbenchError as error:
            faults.append(error)
    if faults:
        raise _as_one(faults, f"{raw}: {len(faults)} of {len(files)} samples are faulty")
    write_samples(rows, output)


def _tell_left_over(raw: Path, samples: Iterable[RawSample]) -> None:
    """Name the files of a tree that no sample has."""
    known = {name for one in samples for name in (*one.files, *one.images, *one.labels)}
    names = [place + name for place, names in walk(raw) for name in names]
    others = sorted((name for name in names if name not in known), key=natural)
    if others:
        shown = ", ".join(others[:MAX_NAMES]) + (", ..." if len(others) > MAX_NAMES else "")
        log.warning("%s: %d files belong to no sample: %s", raw, len(others), shown)


def merge_samples(shards: Sequence[Path], output: Path) -> None:
    """Join the shards' rows into the sample sheet.

    Parameters
    ----------
    shards : sequence of Path
        What `index_shard` wrote.
    output : Path
        `samples.tsv`, see `join_copies`.

    Raises
    ------
    SegbenchError
        A sample id occurs twice, or there is no sample at all.
    """
    rows = [row for shard in shards for row in read_samples(shard, allow_empty=True)]
    check_samples(rows, output)
    joined = join_copies(rows)
    write_samples(joined, output)
    reasons = [f"{row.sample} ({row.joined})" for row in joined if row.joined]
    if reasons:
        more = f" and {len(reasons) - MAX_LISTED} more" if len(reasons) > MAX_LISTED else ""
        log.info(
            "%s: samples that are in the group of others: %s%s",
            output,
            ", ".join(reasons[:MAX_LISTED]),
            more,
        )


def join_copies(samples: Iterable[Sample]) -> list[Sample]:
    """Put samples whose images are equal pixel for pixel into one group.

    Parameters
    ----------
    samples : iterable of Sample
        Those without a digest are no copies of anything.

    Returns
    -------
    list of Sample
        Sorted by id. Groups that share a picture are one, called as the group of the first of
        their ids, so that no copy of a picture can cross a split; `joined` says why.
    """
    rows = sorted(samples, key=lambda row: row.sample)
    # Of each picture the first sample of every group that has it.
    pictures: dict[str, dict[str, Sample]] = {}
    for row in rows:
        if row.image_sha256:
            pictures.setdefault(row.image_sha256, {}).setdefault(row.group, row)
    shared = [owners for owners in pictures.values() if len(owners) > 1]
    merged = _merged_groups(rows, shared)
    twin = {row.group: row for owners in shared for row in owners.values()}

    def reason(row: Sample) -> str:
        owners = pictures.get(row.image_sha256, {})
        other = next((one for group, one in owners.items() if group != row.group), None)
        if other is not None:
            return f"identical picture: sample {other.sample}"
        if merged[row.group] != row.group:
            return f"group {row.group} has an identical picture: sample {twin[row.group].sample}"
        return ""

    return [
        replace(
            row,
            group=merged[row.group],
            joined="; ".join(text for text in (row.joined, reason(row)) if text),
        )
        for row in rows
    ]


def _merged_groups(
    rows: Iterable[Sample], shared: Iterable[Mapping[str, Sample]]
) -> dict[str, str]:
    """Name of each group once those that share a picture are one."""
    first: dict[str, str] = {}
    for row in rows:
        first.setdefault(row.group, row.sample)
    parent = {group: group for group in first}

    def root(group: str) -> str:
        while parent[group] != group:
            parent[group] = parent[parent[group]]
            group = parent[group]
        return group

    for owners in shared:
        one, *others = owners
        for other in others:
            keep, drop = sorted((root(one), root(other)), key=first.__getitem__)
            parent[drop] = keep
    return {group: root(group) for group in parent}


def _verify_files(
    raw: Path, listed: Mapping[str, RawFile], sample: RawSample, source: Reader
) -> None:
    """Check sizes against the inventory, and the checksums inside PNG files."""
    from segbench.decoders.pictures import verify_png

    faults = []
    for name, file in sorted(listed.items()):
        path, size = raw / name, file.bytes
        try:
            # Of a table, the sample's own rows are in the inventory.
            rows = source.rows_of(raw, name, [sample]) if source.is_table(name) else None
            here = path.stat().st_size if path.is_file() else size
            here = here if rows is None else len(rows.get(sample.sample, "").encode())
            if here != size:
                raise SegbenchError(
                    f"{path}: {here} bytes",
                    f"{size} bytes, as in the inventory",
                    "the file changed meanwhile: run the same command again",
                )
            if name.lower().endswith(".png"):
                verify_png(path)
        except SegbenchError as error:
            faults.append(error)
    if faults:
        raise _as_one(faults, "") if len(faults) > 1 else faults[0]


def _as_one(faults: list[SegbenchError], head: str) -> SegbenchError:
    """Make one error of many, all of them listed."""
    if len(faults) == 1:
        return faults[0]
    shown = "\n".join(f"{f.what} (expected: {f.expected})" for f in faults[:MAX_LISTED])
    more = f"\nand {len(faults) - MAX_LISTED} more" if len(faults) > MAX_LISTED else ""
    return SegbenchError(
        f"{head}\n{shown}{more}" if head else f"{shown}{more}",
        "; ".join(dict.fromkeys(f.expected for f in faults)) if not head else "whole samples",
        "; ".join(dict.fromkeys(f.action for f in faults)),
    )
