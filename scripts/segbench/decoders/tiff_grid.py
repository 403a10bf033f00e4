"""Size of a pixel as a TIFF file says it: OME, ImageJ, slide scanners, centimetre tags."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from segbench.decoders.tiff_axes import Layout
from segbench.decoders.tiff_pages import Picture

#: Names of units, in lower case -> millimetres. Inches are left out: they count print.
MILLIMETRES = {
    "pm": 1e-9, "å": 1e-7, "angstrom": 1e-7, "nm": 1e-6, "nanometer": 1e-6, "nanometre": 1e-6,
    "um": 1e-3, "µm": 1e-3, "μm": 1e-3, "\\u00b5m": 1e-3, "micron": 1e-3, "microns": 1e-3,
    "micrometer": 1e-3, "micrometre": 1e-3, "mm": 1.0, "millimeter": 1.0, "millimetre": 1.0,
    "cm": 10.0, "centimeter": 10.0, "centimetre": 10.0, "dm": 100.0, "m": 1e3, "meter": 1e3,
    "metre": 1e3,
}  # fmt: skip


def spacing_mm(
    file: Any, picture: Picture, layout: Layout, ome: Mapping[str, float]
) -> tuple[tuple[float, ...] | None, tuple[str, ...]]:
    """Size of a pixel or voxel of the array that is handed on.

    Parameters
    ----------
    file : tifffile.TiffFile
    picture : Picture
    layout : Layout
    ome : mapping of str to float
        Millimetres along X, Y and Z in the OME description.

    Returns
    -------
    spacing : tuple of float or None
        Millimetres along (y, x) or (z, y, x); None if the file does not say all of them.
    notes : tuple of str
        What is said in part, or is no size of a pixel.

    Notes
    -----
    ``ResolutionUnit`` inch is the density of print (72 or 300 dpi, whatever was imaged) and not
    taken, nor ImageJ's unit "inch", which ImageJ makes from it.
    """
    notes: tuple[str, ...] = ()
    if ome or file.is_ome:
        sizes = dict(ome)
    elif file.is_imagej:
        sizes, notes = _imagej(file, picture)
    else:
        sizes = _scanner(file, picture.head) or _per_pixel(picture.head, unit_of_tags(picture.head))
    sizes = {axis: size * picture.factors.get(axis, 1) for axis, size in sizes.items()}
    if not sizes:
        return None, notes
    spacing = {}
    for axis, letter in zip(layout.stored, layout.letters, strict=True):
        spacing[axis] = sizes.get(letter if letter in "YX" else "Z", math.nan)
    if layout.swapped:
        spacing["y"], spacing["x"] = spacing["x"], spacing["y"]
    found = tuple(spacing[axis] for axis in layout.axes if axis != "c")
    if all(0 < size < math.inf for size in found):
        return found, notes
    return None, (*notes, "says the size of a pixel only along some axes: it is not taken")


def millimetres(size: object, unit: object) -> float | None:
    """A length in millimetres; None if it is not one."""
    scale = MILLIMETRES.get(str(unit).strip().lower())
    try:
        length = float(str(size)) * (scale or math.nan)
    except ValueError:
        return None
    return float(f"{length:.12g}") if 0 < length < math.inf else None


def number(value: Any) -> float:
    """A tag's rational (numerator, denominator), or plain number; 0 if it is none."""
    if isinstance(value, tuple):
        return value[0] / value[1] if len(value) == 2 and value[1] else 0.0
    return float(value) if isinstance(value, (int, float)) else 0.0


def unit_of_tags(page: Any) -> str:
    """Unit of length of the resolution tags; empty if it is none, or inch."""
    return {3: "cm", 4: "mm", 5: "um"}.get(int(page.tags.valueof(296, 2)), "")


def _per_pixel(page: Any, unit_x: str, unit_y: str = "") -> dict[str, float]:
    """Millimetres from the resolution tags, which count pixels in a unit of length."""
    sizes = {}
    for axis, code, unit in (("X", 282, unit_x), ("Y", 283, unit_y or unit_x)):
        pixels = number(page.tags.valueof(code))
        size = millimetres(1 / pixels if pixels else 0, unit)
        if size is not None:
            # Rationals of writers are cut off: 0.325 is meant where 0.32500001 is stored.
            sizes[axis] = float(f"{size:.6g}")
    return sizes


def _imagej(file: Any, picture: Picture) -> tuple[dict[str, float], tuple[str, ...]]:
    """Sizes in ImageJ's own unit; its ``spacing`` lies along Z."""
    meta = file.imagej_metadata
    unit = str(meta.get("unit", "")).strip() or unit_of_tags(picture.head)
    if unit.lower() not in MILLIMETRES:
        plain = unit.lower() in {"", "pixel", "pixels"}
        return {}, () if plain else (f"counts pixels in the unit {unit!r}: it is not taken",)
    sizes = _per_pixel(picture.head, unit, str(meta.get("yunit", "")))
    notes: tuple[str, ...] = ()
    depth = millimetres(meta.get("spacing", 1), meta.get("zunit", unit))
    if sizes and depth is not None:
        sizes["Z"] = depth
        if "spacing" not in meta and "Z" in picture.axes:
            notes = (f"gives no distance of slices; ImageJ takes 1 {unit} for it",)
    return sizes, notes


def _scanner(file: Any, page: Any) -> dict[str, float]:
    """Micrometres in a pixel, as Aperio's scanners describe them."""
    from tifffile.tifffile import svs_description_metadata

    if not file.is_svs:
        return {}
    size = millimetres(svs_description_metadata(page.description).get("MPP"), "um")
    return {} if size is None else {"X": size, "Y": size}
