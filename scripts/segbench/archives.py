"""Sample archives: Zarr v3 in one zip file, byte-deterministic, a sample in its own chunks.

Layout of `NAME.zarr.zip`, readable with any Zarr v3 library::

    zarr.json                     root group; its attributes are the archive's record
    SHAPE/zarr.json               one group for each distinct sample shape, e.g. "256x256"
    SHAPE/image/zarr.json         array (sample, y, x, channel)
    SHAPE/image/c/0/0/0/0         chunk: one whole sample, zstd
    SHAPE/label/...               array (sample, y, x)

Datasets whose images all have one size have one SHAPE group; a dataset of nine sizes
has nine. Zip entries are stored (Zarr compresses the chunks) and carry a fixed time.
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import numpy as np
from numcodecs.zstd import Zstd

from segbench.chunks import Encoded, array_metadata, chunk_key, copy_overlap, encode, grid
from segbench.errors import SegbenchError
from segbench.files import atomic_path, sha256_of_bytes, zip_entry

#: What zipfile, the codec, JSON and NumPy raise when bytes are not what was written.
_DAMAGE = (
    OSError, EOFError, zipfile.BadZipFile, zlib.error, struct.error, LookupError, ValueError,
    TypeError, AttributeError, RuntimeError,
)  # fmt: skip


def _json(data: Any) -> bytes:
    """Equal data as equal bytes. Without indentation: that makes Python's encoder slow."""
    return json.dumps(data, sort_keys=True, allow_nan=False).encode()


class ArchiveWriter:
    """Write samples one at a time into a new archive; nothing appears before it is whole.

    Parameters
    ----------
    path : str or Path
        The archive, `*.zarr.zip`.
    attributes : mapping
        What all samples share (axes, classes, recipe, image scale), JSON-able.

    Notes
    -----
    Only the sample at hand is in memory. Samples should come sorted by id: the order
    of writing is the order of the bytes.
    """

    def __init__(self, path: str | Path, attributes: Mapping[str, Any]) -> None:
        self._attributes = dict(attributes)
        self._context = atomic_path(path)
        self._zip = zipfile.ZipFile(self._context.__enter__(), "w", allowZip64=True)
        self._arrays: dict[str, tuple[tuple[int, ...], np.dtype, tuple[int, ...]]] = {}
        self._rows: dict[str, int] = {}
        # As text: a tenth of the memory of the mappings, and archives hold 10,000 samples.
        self._samples: dict[str, bytes] = {}

    def add(
        self, sample: str, arrays: Mapping[str, np.ndarray], record: Mapping[str, Any] | None = None
    ) -> None:
        """Append one sample.

        Parameters
        ----------
        sample : str
            Its id, unique in the archive.
        arrays : mapping of str to ndarray
            e.g. ``image`` (y, x, channel) and ``label`` (y, x).
        record : mapping, optional
            What belongs to this sample alone (source id, original size), JSON-able.
        """
        volume = str(self._attributes.get("axes", "")).startswith("z")
        self.add_encoded(sample, encode(arrays, volume), record)

    def add_encoded(
        self, sample: str, arrays: Mapping[str, Encoded], record: Mapping[str, Any] | None = None
    ) -> None:
        """Append one sample that `encode` has compressed, perhaps in another thread.

        Raises
        ------
        SegbenchError
            If the id is taken, or the arrays do not fit those of the samples before.
        """
        if sample in self._samples:
            raise SegbenchError(
                f"sample {sample!r} occurs twice", "unique sample ids", "rename one of the two"
            )
        group = self._group(sample, arrays)
        row = self._rows.get(group, 0)
        for name, array in arrays.items():
            for place, part in zip(
                np.ndindex(*grid(array.shape, array.chunk)), array.parts, strict=True
            ):
                self._zip.writestr(zip_entry(f"{group}/{name}/{chunk_key(row, place)}"), part)
        self._rows[group] = row + 1
        entry = {
            "group": group,
            "row": row,
            "sha256": {name: array.sha256 for name, array in arrays.items()},
            "record": dict(record or {}),
        }
        self._samples[sample] = _json(entry)

    def _group(self, sample: str, arrays: Mapping[str, Encoded]) -> str:
        """Name the sample's shape group and check its arrays against the group's."""
        first = next(iter(arrays.values())).shape
        axes = str(self._attributes.get("axes", ""))
        # Without axes: (y, x) and (y, x, channel), or volumes with one axis more.
        spatial = (
            sum(axis in "zyx" for axis in axes) if axes else min(len(first), 3) - (len(first) == 3)
        )
        group = "x".join(map(str, first[: max(spatial, 1)]))
        for name, array in arrays.items():
            here = (array.shape, array.dtype, array.chunk)
            before = self._arrays.setdefault(f"{group}/{name}", here)
            if before != here:
                raise SegbenchError(
                    f"sample {sample!r}: {name} is {array.dtype} {array.shape}",
                    f"{before[1]} {before[0]} as in the samples before",
                    "give all samples of an archive the same channels and dtype",
                )
        return group

    def _finish(self) -> None:
        for key, (shape, dtype, chunk) in sorted(self._arrays.items()):
            rows = self._rows[key.rsplit("/", 1)[0]]
            meta = array_metadata((rows, *shape), dtype, chunk)
            self._zip.writestr(zip_entry(f"{key}/zarr.json"), _json(meta))
        group = {"zarr_format": 3, "node_type": "group"}
        for name in sorted(self._rows):
            self._zip.writestr(zip_entry(f"{name}/zarr.json"), _json({**group, "attributes": {}}))
        # The samples alone stay in the order in which they were written, a line each.
        lines = (_json(name) + b": " + entry for name, entry in self._samples.items())
        samples = b"{\n" + b",\n".join(lines) + b"\n}"
        mark = uuid4().hex
        root = _json({**group, "attributes": {**self._attributes, "samples": mark}})
        self._zip.writestr(zip_entry("zarr.json"), root.replace(_json(mark), samples, 1))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            try:
                if kind is None:
                    self._finish()
            finally:
                self._zip.close()
        except BaseException as failure:
            # A full disk shows here: what is not whole must not get its name.
            self._context.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._context.__exit__(kind, error, trace)


@contextmanager
def _readable(path: Path) -> Iterator[zipfile.ZipFile]:
    """An open archive; damage met in the block is an error that names the file."""
    try:
        yield zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise SegbenchError(
            f"{path}: not a readable sample archive ({error})",
            "a whole *.zarr.zip file",
            "delete it and run the same command again",
        ) from error


def archive_digest(path: str | Path) -> str:
    """Digest of an archive's content, taken from the digests it carries.

    The root metadata hold the SHA-256 of every array of every sample, so there is no need
    to read gigabytes again to know whether an archive has changed.
    """
    with _readable(Path(path)) as file, file:
        return sha256_of_bytes(file.read("zarr.json"))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One sample in one archive."""

    file: zipfile.ZipFile
    path: Path
    group: str
    row: int
    sha256: dict[str, str]
    record: dict[str, Any]


class Archive:
    """Read the samples of one archive, in any order, one at a time.

    Parameters
    ----------
    path : str or Path
        A file that `ArchiveWriter` wrote.

    Attributes
    ----------
    attributes : dict
        What all samples share.
    ids : list of str
        Sample ids in the order in which they were written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with _readable(self.path) as file:
            root = json.loads(file.read("zarr.json"))["attributes"]
            self._samples = {
                sample: _Entry(file, self.path, **entry)
                for sample, entry in root.pop("samples").items()
            }
        self.attributes: dict[str, Any] = root
        self.ids = list(self._samples)
        self._files = [file]
        self._meta: dict[tuple[Path, str], dict[str, Any]] = {}
        self._codec = Zstd()

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __contains__(self, sample: str) -> bool:
        return sample in self._samples

    def record(self, sample: str) -> dict[str, Any]:
        """Give what was recorded for this sample alone."""
        return self._samples[sample].record

    def digest(self, sample: str) -> str:
        """One digest over all arrays and the record of a sample."""
        entry = self._samples[sample]
        return sha256_of_bytes(_json([entry.sha256, entry.record]))

    def _metadata(self, entry: _Entry, name: str) -> dict[str, Any]:
        key = f"{entry.group}/{name}"
        if (entry.path, key) not in self._meta:
            self._meta[entry.path, key] = json.loads(entry.file.read(f"{key}/zarr.json"))
        return self._meta[entry.path, key]

    def has(self, sample: str, name: str) -> bool:
        """Whether the sample has an array of this name."""
        return name in self._samples[sample].sha256

    def shape(self, sample: str, name: str) -> tuple[int, ...]:
        """Shape of one array of one sample, without reading it."""
        with self._naming(sample, name) as entry:
            return tuple(self._metadata(entry, name)["shape"][1:])

    def read(self, sample: str, name: str) -> np.ndarray:
        """Read one array of one sample.

        Returns
        -------
        ndarray
            Read-only, in the dtype in which it was written.
        """
        shape = self.shape(sample, name)
        return self.read_window(sample, name, (0,) * len(shape), shape)

    def read_window(
        self, sample: str, name: str, start: Sequence[int], stop: Sequence[int]
    ) -> np.ndarray:
        """Read a part of one array of one sample; of a volume only the chunks that it touches.

        Parameters
        ----------
        start, stop : sequence of int
            First and one past the last index along the leading axes, within the array; the
            other axes are read whole.

        Returns
        -------
        ndarray
            Read-only, in the dtype in which it was written.
        """
        with self._naming(sample, name) as entry:
            meta = self._metadata(entry, name)
            shape = tuple(meta["shape"][1:])
            chunk = tuple(meta["chunk_grid"]["configuration"]["chunk_shape"][1:])
            low = (*start, *(0,) * (len(shape) - len(start)))
            high = (*stop, *shape[len(stop) :])
            if not all(0 <= a <= b <= n for a, b, n in zip(low, high, shape, strict=True)):
                raise IndexError(f"window {low} to {high} of an array {shape}")

            def read_chunk(place: Sequence[int]) -> np.ndarray:
                key = f"{entry.group}/{name}/{chunk_key(entry.row, place)}"
                data = self._codec.decode(entry.file.read(key))
                return np.frombuffer(data, dtype=np.dtype(meta["data_type"])).reshape(chunk)

            if chunk == shape:
                return read_chunk((0,) * len(shape))[tuple(map(slice, low, high))]
            result = np.empty([b - a for a, b in zip(low, high, strict=True)], meta["data_type"])
            touched = [range(a // c, -(-b // c)) for a, b, c in zip(low, high, chunk, strict=True)]
            for place in product(*touched):
                at = [k * c for k, c in zip(place, chunk, strict=True)]
                copy_overlap(read_chunk(place), at, result, low)
            result.flags.writeable = False
            return result

    @contextmanager
    def _naming(self, sample: str, name: str) -> Iterator[_Entry]:
        """A sample's entry; damage met in the block is an error that names file and array."""
        entry = self._samples[sample]
        try:
            yield entry
        except _DAMAGE as error:
            raise SegbenchError(
                f"{entry.path}: sample {sample!r}, array {name!r} is damaged ({error})",
                "the bytes that were written",
                "delete the file and run the same command again",
            ) from error

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ArchiveSet(Archive):
    """The shards of one stage, read as if they were one archive.

    Parameters
    ----------
    paths : iterable of str or Path
        The shards. Their attributes must agree.

    Attributes
    ----------
    ids : list of str
        Sorted.
    """

    def __init__(self, paths: Iterable[str | Path]) -> None:
        self._samples, self._files, self._meta = {}, [], {}
        self._codec = Zstd()
        self.attributes = {}
        for number, path in enumerate(paths):
            shard = Archive(path)
            if number and shard.ids and self._samples and shard.attributes != self.attributes:
                raise SegbenchError(
                    f"{path}: its attributes differ from those of the other shards",
                    "shards written by one recipe",
                    "delete the folder's archives and run the same command again",
                )
            if shard.ids or not self.attributes:
                self.attributes = shard.attributes
            twice = [sample for sample in shard if sample in self]
            if twice:
                raise SegbenchError(
                    f"{path}: sample {twice[0]!r} is in two shards",
                    "each sample in one shard",
                    "delete the folder's archives and run the same command again",
                )
            self._samples |= shard._samples
            self._files += shard._files
        self.ids = sorted(self._samples)
