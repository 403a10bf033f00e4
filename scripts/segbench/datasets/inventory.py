"""The inventory: which raw files belong to which sample, and what is in them.

One small manifest per shard, rewritten if and only if its content differs, so that the rest
of the workflow depends on a dozen manifests and not on 30,000 files. Sizes and times are
kept in a side cache; a file is read again only when one of them changed, and a touched
file with the same content changes nothing. Of a table with rows of all samples, a manifest
holds the digest of the rows of its own samples: a changed row changes one manifest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from segbench.artefacts.inventory import RawFile, write_inventory
from segbench.datasets.stamps import Stamp, Tree, read_seen, stamp_of, tree_of, write_seen
from segbench.errors import SegbenchError
from segbench.files import sha256_of_bytes, sha256_of_file, write_text

if TYPE_CHECKING:
    from segbench.config.dataset import Dataset
    from segbench.datasets.base import RawSample, Reader


def shard_of(sample: str, shards: int) -> int:
    """Shard of a sample: stable, whatever other samples exist.

    Parameters
    ----------
    sample : str
        Sample id.
    shards : int
        Number of shards.

    Examples
    --------
    >>> shard_of("NepKid_01-000", 4) == shard_of("NepKid_01-000", 4)
    True
    """
    return int(hashlib.sha256(sample.encode()).hexdigest()[:8], 16) % shards


class HashCache:
    """Remembers digests of files whose size and time have not changed.

    Parameters
    ----------
    path : Path
        JSON file; a missing or damaged one is an empty cache.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._used: dict[str, list[object]] = {}
        try:
            self._known: dict[str, list[object]] = dict(json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError):
            self._known = {}

    def digest(self, root: Path, name: str, known: Stamp | None = None) -> tuple[int, str]:
        """Size in bytes and SHA-256 of ``root / name``.

        Parameters
        ----------
        root : Path
            The raw tree.
        name : str
            The file, relative to it.
        known : Stamp, optional
            Its size and time where they were looked up a moment ago.
        """
        stamp = known or stamp_of(root / name)
        entry = self._known.get(name)
        if entry is None or entry[:2] != [*stamp] or len(entry) != 3:
            entry = [*stamp, sha256_of_file(root / name)]
        self._used[name] = entry
        return stamp[0], str(entry[2])

    def save(self) -> None:
        """Write the cache if it differs; files that nobody asked for are forgotten."""
        if self._used != self._known:
            write_text(self._path, json.dumps(self._used, sort_keys=True))
            self._known = self._used


class _Rows:
    """The rows of each sample in tables that many samples share."""

    def __init__(self, reader: Reader, root: Path, samples: list[RawSample]) -> None:
        self._of: dict[str, Mapping[str, str]] = {}
        for name in {name for raw in samples for name in raw.files}:
            if reader.is_table(name):
                try:
                    self._of[name] = reader.rows_of(root, name, samples)
                except SegbenchError:
                    # The jobs name what is wrong with it; until then the whole file counts.
                    continue

    def digest(self, name: str, sample: str) -> tuple[int, str] | None:
        """Size and SHA-256 of a sample's rows; None for what is no table."""
        if name not in self._of:
            return None
        rows = self._of[name].get(sample, "").encode()
        return len(rows), sha256_of_bytes(rows)


def _files(
    samples: Iterable[RawSample], root: Path, cache: HashCache, rows: _Rows, tree: Tree
) -> Iterator[RawFile]:
    """The raw files of some samples."""
    for raw in samples:
        for name in sorted(set(raw.files)):
            found = rows.digest(name, raw.sample)
            yield RawFile(raw.sample, name, *(found or cache.digest(root, name, tree.get(name))))


def write_shards(
    reader: Reader,
    root: Path,
    outputs: Mapping[int, Path],
    shards: int,
    side: Path,
    tree: Tree | None = None,
) -> list[Path]:
    """Bring the manifests of some shards up to date.

    Parameters
    ----------
    reader : Reader
        Lists the samples of the tree.
    root : Path
        The raw tree.
    outputs : mapping of int to Path
        Manifest of each shard that is wanted.
    shards : int
        Number of shards of the dataset.
    side : Path
        Beginning of the names of the side caches: ``SIDE-K.json`` holds sizes, times and
        digests of the files of shard K.
    tree : dict, optional
        Size and time of files of the tree, where they are known already.

    Returns
    -------
    list of Path
        The manifests that were rewritten because their content differs.
    """
    samples = list(reader.scan(root))
    rows = _Rows(reader, root, samples)
    parts: dict[int, list[RawSample]] = {shard: [] for shard in outputs}
    of_stack: dict[str, int] = {}
    for raw in samples:
        # Slices of one volume stay together: each may need its neighbours.
        name = raw.stack or raw.sample
        if name not in of_stack:
            of_stack[name] = shard_of(name, shards)
        if of_stack[name] in parts:
            parts[of_stack[name]].append(raw)
    changed = []
    for shard, output in sorted(outputs.items()):
        cache = HashCache(Path(f"{side}-{shard}.json"))
        if write_inventory(_files(parts[shard], root, cache, rows, tree or {}), output):
            changed.append(output)
        cache.save()
    return changed


def refresh(
    dataset: Dataset, root: Path, outputs: Mapping[int, Path], side: Path, code: str
) -> list[Path]:
    """Bring manifests up to date that are there; look at names, sizes and times only.

    A tree whose every file has the name, size and time of the last run gives the same
    manifests: then nothing else is done, and no reader is imported.

    Parameters
    ----------
    dataset : Dataset
        Its format, and what its reader uses of the rest.
    root : Path
        The raw tree.
    outputs : mapping of int to Path
        The manifests.
    side : Path
        As of `write_shards`; ``SIDE.seen`` holds what was seen last.
    code : str
        Digest of the code that writes manifests.

    Returns
    -------
    list of Path
        The manifests that were rewritten.
    """
    if not outputs or not root.exists():
        return []
    seen = Path(f"{side}.seen")
    listed = sum(path.read_bytes().count(b"\n") for path in outputs.values())
    tree = tree_of(root, limit=3 * listed + 10_000)
    said = [code, dataset.model_dump_json(), str(root.resolve())]
    if tree is not None and read_seen(seen, said, tree, outputs.values()):
        return []
    from segbench.datasets import reader_of

    changed = write_shards(reader_of(dataset), root, outputs, dataset.shards, side, tree)
    if tree is not None:
        write_seen(seen, said, tree, outputs.values())
    return changed
