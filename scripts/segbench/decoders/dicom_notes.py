"""What the user should be told of a DICOM image."""

from __future__ import annotations

from pathlib import Path

from segbench.decoders.dicom_pixels import rescale_of
from segbench.decoders.dicom_planes import Plane, Stack


def notes_of(path: Path, stack: Stack) -> tuple[str, ...]:
    """Notes of an image's header: values that mean something else, sizes that disagree.

    Parameters
    ----------
    path : Path
        The image, for errors.
    stack : Stack
    """
    first = stack.planes[0]
    values = (_white(first), _padding(path, first), _detector(first), _distance(stack))
    return tuple(note for note in values if note)


def _white(plane: Plane) -> str:
    if plane.dataset.get("PhotometricInterpretation") != "MONOCHROME1":
        return ""
    return "low values are shown bright (MONOCHROME1); the values are as stored"


def _padding(path: Path, plane: Plane) -> str:
    padding = plane.dataset.get("PixelPaddingValue")
    if not isinstance(padding, int):
        return ""
    slope, intercept = rescale_of(path, plane)
    value = padding * slope + intercept
    return f"pixels outside the image have the value {value:g} (PixelPaddingValue)"


def _detector(plane: Plane) -> str:
    sides = plane.numbers("ImagerPixelSpacing", 2)
    if sides is None or plane.get("PixelSpacing"):
        return ""
    return (
        f"pixels measure {sides[0]:g} x {sides[1]:g} mm at the detector (ImagerPixelSpacing); "
        "their size in the patient is not said"
    )


def _distance(stack: Stack) -> str:
    """Tell a distance between slices that is not that of their places, which counts."""
    said = stack.planes[0].numbers("SpacingBetweenSlices", 1)
    if said is None or stack.affine is None or stack.spacing_mm is None or len(stack.planes) == 1:
        return ""
    if abs(abs(said[0]) - stack.spacing_mm[0]) <= 0.01 * stack.spacing_mm[0]:
        return ""
    return (
        f"slices lie {stack.spacing_mm[0]:g} mm apart by their places, which count; the header "
        f"says {said[0]:g} mm (SpacingBetweenSlices)"
    )
