"""Planes of a DICOM image: files of a series or frames of a file, and where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segbench.errors import SegbenchError

#: Where the frames of a file with many keep what single files keep at their top.
_SEQUENCES = {
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "SpacingBetweenSlices": "PixelMeasuresSequence",
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "StackID": "FrameContentSequence",
    "TemporalPositionIndex": "FrameContentSequence",
    "EffectiveEchoTime": "MREchoSequence",
    "DiffusionBValue": "MRDiffusionSequence",
    "NominalCardiacTriggerDelayTime": "CardiacSynchronizationSequence",
    "FrameType": "CTImageFrameTypeSequence",
    "ReferencedSegmentNumber": "SegmentIdentificationSequence",
}

#: What may tell images at one place apart, as words -> attributes.
_KINDS = {
    "echo times": ("EchoTime", "EffectiveEchoTime"),
    "time points": ("TemporalPositionIdentifier", "TemporalPositionIndex", "FrameReferenceTime"),
    "b-values": ("DiffusionBValue",),
    "trigger times": ("TriggerTime", "NominalCardiacTriggerDelayTime"),
    "inversion times": ("InversionTime",),
    "stacks": ("StackID",),
    "image types": ("ImageType", "FrameType"),
    "acquisitions": ("AcquisitionNumber", "AcquisitionTime"),
}

#: Share of a voxel by which a slice may lie beside its place in a regular grid.
TOLERANCE = 0.05


@dataclass(frozen=True)
class Plane:
    """One slice.

    Attributes
    ----------
    dataset : pydicom.Dataset
    name : str
        Of the file, or the number of the frame in it.
    frame : int or None
        Index of the frame; None: the file is one plane.
    """

    dataset: Any
    name: str
    frame: int | None = None

    def get(self, keyword: str) -> Any:
        """Value of an attribute of this plane; None: the file does not say it."""
        sequence = _SEQUENCES.get(keyword)
        if self.frame is not None and sequence is not None:
            frames = self.dataset.get("PerFrameFunctionalGroupsSequence") or []
            own = [frames[self.frame]] if self.frame < len(frames) else []
            for group in (*own, *(self.dataset.get("SharedFunctionalGroupsSequence") or [])):
                for item in group.get(sequence) or []:
                    if (value := item.get(keyword)) is not None:
                        return value
        return self.dataset.get(keyword)

    def numbers(self, keyword: str, count: int) -> np.ndarray | None:
        """Values of an attribute that holds `count` numbers; None: there are no such values."""
        value = self.get(keyword)
        try:
            found = np.atleast_1d(np.array(value, np.float64))
        except (TypeError, ValueError):
            return None
        return found if found.shape == (count,) and np.isfinite(found).all() else None

    @property
    def thickness(self) -> float | None:
        """Millimetres from one slice to the next; None: the file does not say it."""
        said = self.get("SpacingBetweenSlices") or self.get("SliceThickness")
        return abs(float(said)) if said else None


def planes_of(datasets: Sequence[Any]) -> list[Plane]:
    """The planes of files of one image."""
    planes = []
    for dataset in datasets:
        name = Path(getattr(dataset, "filename", "")).name
        count = int(dataset.get("NumberOfFrames") or 1)
        if count == 1 and "PerFrameFunctionalGroupsSequence" not in dataset:
            planes.append(Plane(dataset, name))
        else:
            planes += [Plane(dataset, f"frame {n + 1}", n) for n in range(count)]
    return planes


@dataclass(frozen=True)
class Stack:
    """Planes in the order of their places, and their grid.

    Attributes
    ----------
    planes : list of Plane
    spacing_mm : tuple of float or None
        (z, y, x); (y, x) of a picture without a place, or of a slice of unknown thickness.
    affine : ndarray of float64, (4, 4), or None
        Index (x, y, z, 1) to millimetres: right, anterior, superior.
    """

    planes: list[Plane]
    spacing_mm: tuple[float, ...] | None
    affine: np.ndarray | None


def stack(path: Path, planes: Sequence[Plane], axes: str | None) -> Stack:
    """Order planes by their place along the normal, and check that they make a grid.

    Parameters
    ----------
    path : Path
        The image, for errors.
    planes : sequence of Plane
    axes : str or None
        What the user says of the axes; without it, frames without a place are refused.

    Raises
    ------
    SegbenchError
        The planes differ in size, orientation or pixel size; are tilted against their normal;
        lie at one place, or unequally far apart; or have no place.
    """
    places = [_place(plane) for plane in planes]
    spacing = _common_spacing(path, planes)
    if any(place is None for place in places):
        if len(planes) > 1 and axes is None:
            raise SegbenchError(
                f"{path}: holds {len(planes)} frames, and does not say where they lie",
                "frames with a position in the patient (ImagePositionPatient), or one frame",
                "save each frame as a file of its own if they are a film; if they are slices, set "
                "`layout: {axes: zyx}` in the dataset's config",
            )
        return Stack(list(planes), spacing if len(planes) == 1 else None, None)
    found = [place for place in places if place is not None]
    orientation = _common_orientation(path, planes, np.array([one for _, one in found]))
    if spacing is None:
        raise SegbenchError(
            f"{path}: does not say how large its pixels are",
            "PixelSpacing, as the slices have a place in the patient",
            "export the series again",
        )
    return _in_order(path, planes, np.array([one for one, _ in found]), orientation, spacing)


def _place(plane: Plane) -> tuple[np.ndarray, np.ndarray] | None:
    position = plane.numbers("ImagePositionPatient", 3)
    orientation = plane.numbers("ImageOrientationPatient", 6)
    if position is None or orientation is None:
        return None
    return position, orientation


def _common_spacing(path: Path, planes: Sequence[Plane]) -> tuple[float, ...] | None:
    sizes = [(plane.dataset.Rows, plane.dataset.Columns) for plane in planes]
    _check_equal(path, "sizes", [f"{rows} x {columns}" for rows, columns in sizes], planes)
    found = [plane.numbers("PixelSpacing", 2) for plane in planes]
    text = ["none" if one is None else " x ".join(f"{side:.5g}" for side in one) for one in found]
    _check_equal(path, "pixel sizes", text, planes)
    first = found[0]
    return None if first is None or not (first > 0).all() else tuple(map(float, first))


def _common_orientation(
    path: Path, planes: Sequence[Plane], orientations: np.ndarray
) -> np.ndarray:
    first = orientations[0].reshape(2, 3)
    if np.abs(first @ first.T - np.eye(2)).max() > 1e-3:
        raise SegbenchError(
            f"{path}: the directions of rows and columns ({orientations[0].tolist()}) are not at "
            "right angles",
            "two unit vectors (ImageOrientationPatient)",
            "export the series again",
        )
    same = np.abs(orientations - orientations[0]).max(axis=1) < 1e-4
    if not same.all():
        text = [" ".join(f"{number:.4g}" for number in one) for one in orientations]
        _check_equal(path, "orientations", text, planes)
        _check_equal(path, "orientations", [f"{one.tolist()}" for one in orientations], planes)
    return np.asarray(first / np.linalg.norm(first, axis=1, keepdims=True))


def _check_equal(path: Path, what: str, values: Sequence[str], planes: Sequence[Plane]) -> None:
    groups: dict[str, list[str]] = {}
    for value, plane in zip(values, planes, strict=True):
        groups.setdefault(value, []).append(plane.name)
    if len(groups) > 1:
        counted = [f"{value} ({len(n)}, e.g. {n[0]})" for value, n in groups.items()]
        raise SegbenchError(
            f"{path}: its {len(planes)} slices have {len(groups)} {what}: {', '.join(counted[:4])}",
            f"slices with equal {what}",
            "move slices that are not of the volume (localizers, other planes) to a folder of "
            "their own",
        )


def _in_order(
    path: Path,
    planes: Sequence[Plane],
    positions: np.ndarray,
    orientation: np.ndarray,
    spacing: tuple[float, ...],
) -> Stack:
    normal = np.cross(*orientation)
    along = positions @ normal
    order = np.argsort(along, kind="stable")
    along, positions = along[order], positions[order]
    ordered = [planes[index] for index in order]
    if len(planes) == 1:
        step = planes[0].thickness or 1.0
    else:
        step = (along[-1] - along[0]) / (len(along) - 1)
        _check_one_place(path, ordered, along, min(spacing) / 100)
        _check_regular(path, ordered, along, step)
        _check_upright(path, positions, along, normal, min(spacing))
        # Positions are decimal numbers; 0.7 is meant where a mean of them is 0.6999999999.
        step = round(float(step), 9)
    affine = np.eye(4)
    affine[:3, :3] = np.stack([orientation[0] * spacing[1], orientation[1] * spacing[0],
                               normal * step], axis=1)  # fmt: skip
    affine[:3, 3] = positions[0]
    known = len(planes) > 1 or planes[0].thickness is not None
    sides = (step, *spacing) if known else spacing
    return Stack(ordered, sides, np.diag([-1.0, -1, 1, 1]) @ affine)


def _check_one_place(path: Path, planes: Sequence[Plane], along: np.ndarray, least: float) -> None:
    """Refuse several images at one place, less than so many millimetres apart: echoes, times."""
    gaps = np.diff(along)
    if gaps.min() > least:
        return
    places = 1 + int((gaps > least).sum())
    kinds = []
    for words, keywords in _KINDS.items():
        for keyword in keywords:
            values = {str(value) for plane in planes if (value := plane.get(keyword)) is not None}
            if len(values) > 1:
                kinds.append(f"{len(values)} {words} ({', '.join(sorted(values)[:4])})")
                break
    told = f"; they have {' and '.join(kinds[:3])}" if kinds else ""
    first = int(np.argmin(gaps))
    raise SegbenchError(
        f"{path}: its {len(planes)} slices lie at {places} places, e.g. {planes[first].name} and "
        f"{planes[first + 1].name} at one{told}",
        "one slice at each place",
        "move each echo, time point or other kind of image to a folder of its own",
    )


def _check_regular(
    path: Path, planes: Sequence[Plane], along: np.ndarray, step: np.ndarray
) -> None:
    """Refuse slices that are missing or unequally far apart."""
    places = along[0] + step * np.arange(len(along))
    if np.abs(along - places).max() <= TOLERANCE * step:
        return
    gaps = np.diff(along)
    usual = float(np.median(gaps))
    wide = int(np.argmax(np.abs(gaps - usual)))
    whole = np.rint(gaps / usual)
    missing = int((whole - 1).sum())
    where = f"{gaps[wide]:.4g} mm between {planes[wide].name} and {planes[wide + 1].name}"
    if missing and np.abs(gaps - whole * usual).max() <= TOLERANCE * usual:
        raise SegbenchError(
            f"{path}: {missing} slices are missing: {where}, {usual:.4g} mm elsewhere",
            "a slice at each place",
            "fetch the series again, or leave it out",
        )
    raise SegbenchError(
        f"{path}: its slices are unequally far apart: {gaps.min():.4g} to {gaps.max():.4g} mm; "
        f"{where}",
        "equal distances between slices",
        "resample the series to a regular grid, e.g. with dcm2niix, or leave it out",
    )


def _check_upright(
    path: Path, positions: np.ndarray, along: np.ndarray, normal: np.ndarray, pixel: float
) -> None:
    """Refuse a stack whose slices are shifted against each other (a tilted gantry)."""
    shift = positions - positions[0] - np.outer(along - along[0], normal)
    far = np.linalg.norm(shift, axis=1).max()
    if far > 5 * TOLERANCE * pixel:
        angle = np.degrees(np.arctan2(far, along[-1] - along[0]))
        raise SegbenchError(
            f"{path}: its slices are shifted by up to {far:.4g} mm within their plane, an angle "
            f"of {angle:.3g} degrees (a tilted gantry)",
            "slices stacked at right angles to their plane",
            "resample the series to an upright grid, e.g. with dcm2niix, which writes a volume "
            "corrected for the tilt",
        )
