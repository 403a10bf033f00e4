"""NRRD files: ``.nrrd``, ``.nhdr`` with its data files, 3D Slicer's ``.seg.nrrd``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from segbench.decoders.decoder import Choices, Header
from segbench.decoders.itk import ItkDecoder, Said
from segbench.decoders.text_headers import TextHeader, read_text_header
from segbench.errors import SegbenchError

#: Kinds that SimpleITK takes for an axis of space, or of time.
_UNSAID = {"???", "none", "domain", "space", "time"}


class NrrdDecoder(ItkDecoder):
    """Reads NRRD files with SimpleITK, and the segments that 3D Slicer names in them.

    Segments in one layer are the values of a label map. Segments in several layers may overlap:
    each becomes a channel of 0 and 1.
    """

    name = "NRRD"
    mask_ending = ".seg.nrrd"
    reader = "NrrdImageIO"
    keys = ("Segment", "NRRD_kinds[pixel]")

    def said(self, text: TextHeader) -> Said:
        """See `ItkDecoder.said`."""
        place = "space directions" in text.fields
        units = set(re.findall(r'"([^"]*)"', text.fields.get("space units", "")))
        return Said(place or "spacings" in text.fields, place, " and ".join(sorted(units)))

    def check(self, path: Path, text: TextHeader) -> None:
        """See `ItkDecoder.check`: what an axis outside of space counts must be said."""
        directions = re.findall(r"none|\([^)]*\)", text.fields.get("space directions", ""))
        kinds = text.fields.get("kinds", "").split()
        kinds += ["???"] * (len(directions) - len(kinds))
        for place, (direction, kind) in enumerate(zip(directions, kinds, strict=False)):
            if direction == "none" and kind in _UNSAID:
                mended = [*kinds[:place], "list", *kinds[place + 1 :]]
                raise SegbenchError(
                    f"{path}: axis {place + 1} of {len(directions)} does not lie in space, and its "
                    f"kind is {kind}",
                    "a kind that says what the axis counts, e.g. list or vector",
                    f"if it counts channels, write `kinds: {' '.join(mended)}` in the header; of a "
                    "series in time save each volume as a file of its own",
                )

    def named(self, path: Path, header: Header, metadata: Mapping[str, str]) -> Header:
        """See `ItkDecoder.named`."""
        segments = _segments(metadata)
        if not segments:
            kind = metadata.get("NRRD_kinds[pixel]", "")
            colour = kind in {"RGB-color", "RGBA-color"}
            return replace(header, colour=colour, alpha=kind == "RGBA-color")
        _check_segments(path, segments, header, metadata)
        names = tuple(segment.name for segment in segments)
        if np.prod(header.size) == 1:
            # Slicer writes one voxel, anywhere, where no voxel is segmented.
            header = replace(header, affine=None, spacing_mm=None)
        if not header.axes.endswith("c"):
            values = [segment.value for segment in segments]
            labels = dict(zip(values, names, strict=True))
            return replace(header, labels=labels, partial=True)
        shape = (*header.size, len(segments))
        return replace(
            header, shape=shape, dtype=np.dtype(np.uint8), channels=names, partial=True
        )  # fmt: skip

    def converted(
        self, pixels: np.ndarray, header: Header, metadata: Mapping[str, str]
    ) -> np.ndarray:
        """See `ItkDecoder.converted`."""
        if not header.channels:
            return pixels
        parts = [pixels[..., one.layer] == one.value for one in _segments(metadata)]
        return np.stack(parts, axis=-1).astype(np.uint8)

    def fields(
        self, text: TextHeader, label: np.ndarray, names: Mapping[int, str]
    ) -> dict[str, str]:
        """See `ItkDecoder.fields`: with names, 3D Slicer opens the mask as a segmentation."""
        extent = " ".join(f"0 {side - 1}" for side in (*label.shape[::-1], 1)[:3])
        return {
            f"Segment{number}_{key}": told
            for number, (value, name) in enumerate(sorted(names.items()))
            for key, told in (
                ("ID", f"Segment_{value}"), ("Name", name), ("LabelValue", str(value)),
                ("Layer", "0"), ("Extent", extent),
            )
        }  # fmt: skip

    def write_mask(
        self,
        label: np.ndarray,
        path: Path,
        source: Path,
        choices: Choices,
        names: Mapping[int, str] = {},
    ) -> None:
        """See `Decoder.write_mask`."""
        super().write_mask(label, path, source, choices, names)
        if unit := read_text_header(source).fields.get("space units"):
            # SimpleITK neither keeps nor writes it.
            before = b"space origin:"
            line = b"space units: " + unit.encode("latin-1") + b"\n"
            path.write_bytes(path.read_bytes().replace(before, line + before, 1))


@dataclass(frozen=True)
class _Segment:
    """A segment: the pixels of one value in one layer."""

    name: str
    value: int
    layer: int


def _segments(metadata: Mapping[str, str]) -> list[_Segment]:
    """Segments that a file names; in files of Slicer 4.10 and older each has a layer.

    References
    ----------
    3D Slicer, Segmentation labelmap file format (.seg.nrrd),
    https://slicer.readthedocs.io/en/latest/developer_guide/modules/segmentations.html
    """
    keys = (re.fullmatch(r"Segment(\d+)_ID", key) for key in metadata)
    found = []
    for number in sorted(int(key[1]) for key in keys if key):
        prefix = f"Segment{number}_"
        name = metadata.get(prefix + "Name") or metadata[prefix + "ID"]
        value = int(metadata.get(prefix + "LabelValue", 1))
        found.append(_Segment(name, value, int(metadata.get(prefix + "Layer", number))))
    return found


def _check_segments(
    path: Path, segments: list[_Segment], header: Header, metadata: Mapping[str, str]
) -> None:
    """Refuse fractions, and segments in layers that are not there."""
    kinds = [key for key, value in metadata.items() if value.startswith("Fractional labelmap")]
    layers = header.shape[-1] if header.axes.endswith("c") else 1
    lost = [one.name for one in segments if layers > 1 and one.layer >= layers]
    if kinds or lost:
        raise SegbenchError(
            f"{path}: "
            + ("holds fractions of voxels" if kinds else f"has no layer for {', '.join(lost)}"),
            "a segmentation as binary label map",
            "save it from 3D Slicer's module Segmentations as binary label map (.seg.nrrd)",
        )


#: The decoder of this module.
DECODER = NrrdDecoder()
