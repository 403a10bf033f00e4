"""What the values of a TIFF picture are: colours, opacity, palette, names of channels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.tiff_axes import Layout
from segbench.decoders.tiff_pages import Picture
from segbench.errors import SegbenchError

#: Photometric interpretations (tag 262) whose stored values are handed on; others are refused.
_READ = {"MINISWHITE", "MINISBLACK", "RGB", "PALETTE", "MASK", "SEPARATED", "YCBCR"}

#: Compressions (tag 259) that decode YCbCr to red, green, blue: the kinds of JPEG.
_JPEG = {6, 7, 34892, 33007}

#: JPEG 2000 of Aperio's scanners whose colours are YCbCr, whatever the file calls them.
_APERIO_YCBCR = 33003

#: Values of ExtraSamples (tag 338) that mark opacity: premultiplied, plain. 0 is unspecified.
_OPACITY = {1, 2}

#: Pages that are no wider were hardly meant as pages: writers that are not told the axes take the
#: channels of a (y, x, channel) array for columns.
_FEW = 8


def check_values(path: Path, picture: Picture) -> None:
    """Refuse values that cannot be handed on as they are stored.

    Raises
    ------
    SegbenchError
        Complex numbers, unknown compressions, colour spaces other than grey, palettes, RGB.
    """
    import tifffile

    key = picture.keyframe
    kind = getattr(key.photometric, "name", str(key.photometric))
    found = ""
    if key.dtype is None or key.dtype.kind not in "buif" or isinstance(key.bitspersample, tuple):
        found = f"values of {key.bitspersample} bits, sample format {int(key.sampleformat)}"
        found += f" ({key.dtype})" if key.dtype is not None else ""
    elif key.compression != 1 and key.compression not in tifffile.TIFF.DECOMPRESSORS:
        found = f"the compression {getattr(key.compression, 'name', key.compression)}"
    elif key.compression == _APERIO_YCBCR or (
        kind == "YCBCR" and (key.compression not in _JPEG or key.planarconfig != 1)
    ):
        found = "YCbCr colours that are not compressed as JPEG"
    elif kind not in _READ:
        found = f"the colour space {kind}"
    elif kind == "PALETTE" and {*map(int, key.extrasamples)} - _OPACITY:
        found = f"a palette with {key.samplesperpixel} values in a pixel"
    if found:
        raise SegbenchError(
            f"{path}: not read: {found}",
            "integers or floats: grey, RGB or with a palette",
            "save the file again as a plain grey or RGB TIFF, e.g. with deflate compression",
        )


def notes_of(picture: Picture, layout: Layout) -> tuple[str, ...]:
    """What the user should be told of the values."""
    key, notes = picture.head, []
    if key.photometric == 0 and 262 in key.tags:
        notes.append("0 is shown as white (photometric 0): values are taken as they are stored")
    nodata = key.tags.valueof(42113)
    if nodata is not None:
        notes.append(f"marks {str(nodata).strip()} as no data (GDAL): it is taken as a number")
    if layout.letters[0] in "QI" and layout.stored[0] == "z" and layout.shape[-1] <= _FEW:
        notes.append(
            f"its pages have {layout.shape[-1]} columns: if these are channels, set "
            f"`layout: {{axes: {'yxc' if len(layout.shape) == 3 else 'zyxc'}}}`"
        )
    return tuple(notes)


def is_colour(picture: Picture, layout: Layout) -> bool:
    """The channels are red, green, blue (and opacity)."""
    return _are_samples(layout) and picture.keyframe.photometric in {2, 6}


def has_alpha(path: Path, picture: Picture, layout: Layout) -> bool:
    """The file marks the last channel as opacity.

    Raises
    ------
    SegbenchError
        It marks another one.
    """
    extra = tuple(map(int, picture.keyframe.extrasamples)) if _are_samples(layout) else ()
    marked = [value in _OPACITY for value in extra]
    if any(marked[:-1]):
        raise SegbenchError(
            f"{path}: marks channel {len(marked) - marked.index(True)} from the last as opacity",
            "opacity in the last channel only",
            "save the file again without opacity",
        )
    return bool(marked and marked[-1])


def palette_of(picture: Picture, file: Any) -> np.ndarray | None:
    """Colours of the values; ImageJ's lookup tables are for display only and none.

    Returns
    -------
    ndarray of uint8, (n, 3), or None
    """
    key = picture.head
    table = key.colormap
    if key.photometric != 3 or table is None or file.is_imagej:
        return None
    if any(not np.array_equal(page.aspage().colormap, table) for page in picture.pages[1:]):
        raise ValueError("its pages have different palettes")
    # 16 bits by the specification; some writers put 8 in them, as libtiff's tools know too.
    return np.ascontiguousarray((table >> 8 if table.max() > 255 else table).T, dtype=np.uint8)


def channel_names(file: Any, layout: Layout, said: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the channels, where the file gives one for each.

    Parameters
    ----------
    file : tifffile.TiffFile
    layout : Layout
    said : tuple of str
        Names in the OME description.
    """
    if "c" not in layout.stored:
        return ()
    count = layout.shape[layout.stored.index("c")]
    if not said and file.is_imagej and layout.letters.startswith(("C", "ZC")):
        # One label a plane; those of the first slice name the channels if all slices have them.
        labels = [str(label) for label in file.imagej_metadata.get("Labels", ())]
        repeated = labels == labels[:count] * (len(labels) // count)
        said = tuple(labels[:count]) if repeated else ()
    return said if len(said) == count and all(said) else ()


def _are_samples(layout: Layout) -> bool:
    """The channels are samples of a pixel, not pages."""
    return "c" in layout.stored and layout.letters[layout.stored.index("c")] == "S"
