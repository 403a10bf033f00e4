"""DICOM: series of slices, files with many frames, single images and segmentations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.decoder import Choices, Decoded, Decoder, Entry, Header
from segbench.decoders.dicom_codecs import check_syntax
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
from segbench.decoders.volume_axes import Axes, axes_of


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
                return _header(path, *_arranged(path, datasets, choices))
        return self.read(path, choices).header  # whether segments overlap is in their pixels

    def read(self, path: Path, choices: Choices) -> Decoded:
        """See `Decoder.read`."""
        with parsing(path):
            datasets = read_series(path, pixels=True)
            if _is_segmentation(datasets):
                return read_segmentation(path, datasets[0], choices)
            found, axes = _arranged(path, datasets, choices)
            header = _header(path, found, axes)
            values = read_values(path, found.planes, header.dtype)
            if header.colour:
                values = values.transpose(2, 1, 0, 3)
            else:
                values = values.ravel().reshape(axes.stored, order="F")
            pixels = np.ascontiguousarray(axes.in_order(values))
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


def _arranged(path: Path, datasets: list[Any], choices: Choices) -> tuple[Stack, Axes]:
    """Planes in order, and the axes that they make."""
    for dataset in datasets:
        check_syntax(path, dataset)
        check_readable(path, dataset)
    found = stack(path, planes_of(datasets), choices.axes)
    first = datasets[0]
    shape = int(first.Columns), int(first.Rows), len(found.planes)
    return found, axes_of(path, shape, 3 if is_colour(first) else 1, choices.axes)


def _header(path: Path, found: Stack, axes: Axes) -> Header:
    spatial, sides = len(axes.names.rstrip("c")), found.spacing_mm
    return Header(
        axes.names, axes.shape, value_dtype(path, found.planes),
        spacing_mm=sides[-spatial:] if sides and len(sides) >= spatial else None,
        affine=found.affine,
        colour=is_colour(found.planes[0].dataset), notes=notes_of(path, found),
    )  # fmt: skip


#: The decoder of this module.
DECODER = DicomDecoder()
