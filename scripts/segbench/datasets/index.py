"""The sample sheet: every file of every sample opened and verified once."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from segbench.config.dataset import Dataset
from segbench.datasets import RawSample, Reader, reader_of
from segbench.datasets.description import COLUMNS, describe
from segbench.datasets.inventory import COLUMNS as INVENTORY_COLUMNS
from segbench.errors import SegbenchError
from segbench.files import write_text

#: So many faults of a shard are listed; the rest is counted.
MAX_FAULTS = 20


def index_shard(dataset: Dataset, raw: Path, inventory: Path, shard: int, output: Path) -> None:
    """Verify the samples of one shard and write their rows.

    Parameters
    ----------
    dataset : Dataset
        Format, classes, spacing.
    raw : Path
        The raw tree.
    inventory : Path
        The shard's manifest: columns sample, path, bytes, sha256.
    shard : int
        Number of the shard, written into the rows.
    output : Path
        TSV with `COLUMNS`, sorted by sample; only a header for a shard without samples.

    Raises
    ------
    SegbenchError
        All faults of the shard at once, each naming its file: a file that is missing, not
        in the inventory or damaged, a mask of another size than its image, a label outside
        the classes.
    """
    raw = Path(raw)
    files = read_inventory(inventory)
    source = reader_of(dataset)
    scanned = {s.sample: s for s in source.scan(raw) if s.sample in files}
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
        raise _joined(faults, f"{raw}: {len(faults)} of {len(files)} samples are faulty")
    _write_rows(rows, output)


def merge_samples(shards: Sequence[Path], output: Path) -> None:
    """Join the shards' rows into the sample sheet.

    Parameters
    ----------
    shards : sequence of Path
        What `index_shard` wrote.
    output : Path
        `samples.tsv`, sorted by sample. Samples whose images are equal pixel for pixel are
        in one group, together with whatever is in the group of either, named as the group
        of the first of their ids: no copy of a picture can cross a split.

    Raises
    ------
    SegbenchError
        A sample id occurs twice, or there is no sample at all.
    """
    rows: list[dict[str, str]] = []
    for shard in shards:
        rows += read_tsv(shard, COLUMNS)
    rows.sort(key=lambda row: row["sample"])
    twice = [sample for sample, n in Counter(row["sample"] for row in rows).items() if n > 1]
    if twice:
        raise SegbenchError(
            f"samples {', '.join(twice[:MAX_FAULTS])}: in more than one shard",
            "unique sample ids",
            "delete the shards of the index and run the same command again",
        )
    if not rows:
        raise SegbenchError(
            f"{output}: there are no samples", "at least one", "check the dataset's raw folder"
        )
    _join_groups(rows)
    _write_rows(rows, output)


def _join_groups(rows: list[dict[str, str]]) -> None:
    """Rename groups that share a picture; `rows` are sorted by sample."""
    parent = {row["group"]: row["group"] for row in rows}
    first = {row["group"]: row["sample"] for row in reversed(rows)}

    def root(group: str) -> str:
        while parent[group] != group:
            parent[group] = parent[parent[group]]
            group = parent[group]
        return group

    by_picture: dict[str, str] = {}
    for row in rows:
        one = root(by_picture.setdefault(row["image_sha256"], row["group"]))
        other = root(row["group"])
        if one != other:
            keep, drop = sorted((one, other), key=first.__getitem__)
            parent[drop] = keep
    for row in rows:
        row["group"] = root(row["group"])


def read_inventory(path: Path) -> dict[str, dict[str, int]]:
    """Read a manifest: for each sample its files and their sizes in bytes."""
    files: dict[str, dict[str, int]] = defaultdict(dict)
    for row in read_tsv(path, INVENTORY_COLUMNS):
        files[row["sample"]][row["path"]] = int(row["bytes"])
    return dict(files)


def read_tsv(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """Read a tab-separated table with exactly these columns."""
    expected = list(columns)
    try:
        with Path(path).open(newline="", encoding="utf-8") as handle:
            table = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
            rows = list(table)
            names = list(table.fieldnames or [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})", "a table", "run the same command again"
        ) from error
    broken = any(None in row or None in row.values() for row in rows)
    if names != expected or broken:
        raise SegbenchError(
            f"{path}: has the columns {', '.join(names) or 'none'}"
            + (", and rows of another length" if broken else ""),
            ", ".join(expected),
            "delete the file and run the same command again",
        )
    return rows


def _write_rows(rows: Iterable[dict[str, str]], output: Path) -> None:
    lines = ["\t".join(COLUMNS)] + ["\t".join(row[c] for c in COLUMNS) for row in rows]
    write_text(output, "\n".join(lines) + "\n")


def _verify_files(raw: Path, listed: dict[str, int], sample: RawSample, source: Reader) -> None:
    """Check sizes against the inventory, and the checksums inside PNG files."""
    from segbench.datasets.pixels import verify_png

    faults = []
    for name, size in sorted(listed.items()):
        path = raw / name
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
            if not name.endswith(".csv"):
                verify_png(path)
        except SegbenchError as error:
            faults.append(error)
    if faults:
        raise _joined(faults, "") if len(faults) > 1 else faults[0]


def _joined(faults: list[SegbenchError], head: str) -> SegbenchError:
    """Make one error of many, all of them listed."""
    if len(faults) == 1:
        return faults[0]
    shown = "\n".join(f"{f.what} (expected: {f.expected})" for f in faults[:MAX_FAULTS])
    more = f"\nand {len(faults) - MAX_FAULTS} more" if len(faults) > MAX_FAULTS else ""
    return SegbenchError(
        f"{head}\n{shown}{more}" if head else f"{shown}{more}",
        "; ".join(dict.fromkeys(f.expected for f in faults)) if not head else "whole samples",
        "; ".join(dict.fromkeys(f.action for f in faults)),
    )
