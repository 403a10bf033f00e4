"""Where the voxels of a NIfTI file lie: sform, qform, pixdim, units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.affines import (
    SHEAR,
    apart,
    check_orthogonal,
    is_affine,
    shear_of,
    spacing_from,
)
from segbench.decoders.grids import TOLERANCE
from segbench.decoders.volume_axes import Axes

#: Millimetres in the units of lengths, by their codes; without a unit it is millimetres.
_MILLIMETRES: Mapping[int, float] = {0: 1.0, 1: 1e3, 2: 1.0, 3: 1e-3}

#: Voxel sizes of pixdim and affine that are one number in float32 ...
_EQUAL = 1e-5
#: ... and such that differ by rounding to a few decimals. What differs by more is told.
_ROUNDED = 1e-3


@dataclass(frozen=True)
class Grid:
    """Where the voxels lie, as `decoder.Header` has it."""

    spacing_mm: tuple[float, ...] | None
    affine: np.ndarray | None
    other_affine: np.ndarray | None
    notes: tuple[str, ...]


def grid_of(path: Path, header: Any, axes: Axes) -> Grid:
    """Voxel size and affine by the rule of the standard: the sform's, else the qform's.

    A sheared sform, as an affine registration writes it, gives no distances; the scanner's qform
    then counts, if there is one. Where neither has a code, the file says voxel sizes only.

    Parameters
    ----------
    path : Path
        For messages.
    header : Nifti1Header or Nifti2Header
    axes : Axes

    Raises
    ------
    SegbenchError
        The affine is sheared.

    References
    ----------
    NIfTI-1 standard, "3D image (volume) orientation and location in space",
    https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h
    """
    code = int(header["xyzt_units"]) & 7
    if code not in _MILLIMETRES:
        return Grid(None, None, None, (f"its unit {code} is not known: no voxel size is taken",))
    unit = _MILLIMETRES[code]
    spatial = slice(-len(axes.names.rstrip("c")), None)
    pixdim = tuple(_decimal(side) * unit for side in header["pixdim"][3:0:-1])[spatial]
    usable, notes = _usable(header, axes.stored[2] == 1)
    if not usable:
        known = all(0 < side < np.inf for side in pixdim)
        return Grid(pixdim if known else None, None, None, tuple(notes))
    check_orthogonal(path, usable[0])
    spacing = tuple(_decimal(side) * unit for side in spacing_from(usable[0]))[spatial]
    if not np.allclose(pixdim, spacing, _ROUNDED, 0):
        said, counts = (" x ".join(f"{side:.6g}" for side in one) for one in (pixdim, spacing))
        notes.append(
            f"its pixdim says voxels of {said} mm, its affine {counts} mm; the affine counts"
        )
    # Where pixdim says the same, it holds the number that was meant, e.g. 0.7.
    spacing = tuple(
        told if np.isclose(told, side, _EQUAL, 0) else side
        for told, side in zip(pixdim, spacing, strict=True)
    )
    places = [np.vstack([affine[:3] * unit, affine[3:]]) for affine in usable]
    far = apart(places[0], places[-1], axes.stored[2::-1])
    if far <= TOLERANCE:
        return Grid(spacing, places[0], None, tuple(notes))
    notes.append(
        f"its sform and qform lie up to {far:.3g} voxels apart; the sform counts, as for nibabel "
        "(ITK-SNAP and 3D Slicer take the qform, but where the sform's code is 1)"
    )
    return Grid(spacing, places[0], places[-1], tuple(notes))


def _usable(header: Any, flat: bool) -> tuple[list[np.ndarray], list[str]]:
    """The places that count, the first most, in the header's unit; and what is to be told."""
    said = [name for name in ("sform", "qform") if header[f"{name}_code"] > 0]
    found = {name: _matrix(header, name, flat) for name in said}
    notes = [
        f"its {name} gives voxels no place of their own and is not used"
        for name in said
        if found[name] is None
    ]
    usable = [affine for affine in found.values() if affine is not None]
    if len(usable) == 2 and shear_of(usable[0]) > SHEAR:
        notes.append("its sform is sheared, as after an affine registration; its qform is used")
        usable = usable[1:]
    return usable, notes


def _matrix(header: Any, name: str, flat: bool) -> np.ndarray | None:
    """The sform or qform in the header's unit; None: no grid lies so."""
    from nibabel.spatialimages import HeaderDataError

    try:
        affine = np.array(getattr(header, f"get_{name}")(), np.float64)
    except (ValueError, HeaderDataError):  # a quaternion longer than 1, or sizes below 0
        return None
    if flat and not np.nan_to_num(affine[:3, 2]).any():
        affine[:3, 2] = np.cross(affine[:3, 0], affine[:3, 1])
    return affine if is_affine(affine) else None


def _decimal(number: float) -> float:
    """The number that is meant: 0.7 where 0.69999999 is stored as float32."""
    return float(str(np.float32(number)))
