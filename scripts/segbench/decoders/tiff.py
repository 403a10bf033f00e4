"""TIFF files: plain, ImageJ, OME, tiled, BigTIFF, pyramids; slides of Aperio's scanners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders import ome_xml, tiff_grid, tiff_masks, tiff_pages, tiff_values
from segbench.decoders.decoder import Choices, Decoded, Decoder, Header
from segbench.decoders.faults import naming
from segbench.decoders.tiff_axes import Layout, arranged, layout_of, upright_window
from segbench.decoders.tiff_windows import read_window


@dataclass(frozen=True)
class _Opened:
    file: Any
    picture: tiff_pages.Picture
    layout: Layout
    image: ome_xml.OmeImage
    others: tuple[str, ...]


class TiffDecoder(Decoder):
    """Reads files with tifffile, which decompresses with imagecodecs."""

    name = "TIFF"
    mask_ending = ".tif"

    def header(self, path: Path, choices: Choices) -> Header:
        """See `Decoder.header`."""
        with _opened(path, choices) as found:
            return _header(path, found)

    def read(self, path: Path, choices: Choices) -> Decoded:
        """See `Decoder.read`."""
        with _opened(path, choices) as found:
            header = _header(path, found)
            palette = tiff_values.palette_of(found.picture, found.file)
            stored = tiff_pages.read_stored(found.picture).reshape(found.layout.shape)
        return Decoded(header, arranged(path, stored, found.layout), palette)

    def window(self, path: Path, choices: Choices, window: tuple[slice, ...]) -> np.ndarray:
        """See `Decoder.window`."""
        with _opened(path, choices) as found:
            stored = read_window(found.picture, found.layout, upright_window(window, found.layout))
        return np.ascontiguousarray(arranged(path, stored, found.layout))

    def write_mask(
        self,
        label: np.ndarray,
        path: Path,
        source: Path,
        choices: Choices,
        names: Mapping[int, str] = {},
    ) -> None:
        """See `Decoder.write_mask`."""
        with _opened(source, choices) as found:
            header = _header(source, found)
            tiff_masks.write(label, path, found.file, found.picture, found.layout, header)


@contextmanager
def _opened(path: Path, choices: Choices) -> Iterator[_Opened]:
    with ExitStack() as stack:
        file = stack.enter_context(tiff_pages.open_tiff(path))
        said = ome_xml.parse(file.ome_metadata, path.name)
        if said.companion:
            file, said = _by_companion(stack, path, path.parent / said.companion)
        ome_xml.check_files(path, said)
        picture = tiff_pages.pick(path, file, choices)
        tiff_values.check_values(path, picture)
        tiff_pages.check_whole(path, picture)
        layout = layout_of(path, picture, choices.axes)
        yield _Opened(
            file, picture, layout, ome_xml.image_of(file, said, picture.index), said.others
        )


def _by_companion(stack: ExitStack, path: Path, holder: Path) -> tuple[Any, ome_xml.OmeSaid]:
    """The file as the description in another one says, which is XML or a TIFF file itself."""
    if holder.suffix.lower() in {".tif", ".tiff"}:
        file = stack.enter_context(tiff_pages.open_tiff(holder))
        return file, ome_xml.parse(file.ome_metadata, holder.name)
    with naming(holder, "description of OME-TIFF files"):
        xml = holder.read_text(encoding="utf-8")
    file = stack.enter_context(tiff_pages.open_tiff(path, xml.strip()))
    return file, ome_xml.parse(xml, path.name)


def _header(path: Path, found: _Opened) -> Header:
    file, picture, layout = found.file, found.picture, found.layout
    spacing, notes = tiff_grid.spacing_mm(file, picture, layout, found.image.sizes_mm)
    if found.others and ".ome." not in path.name.lower():
        notes = (
            *notes,
            f"is one image with {', '.join(found.others)}; only files named .ome.tif count as one",
        )
    return Header(
        layout.axes,
        layout.final,
        np.dtype(picture.keyframe.dtype).newbyteorder("="),
        spacing_mm=spacing,
        channels=tiff_values.channel_names(file, layout, found.image.channels),
        colour=tiff_values.is_colour(picture, layout),
        alpha=tiff_values.has_alpha(path, picture, layout),
        palette=tiff_values.palette_of(picture, file) is not None,
        notes=(*picture.notes, *tiff_values.notes_of(picture, layout), *notes),
    )


#: The decoder of this module.
DECODER = TiffDecoder()
