"""Tables of 100,000 rows, written and read with all checks, against pandas."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

from measuring import Row, alternately, one_core, row

from segbench.artefacts.folds import Assignment, read_fold, write_folds
from segbench.artefacts.samples import Sample, read_samples, write_samples

ROWS = 100_000


def measure() -> list[Row]:
    """Measure both directions on samples.tsv and folds.tsv.

    Returns
    -------
    list of dict
        name, ours_s, peer, peer_s, ratio (peer / ours), aim, note.
    """
    samples = [
        Sample(f"s{n:06d}", f"g{n}", classes=("a", "b"), objects=1, spacing_mm=(0.5, 0.5))
        for n in range(ROWS)
    ]
    folds = [Assignment(0, f"s{n:06d}", f"g{n}", "", "train") for n in range(ROWS)]
    return [
        *_both("samples.tsv", samples, write_samples, read_samples),
        *_both("folds.tsv", folds, write_folds, lambda path: list(read_fold(path, 0).values())),
    ]


def _both(
    name: str,
    rows: list[Any],
    write: Callable[[list[Any], Path], None],
    read: Callable[[Path], list[Any]],
) -> list[Row]:
    with TemporaryDirectory() as folder, one_core():
        ours, peers = Path(folder) / "ours.tsv", Path(folder) / "peers.tsv"
        write(rows, ours)
        frame = pd.read_csv(ours, sep="\t", dtype=str, keep_default_na=False)
        if read(ours) != rows or len(frame) != ROWS:
            raise AssertionError("a table did not come back as it was written")
        reading = alternately(
            lambda: read(ours),
            lambda: pd.read_csv(ours, sep="\t", dtype=str, keep_default_na=False),
            3,
        )
        writing = alternately(
            lambda: write(rows, ours), lambda: frame.to_csv(peers, sep="\t", index=False), 3
        )
    what = f"{name} of {ROWS:,} rows"
    return [
        row(f"reading {what}", reading[0], "pandas.read_csv, text only", reading[1], None,
            "ours also types and checks every cell"),
        row(f"writing {what}", writing[0], "DataFrame.to_csv", writing[1], None,
            "ours also checks every row"),
    ]  # fmt: skip


if __name__ == "__main__":
    for line in measure():
        print(line)
