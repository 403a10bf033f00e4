"""DICOM segmentations: binary ones, whose segments may overlap, and label maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.affines import spacing_from
from segbench.decoders.decoder import Choices, Decoded, Header
from segbench.decoders.dicom_planes import planes_of
from segbench.errors import SegbenchError


def read_segmentation(path: Path, dataset: Any, choices: Choices) -> Decoded:
    """Read a segmentation.

    Parameters
    ----------
    path : Path
        For errors.
    dataset : pydicom.Dataset
    choices : Choices
        With z among the axes, one slice is a volume.

    Returns
    -------
    Decoded
        A label map of segment numbers with their names; or, where segments overlap, a channel of
        0 and 1 for each. It lies where its frames do: those without a segment may be left out.

    Raises
    ------
    SegbenchError
        The segments are fractions or tiles, or the frames make no grid.
    """
    if dataset.get("SegmentationType") == "FRACTIONAL":
        raise SegbenchError(
            f"{path}: holds fractions (a FRACTIONAL segmentation), not masks",
            "a BINARY or LABELMAP segmentation",
            "threshold it and save it as a binary segmentation, e.g. with 3D Slicer",
        )
    names = {int(one.SegmentNumber): str(one.SegmentLabel) for one in dataset.SegmentSequence}
    names.pop(0, None)
    if any(plane.get("ImagePositionPatient") is None for plane in planes_of([dataset])):
        pixels, affine = _in_frames(path, dataset, sorted(names)), None
    else:
        pixels, affine = _in_space(path, dataset, sorted(names))
    spatial = 3 if affine is not None else 2
    if affine is not None and pixels.shape[0] == 1 and "z" not in (choices.axes or ""):
        pixels, spatial = pixels[0], 2
    overlapping = pixels.ndim > spatial
    header = Header(
        "zyx"[3 - spatial :] + "c" * overlapping,
        pixels.shape,
        pixels.dtype,
        spacing_mm=None if affine is None else spacing_from(affine)[3 - spatial :],
        affine=affine,
        channels=tuple(names[number] for number in sorted(names)) if overlapping else (),
        labels={} if overlapping else names,
        partial=affine is not None,
    )
    return Decoded(header, pixels)


def _in_space(path: Path, dataset: Any, numbers: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (z, y, x[, segment]) and affine of frames that lie in the patient."""
    from highdicom.seg import Segmentation

    segmentation = Segmentation.from_dataset(dataset, copy=False)
    if segmentation.get_volume_geometry(allow_missing_positions=True) is None:
        raise SegbenchError(
            f"{path}: its {segmentation.number_of_frames} frames lie {_gaps(segmentation)}",
            "frames on a regular grid, at right angles to their plane",
            "make the segmentation again on the slices of its image, e.g. with 3D Slicer",
        )
    try:
        volume = segmentation.get_volume(segment_numbers=numbers, combine_segments=True)
    except RuntimeError as error:
        if "overlap" not in str(error):
            raise
        volume = None  # its traceback holds tables of this object, so another is made below
    if volume is None:
        segmentation = Segmentation.from_dataset(dataset, copy=False)
        volume = segmentation.get_volume(segment_numbers=numbers)
    # highdicom counts slices against the normal of the plane; series are counted along it.
    affine = volume.affine[:, [2, 1, 0, 3]].copy()
    pixels = volume.array
    if np.linalg.det(affine[:3, :3]) < 0:
        pixels = np.ascontiguousarray(pixels[::-1])
        affine[:3, 3] += affine[:3, 2] * (pixels.shape[0] - 1)
        affine[:, 2] *= -1
    if pixels.shape[0] == 1:
        thickness = planes_of([segmentation])[0].thickness or 1.0
        affine[:, 2] *= thickness / np.linalg.norm(affine[:, 2])
    return pixels, np.diag([-1.0, -1, 1, 1]) @ affine


def _gaps(segmentation: Any) -> str:
    planes = planes_of([segmentation])
    orientation = planes[0].numbers("ImageOrientationPatient", 6)
    if orientation is None or "TotalPixelMatrixRows" in segmentation:
        return "in tiles of a slide, or do not say how they are turned"
    normal = np.cross(orientation[:3], orientation[3:])
    positions = [plane.numbers("ImagePositionPatient", 3) for plane in planes]
    along = np.unique([np.round(one @ normal, 4) for one in positions if one is not None])
    gaps = np.diff(along)
    told = f"{gaps.min():.4g} to {gaps.max():.4g} mm" if len(gaps) else "0 mm"
    hint = planes[0].get("SpacingBetweenSlices")
    return f"{told} apart" + (f" where the header says {float(hint):g} mm" if hint else "")


def _in_frames(path: Path, dataset: Any, numbers: list[int]) -> np.ndarray:
    """Pixels (y, x[, segment]) of a segmentation of one picture."""
    from pydicom.pixels.utils import pixel_array

    frames = pixel_array(dataset).reshape(-1, dataset.Rows, dataset.Columns)
    if dataset.SegmentationType == "LABELMAP":
        owners = [0] * len(frames)
    else:
        owners = [int(plane.get("ReferencedSegmentNumber")) for plane in planes_of([dataset])]
    if len(set(owners)) < len(owners):
        raise SegbenchError(
            f"{path}: holds {len(frames)} frames, and does not say where they lie",
            "a segmentation of one picture, or frames with a position in the patient",
            "save the segmentation of each picture as a file of its own",
        )
    if dataset.SegmentationType == "LABELMAP":
        return np.ascontiguousarray(frames[0])
    layers = np.zeros((*frames.shape[1:], len(numbers)), np.uint8)
    for frame, owner in zip(frames, owners, strict=True):
        layers[..., numbers.index(owner)] = frame
    if (layers.sum(axis=-1, dtype=np.uint16) > 1).any():
        return layers
    kind = np.min_scalar_type(max(numbers))
    return np.asarray((layers * np.array(numbers, kind)).sum(axis=-1, dtype=kind))
