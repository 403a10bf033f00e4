"""DICOM files of a folder: what each holds, and which are slices of one series."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from segbench.decoders.decoder import Entry
from segbench.decoders.faults import naming
from segbench.decoders.listing import is_junk
from segbench.decoders.registry import format_of
from segbench.errors import SegbenchError

#: SOP classes of segmentations: Segmentation Storage, Label Map Segmentation Storage.
SEGMENTATIONS = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})

#: SOP classes with pixels that are no image: RT Dose Storage.
_NO_IMAGES = frozenset({"1.2.840.10008.5.1.4.1.1.481.2"})


def parsing(path: Path) -> AbstractContextManager[None]:
    """Name a file that is damaged: its values are parsed when they are asked for."""
    from pydicom.errors import BytesLengthException

    return naming(
        path, "DICOM file", AttributeError, LookupError, TypeError, NotImplementedError,
        RuntimeError, BytesLengthException, sqlite3.Error,
    )  # fmt: skip


def open_dataset(path: Path, pixels: bool = True) -> Any:
    """Read a DICOM file.

    Parameters
    ----------
    path : Path
    pixels : bool
        Read the pixels, too.

    Returns
    -------
    pydicom.FileDataset

    Raises
    ------
    SegbenchError
        The file is absent, damaged or no DICOM file. Old files without a preamble are read.
    """
    import pydicom
    from pydicom.errors import InvalidDicomError

    with parsing(path):
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=not pixels)
        except InvalidDicomError:
            dataset = pydicom.dcmread(path, stop_before_pixels=not pixels, force=True)
            if "SOPClassUID" not in dataset:
                raise ValueError("it does not begin as a DICOM file does") from None
    return dataset


def holds_image(dataset: Any) -> bool:
    """Whether a file holds pixels to segment, or a segmentation of them."""
    return "Rows" in dataset and dataset.get("SOPClassUID") not in _NO_IMAGES


def is_slice(dataset: Any) -> bool:
    """Whether a file is one slice that lies in the patient: a part of a series."""
    return (
        int(dataset.get("NumberOfFrames") or 1) == 1
        and bool(dataset.get("ImagePositionPatient"))
        and bool(dataset.get("ImageOrientationPatient"))
        and dataset.get("SOPClassUID") not in SEGMENTATIONS
    )


@dataclass(frozen=True)
class _File:
    name: str
    instance: str
    series: str
    description: str


def _look(folder: Path, name: str) -> _File | None:
    dataset = open_dataset(folder / name, pixels=False)
    with parsing(folder / name):
        if not holds_image(dataset):
            return None
        words = dataset.get("SeriesDescription") or "no description", dataset.get("Modality")
        return _File(
            name,
            instance=str(dataset.get("SOPInstanceUID") or name),
            series=_series_of(name, dataset),
            description=", ".join(str(word) for word in words if word),
        )


def _series_of(name: str, dataset: Any) -> str:
    """What slices of one image have in common; a file that is an image has it for itself."""
    return str(dataset.get("SeriesInstanceUID")) if is_slice(dataset) else name


def group_files(folder: Path, stems: Mapping[str, str]) -> list[Entry]:
    """Group the files of a folder into images; see `Decoder.entries`.

    Slices of one series (SeriesInstanceUID) are one image; files with frames of their own, or
    without a place in the patient, are an image each. Files without pixels (structure sets,
    reports, presentation states) belong to no image.

    Raises
    ------
    SegbenchError
        Two slices are the same instance, a series lies in a folder with other images, or a file
        beside slices is damaged.
    """
    found, damaged = [], {}
    for name in stems:
        try:
            if (file := _look(folder, name)) is not None:
                found.append(file)
        except SegbenchError as error:
            damaged[name] = error
    if damaged and any(file.series != file.name for file in found):
        raise next(iter(damaged.values()))  # it may be a slice of the series
    found += [_File(name, name, name, "damaged") for name in damaged]  # told when it is opened
    _check_instances(folder, [file for file in found if file.series != file.name])
    series: dict[str, list[_File]] = {}
    for file in found:
        series.setdefault(file.series, []).append(file)
    if len(series) > 1 and len(series) < len(found):
        counted = [
            f"{len(files)} of '{files[0].description}' (e.g. {files[0].name})"
            for files in series.values()
        ]
        raise SegbenchError(
            f"{folder}: holds {len(series)} series of DICOM files: {'; '.join(counted[:5])}"
            + ("; ..." if len(counted) > 5 else ""),
            "one series in a folder, or files that are one image each",
            "move each series that you want to a folder of its own, named after the sample, and "
            "the others out of the dataset",
        )
    if len(series) == 1:
        parts = tuple(file.name for file in found)
        return [Entry(parts[0], parts, ".")]
    return [Entry(file.name, (file.name,), stems[file.name]) for file in found]


def _check_instances(folder: Path, slices: list[_File]) -> None:
    counts = Counter(file.instance for file in slices)
    twice = [file.name for file in slices if counts[file.instance] > 1]
    if twice:
        raise SegbenchError(
            f"{folder}: {len(twice)} slices are copies of each other: {', '.join(twice[:4])}"
            + (", ..." if len(twice) > 4 else ""),
            "each instance (SOPInstanceUID) once",
            "keep one file of each instance",
        )


def read_series(path: Path, pixels: bool) -> list[Any]:
    """The datasets of the image to which a file belongs.

    Parameters
    ----------
    path : Path
        Any file of the image.
    pixels : bool
        Read the pixels, too.

    Raises
    ------
    SegbenchError
        See `open_dataset`; or the file holds no image.
    """
    own = open_dataset(path, pixels)
    if not holds_image(own):
        kind = getattr(own.get("SOPClassUID"), "name", "other data")
        raise SegbenchError(
            f"{path}: holds no image but {kind}",
            "a DICOM image, series or segmentation",
            "leave it out; convert structure sets to DICOM-SEG or NIfTI, e.g. with 3D Slicer",
        )
    if not is_slice(own):
        return [own]
    series = str(own.get("SeriesInstanceUID"))
    known, own_format = _known(path.parent), format_of(path)
    datasets = []
    for beside in sorted(path.parent.iterdir()):
        if beside.name == path.name:
            datasets.append(own)
            continue
        if is_junk(beside.name):
            continue
        stamp = beside.stat().st_mtime_ns
        found = known.get(beside.name, (0, None))
        if (found[0] == stamp and found[1] != series) or format_of(beside) is not own_format:
            continue
        dataset = open_dataset(beside, pixels)
        with parsing(beside):
            known[beside.name] = stamp, _series_of(beside.name, dataset)
        if known[beside.name][1] == series:
            datasets.append(dataset)
    return datasets


@lru_cache(maxsize=64)
def _known(folder: Path) -> dict[str, tuple[int, str]]:
    """Files of a folder: when they were changed and their series; filled while they are read."""
    return {}
