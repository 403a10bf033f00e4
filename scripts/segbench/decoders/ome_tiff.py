"""OME-TIFF files by their name, ``.ome.tif``: one image may lie in several of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from segbench.decoders import ome_xml
from segbench.decoders.decoder import Entry
from segbench.decoders.faults import naming
from segbench.decoders.tiff import TiffDecoder
from segbench.decoders.tiff_pages import open_tiff
from segbench.errors import SegbenchError


class OmeTiffDecoder(TiffDecoder):
    """Reads what `TiffDecoder` does, and groups the files of an image."""

    name = "OME-TIFF"
    mask_ending = ".ome.tif"

    def entries(self, folder: Path, stems: Mapping[str, str]) -> list[Entry]:
        """See `Decoder.entries`: files that name one another in their descriptions are one."""
        groups = {name: {name} for name in stems}
        for name in stems:
            group = groups[name].union(*(groups.get(p, {p}) for p in _parts(folder, name)))
            for member in group:
                groups[member] = group
        found = []
        for name, stem in stems.items():
            parts = tuple(sorted(groups[name]))
            if name == min(part for part in parts if part in stems):
                alone = len(parts) > 1 and set(stems) <= set(parts)
                found.append(Entry(name, parts, "." if alone else stem))
        return found


def _parts(folder: Path, name: str) -> set[str]:
    """The files of the image that a file belongs to, as far as they are there.

    A damaged file belongs to none: what is wrong is told when it is opened.
    """
    try:
        with open_tiff(folder / name) as file:
            said = ome_xml.parse(file.ome_metadata, name)
    except SegbenchError:
        return set()
    parts = set(said.others)
    if said.companion:
        parts.add(said.companion)
        holder = folder / said.companion
        if holder.is_file() and holder.suffix.lower() not in {".tif", ".tiff"}:
            with naming(holder, "description of OME-TIFF files"):
                xml = holder.read_text(encoding="utf-8")
            parts.update(ome_xml.parse(xml, name).others)
    return {part for part in parts if (folder / part).is_file()}


#: The decoder of this module.
DECODER = OmeTiffDecoder()
