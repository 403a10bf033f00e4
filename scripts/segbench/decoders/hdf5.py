"""HDF5 files: one dataset of the file is the image. Its attributes say its axes and voxel size.

Axes are named by HDF5's own dimension labels or scales, or by vigra's and ilastik's `axistags`; the
size of a voxel is the attribute `element_size_um` (z, y, x) of Fiji's HDF5 plugins and PlantSeg.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.decoder import (
    Choices,
    Decoded,
    Decoder,
    Header,
    as_stored,
    canonical,
    check_numbers,
    chosen,
    stored_window,
)
from segbench.decoders.faults import naming
from segbench.errors import SegbenchError


class Hdf5Decoder(Decoder):
    """Reads one dataset of a file with h5py."""

    name = "HDF5"
    mask_ending = ".h5"

    def arrays(self, path: Path) -> list[str]:
        """See `Decoder.arrays`."""
        with _open(path) as file:
            return list(_shapes(file))

    def header(self, path: Path, choices: Choices) -> Header:
        """See `Decoder.header`."""
        with _dataset(path, choices) as (stored, axes):
            return _header(path, stored, axes)

    def read(self, path: Path, choices: Choices) -> Decoded:
        """See `Decoder.read`."""
        with _dataset(path, choices) as (stored, axes):
            header = _header(path, stored, axes)
            array = canonical(path, stored[()], axes)[0]
            return Decoded(header, np.ascontiguousarray(array, dtype=header.dtype))

    def window(self, path: Path, choices: Choices, window: tuple[slice, ...]) -> np.ndarray:
        """See `Decoder.window`; only the chunks that it touches are read."""
        with _dataset(path, choices) as (stored, axes):
            dtype = _header(path, stored, axes).dtype
            part = canonical(path, stored[stored_window(axes, window)], axes)[0]
            return np.ascontiguousarray(part, dtype=dtype)

    def write_mask(
        self,
        label: np.ndarray,
        path: Path,
        source: Path,
        choices: Choices,
        names: Mapping[int, str] = {},
    ) -> None:
        """See `Decoder.write_mask`; a dataset of the same name, with axes and voxel size."""
        import h5py

        with _dataset(source, choices) as (stored, axes), h5py.File(path, "w") as file:
            mask = file.create_dataset(
                stored.name, data=as_stored(label, axes), compression="gzip", track_times=False
            )
            kept = [place for place, axis in enumerate(axes) if axis in "zyx"]
            for place, axis in enumerate(kept):
                if name := _name_of(stored.dims[axis]):
                    mask.dims[place].label = name
            if "axistags" in stored.attrs:
                tags = json.loads(stored.attrs["axistags"])
                tags["axes"] = [tags["axes"][axis] for axis in kept]
                mask.attrs["axistags"] = json.dumps(tags)
            if "element_size_um" in stored.attrs:
                mask.attrs["element_size_um"] = stored.attrs["element_size_um"]


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    import h5py

    faults = (RuntimeError, LookupError, TypeError, AttributeError)
    with naming(path, "HDF5 file", *faults), h5py.File(path, "r", locking="best-effort") as file:
        yield file


def _shapes(file: Any) -> dict[str, tuple[int, ...]]:
    """Datasets of numbers with two or more axes."""
    import h5py

    arrays: dict[str, tuple[int, ...]] = {}

    def collect(name: str, found: Any) -> None:
        numbers = isinstance(found, h5py.Dataset) and found.dtype.kind in "biuf"
        if numbers and len(found.shape or ()) > 1:
            arrays[name] = found.shape

    file.visititems(collect)
    return arrays


@contextmanager
def _dataset(path: Path, choices: Choices) -> Iterator[tuple[Any, str]]:
    """The dataset to read, and its axes as stored."""
    with _open(path) as file:
        if choices.dataset:
            choices = replace(choices, dataset=choices.dataset.strip("/"))
        stored = file[chosen(path, _shapes(file), choices)]
        check_numbers(path, stored.dtype, stored.shape)
        _check_parts(path, stored)
        yield stored, _axes(path, stored, choices)


def _check_parts(path: Path, stored: Any) -> None:
    """Refuse a dataset that is not all there: HDF5 would fill it with zeros, or name a folder."""
    import h5py

    plan = stored.id.get_create_plist()
    for number in range(plan.get_nfilters()):
        code, _, _, name = plan.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            raise SegbenchError(
                f"{path}: {stored.name} is compressed with the filter "
                f"{name.decode(errors='replace') or code}, which h5py does not have",
                "a dataset compressed with gzip, or not at all",
                "where it was made, run `h5repack -f GZIP=4 in.h5 out.h5`",
            )
    if count := plan.get_external_count():
        raise SegbenchError(
            f"{path}: the values of {stored.name} are in {count} other file(s), e.g. "
            f"{plan.get_external(0)[0].decode(errors='replace')}",
            "a dataset whose values are in the HDF5 file",
            "where it was made, run `h5repack -l CONTI in.h5 out.h5`",
        )
    sources = stored.virtual_sources() if stored.is_virtual else []
    for name in sorted({source.file_name for source in sources} - {"."}):
        if not (path.parent / name).is_file():
            raise SegbenchError(
                f"{path}: {stored.name} lies in other files, of which {name} is not there",
                "all files of a virtual dataset, beside the file that names them",
                "fetch them again, or save the volume as one dataset",
            )


def _axes(path: Path, stored: Any, choices: Choices) -> str:
    """Axes as the config, the dimension labels or the axis tags say them; of two axes yx."""
    axes = choices.axes
    if axes and len(axes) == stored.ndim + 1:
        axes = axes.replace("c", "")  # a mask has no channels
    labels = [] if axes else [_name_of(dimension) for dimension in stored.dims]
    if any(labels):
        axes = "".join(labels) if all(len(label) == 1 for label in labels) else None
    elif axes is None and "axistags" in stored.attrs:
        axes = "".join(axis["key"] for axis in json.loads(stored.attrs["axistags"])["axes"])
    elif axes is None and stored.ndim == 2:
        axes = "yx"
    if axes is None:
        raise SegbenchError(
            f"{path}: {stored.name} ({' x '.join(map(str, stored.shape))}) does not name its axes "
            "by a letter each",
            "axes in the attributes DIMENSION_LABELS or axistags, or in the dataset's config",
            "set `layout: {axes: ...}` in the dataset's config, e.g. zyx, or zyxc with channels",
        )
    return axes.lower()


def _name_of(dimension: Any) -> str:
    """The label of a dimension, or the name of its scale, as netCDF has it; empty: none."""
    scales = [(name, scale.name.rpartition("/")[2]) for name, scale in dimension.items()]
    return dimension.label or next((name for name in sum(scales, ()) if len(name) == 1), "")


def _header(path: Path, stored: Any, axes: str) -> Header:
    dtype = np.dtype(stored.dtype.str).newbyteorder("=")
    array, axes = canonical(path, np.broadcast_to(np.zeros((), dtype), stored.shape), axes)
    count = len(axes.rstrip("c"))
    sides = np.ravel(stored.attrs.get("element_size_um", ())).astype(float)[-count:]
    known = len(sides) == count and bool((np.isfinite(sides) & (sides > 0)).all())
    return Header(
        axes, array.shape, dtype, tuple(float(side) / 1000 for side in sides) if known else None
    )


#: The decoder of this module.
DECODER = Hdf5Decoder()
