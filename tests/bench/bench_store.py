"""Restoring finished work from the store against computing it, stage by stage.

The store is that of SEGBENCH_STORE, else the checkout's own; if neither has anything, the
tiny study of the tests is run for one. What computing took is what the jobs recorded.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from measuring import Row, row

from segbench.maintenance.contents import StoreEntry, scan
from segbench.os_errors import readable_bytes
from segbench.provenance.store import Store
from segbench.provenance.store_files import copy_file
from workflow.project import ROOT, Project

#: No more than this is restored of a stage.
MOST_BYTES = 400e6


class _Unmarked(Store):
    """A measurement is no use of an entry: pruning by age shall not see it."""

    def touch(self, key: str) -> None:
        pass


def _stores() -> list[Path]:
    places = [os.environ.get("SEGBENCH_STORE"), ROOT / ".segbench/store"]
    return [Path(place) for place in places if place and (Path(place) / "entries").is_dir()]


def _tiny(folder: Path) -> Path:
    project = Project(folder / "checkout", folder / "store").tiny()
    project.snakemake("--quiet", "all")
    return project.store


def _chosen(entries: list[StoreEntry]) -> dict[str, list[StoreEntry]]:
    """Entries of each stage, up to a size, the largest first: they are what matters."""
    stages: dict[str, list[StoreEntry]] = {}
    for kept in sorted(entries, key=lambda kept: -kept.size):
        stage = stages.setdefault(kept.stage, [])
        if not stage or sum(k.size for k in stage) + kept.size <= MOST_BYTES:
            stage.append(kept)
    return stages


def _timed(work: Callable[[Path], object], folder: Path) -> float:
    """Least wall time of three runs, each in a new folder: the disk's cache is warm."""
    best = float("inf")
    for number in range(4):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            start = perf_counter()
            work(Path(place))
            best = min(best, perf_counter() - start) if number else best
    return best


def _restore(store: Store, entries: list[StoreEntry], place: Path) -> None:
    for kept in entries:
        outputs = {name: place / kept.key / name for name in store.read(kept.key)["outputs"]}
        if store.restore(kept.key, outputs) is None:
            raise AssertionError(f"{kept.key} is damaged")


def _copy(store: Store, entries: list[StoreEntry], place: Path) -> None:
    for kept in entries:
        (place / kept.key).mkdir()
        for digest in kept.objects:
            copy_file(store.object_path(digest), place / kept.key / digest)


def measure() -> list[Row]:
    """Restore what each stage has in the store, and copy the same files plainly.

    Returns
    -------
    list of dict
        name, ours_s, peer, peer_s, ratio (peer / ours), aim, note.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = _Unmarked((_stores() or [_tiny(folder)])[0])
        stages = _chosen(scan(store).entries)
        rows = []
        every = [kept for entries in stages.values() for kept in entries]
        for stage, entries in sorted(stages.items(), key=lambda s: -sum(k.wall_s for k in s[1])):
            computing = sum(kept.wall_s for kept in entries)
            if computing:
                rows.append(_row(store, folder, stage, entries, computing))
        size = sum(kept.size for kept in every)
        ours = _timed(lambda place: _restore(store, every, place), folder)
        plain = _timed(lambda place: _copy(store, every, place), folder)
        speed = f"{size / ours / 1e6:.0f} MB/s, copied only {size / plain / 1e6:.0f} MB/s"
        rows.append(row(f"restore {len(every)} jobs, {readable_bytes(size)}", ours,
                        "the same files copied", plain, 0.2,
                        f"{speed}; ours is verified and forced to the disk"))  # fmt: skip
    return rows


def _row(
    store: Store, folder: Path, stage: str, entries: list[StoreEntry], computing: float
) -> Row:
    ours = _timed(lambda place: _restore(store, entries, place), folder)
    plain = _timed(lambda place: _copy(store, entries, place), folder)
    size = sum(kept.size for kept in entries)
    return row(
        f"restore {stage}, {len(entries)} jobs, {readable_bytes(size)}", ours,
        "computing, as recorded", computing, 2.0,
        f"{size / ours / 1e6:.0f} MB/s; plain copy {plain / ours:.0%} of the time",
    )  # fmt: skip


if __name__ == "__main__":
    for line in measure():
        print(line)
