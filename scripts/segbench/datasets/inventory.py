"""The inventory: which raw files belong to which sample, and what is in them.

One small manifest a shard, rewritten if and only if its content differs, so that the rest
of the workflow depends on a dozen manifests and not on 30,000 files. Sizes and times are
kept in a side cache; a file is read again only when one of them changed, and a touched
file with the same content changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from segbench.datasets.base import RawSample
from segbench.errors import SegbenchError
from segbench.files import sha256_of_file, write_text

COLUMNS = ("sample", "path", "bytes", "sha256")


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
        self._changed = False
        try:
            self._known: dict[str, list[object]] = dict(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            self._known = {}

    def digest(self, root: Path, name: str) -> tuple[int, str]:
        """Size in bytes and SHA-256 of ``root / name``."""
        path = root / name
        try:
            status = path.stat()
        except OSError as error:
            raise SegbenchError(
                f"{path}: {error.strerror}",
                "a readable file",
                "check the folder and its permissions",
            ) from error
        stamp = [status.st_size, status.st_mtime_ns]
        known = self._known.get(name)
        if known is None or known[:2] != stamp:
            known = [*stamp, sha256_of_file(path)]
            self._known[name] = known
            self._changed = True
        return status.st_size, str(known[2])

    def save(self) -> None:
        """Write the cache if anything is new."""
        if self._changed:
            write_text(self._path, json.dumps(self._known, sort_keys=True))
            self._changed = False


def manifest(samples: Iterable[RawSample], root: Path, cache: HashCache) -> str:
    """The manifest of some samples as tab-separated text."""
    lines = ["\t".join(COLUMNS)]
    for raw in sorted(samples, key=lambda item: item.sample):
        for name in sorted(set(raw.files)):
            size, digest = cache.digest(root, name)
            lines.append(f"{raw.sample}\t{name}\t{size}\t{digest}")
    return "\n".join(lines) + "\n"


def write_shards(
    samples: Iterable[RawSample],
    root: Path,
    outputs: dict[int, Path],
    shards: int,
    cache_path: Path,
) -> list[Path]:
    """Bring the manifests of some shards up to date.

    Parameters
    ----------
    samples : iterable of RawSample
        All samples of the dataset, from the reader's scan.
    root : Path
        The raw tree.
    outputs : dict of int to Path
        Manifest of each shard that is wanted.
    shards : int
        Number of shards of the dataset.
    cache_path : Path
        Side cache of sizes, times and digests.

    Returns
    -------
    list of Path
        The manifests that were rewritten because their content differs.
    """
    cache = HashCache(cache_path)
    parts: dict[int, list[RawSample]] = {shard: [] for shard in outputs}
    for raw in samples:
        # Slices of one volume stay together: each may need its neighbours.
        shard = shard_of(raw.stack or raw.sample, shards)
        if shard in parts:
            parts[shard].append(raw)
    changed = []
    for shard, output in sorted(outputs.items()):
        text = manifest(parts[shard], root, cache)
        if not output.exists() or output.read_text("utf-8") != text:
            write_text(output, text)
            changed.append(output)
    cache.save()
    return changed
