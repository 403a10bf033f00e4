"""DICOM: series of slices, files with many frames, single images and segmentations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.decoder import Choices, Decoded, Decoder, Entry, Header
from segbench.decoders.dicom_files import SEGMENTATIONS, group_files, parsing, read_series
from segbench.decoders.dicom_mask import segmentation_of
from segbench.decoders.dicom_notes import notes_of
from segbench.decoders.dicom_pixels import (
    check_readable,
    is_colour,
    palette_of,
    read_values,
    value_dtype,
)
from segbench.decoders.dicom_planes import Stack, planes_of, stack
from segbench.decoders.dicom_seg import read_segmentation
from segbench.decoders.faults import check_packages


class DicomDecoder(Decoder):
    """Reads what holds one grid of pixels; slices are ordered by their place."""

    name = "DICOM"
    packages = ("pydicom", "highdicom")
    mask_ending = ".dcm"

    def entries(self, folder: Path, stems: Mapping[str, str]) -> list[Entry]:
        """See `Decoder.entries`."""
        check_packages(folder / next(iter(stems)), self.name, self.packages)
        return group_files(folder, stems)

    def header(self, path: Path, choices: Choices) -> Header:
        """See `Decoder.header`."""
        with parsing(path):
            datasets = read_series(path, pixels=False)
            if not _is_segmentation(datasets):
                return _header(path, datasets, choices)[0]
        return self.read(path, choices).header  # whether segments overlap is in their pixels

    def read(self, path: Path, choices: Choices) -> Decoded:
        """See `Decoder.read`."""
        with parsing(path):
            datasets = read_series(path, pixels=True)
            if _is_segmentation(datasets):
                return read_segmentation(path, datasets[0])
            header, found = _header(path, datasets, choices)
            pixels = read_values(path, found.planes)
            if len(header.size) == 2:
                pixels = pixels[0]
            return Decoded(header, pixels, palette_of(path, datasets[0]))

    def write_mask(
        self,
        label: np.ndarray,
        path: Path,
        source: Path,
        choices: Choices,
        names: Mapping[int, str] = {},
    ) -> None:
        """See `Decoder.write_mask`."""
        with parsing(source):
            planes = planes_of(read_series(source, pixels=False))
            ordered = stack(source, planes, choices.axes).planes
            made = segmentation_of(label, source, ordered, names)
        made.save_as(path)


def _is_segmentation(datasets: list[Any]) -> bool:
    return datasets[0].get("SOPClassUID") in SEGMENTATIONS


def _header(path: Path, datasets: list[Any], choices: Choices) -> tuple[Header, Stack]:
    for dataset in datasets:
        check_readable(path, dataset)
    found = stack(path, planes_of(datasets), choices.axes)
    first, planes = datasets[0], found.planes
    shape: tuple[int, ...] = (int(first.Rows), int(first.Columns))
    axes = "yx"
    if len(planes) > 1:
        shape, axes = (len(planes), *shape), "zyx"
    if is_colour(first):
        shape, axes = (*shape, 3), axes + "c"
    header = Header(
        axes, shape, value_dtype(path, planes), found.spacing_mm, found.affine,
        colour=is_colour(first), notes=notes_of(path, found),
    )  # fmt: skip
    return header, found


#: The decoder of this module.
DECODER = DicomDecoder()
