"""Masks as DICOM segmentations of their images."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.dicom_planes import Plane
from segbench.errors import SegbenchError

#: Up to this value, masks are BINARY segmentations, which all programs read. Their segments are
#: numbered from 1 on without gaps, so masks with higher values, or with few of the values up to
#: the highest, are label maps (DICOM supplement 243), which programs read since 2024.
BINARY_UP_TO = 255

#: Attributes of the patient and the study that a segmentation must have, empty where the image
#: does not say them.
_COPIED = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID",
    "StudyDate", "StudyTime", "ReferringPhysicianName",
)  # fmt: skip


def segmentation_of(
    label: np.ndarray, source: Path, planes: Sequence[Plane], names: Mapping[int, str]
) -> Any:
    """Make a DICOM segmentation of a mask, which refers to its image.

    A value is the number of its segment. Equal masks of equal images give equal bytes: the
    identifiers are made from the content, the date is that of the study.

    Parameters
    ----------
    label : ndarray of unsigned integers, (y, x) or (z, y, x)
    source : Path
        The image, for errors.
    planes : sequence of Plane
        Of the image, in the order of the label's slices.
    names : mapping of int to str
        Names of the values.

    Returns
    -------
    highdicom.seg.Segmentation

    Raises
    ------
    SegbenchError
        There are more values than segments can be numbered, or the image has no identifiers.
    """
    import highdicom

    used = sorted({*np.unique(label).tolist(), *names} - {0}) or [1]
    top = used[-1]
    if top > np.iinfo(np.uint16).max:
        raise SegbenchError(
            f"{source}: its mask has values up to {top}",
            "at most 65535: DICOM numbers segments with 16 bits",
            "save the image as NIfTI, whose masks have no such limit",
        )
    binary = top <= BINARY_UP_TO and top <= 2 * len(used)
    numbers = range(1, top + 1) if binary else used
    frames = label.reshape(-1, *label.shape[-2:])
    sources = _sources(planes[: len(frames)])  # slices that are channels have one mask
    if planes[0].frame is not None:  # as the file has its frames
        frames = frames[np.argsort([plane.frame or 0 for plane in planes])]
    identity = _identity(label, sources, names)
    segmentation = highdicom.seg.Segmentation(
        source_images=sources,
        pixel_array=np.ascontiguousarray(frames, np.uint8 if top < 256 else np.uint16),
        segmentation_type="BINARY" if binary else "LABELMAP",
        segment_descriptions=[_segment(number, names) for number in numbers],
        series_instance_uid=_uid("series", identity),
        series_number=int(sources[0].get("SeriesNumber") or 0) % 1000 + 1000,
        sop_instance_uid=_uid("instance", identity),
        instance_number=1,
        manufacturer="segbench",
        manufacturer_model_name="segbench",
        software_versions="segbench",
        device_serial_number="0",
        # One segment with all frames is a volume to programs that know no segmentations.
        omit_empty_frames=len(numbers) > 1,
    )
    segmentation.SpecificCharacterSet = "ISO_IR 192"  # names in any script
    _without_clock(segmentation, sources[0], _uid("dimensions", identity))
    return segmentation


def _sources(planes: Sequence[Plane]) -> list[Any]:
    sources = list({id(plane.dataset): plane.dataset for plane in planes}.values())
    for source in sources:
        for keyword in _COPIED:
            if keyword not in source:
                setattr(source, keyword, "")
    return sources


def _identity(label: np.ndarray, sources: Sequence[Any], names: Mapping[int, str]) -> str:
    digest = hashlib.sha256(repr((label.dtype.str, label.shape, sorted(names.items()))).encode())
    digest.update(label.tobytes())
    for source in sources:
        digest.update(str(source.SOPInstanceUID).encode())
    return digest.hexdigest()


def _uid(kind: str, identity: str) -> str:
    """An identifier made from content (2.25.: of a UUID, DICOM PS3.5 B.2)."""
    return f"2.25.{int(hashlib.sha256((kind + identity).encode()).hexdigest()[:32], 16)}"


def _segment(number: int, names: Mapping[int, str]) -> Any:
    import highdicom
    from pydicom.sr.codedict import codes

    return highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=names.get(number, str(number)).replace("\\", "/")[:64],
        segmented_property_category=codes.SCT.Tissue,
        segmented_property_type=codes.SCT.Tissue,
        algorithm_type="AUTOMATIC",
        algorithm_identification=highdicom.AlgorithmIdentificationSequence(
            "segbench", codes.DCM.ArtificialIntelligence, "segbench"
        ),
    )


def _without_clock(segmentation: Any, source: Any, dimensions: str) -> None:
    """Replace what highdicom takes from the clock and from random numbers."""
    dates = ("ContentDate", "SeriesDate", "StudyDate")
    segmentation.ContentDate = next(filter(None, map(source.get, dates)), "19700101")
    segmentation.ContentTime = "000000"
    for keyword in (
        "InstanceCreationDate",
        "InstanceCreationTime",
        "ContributingEquipmentSequence",
    ):
        if keyword in segmentation:
            delattr(segmentation, keyword)
    for one in (*segmentation.DimensionOrganizationSequence, *segmentation.DimensionIndexSequence):
        one.DimensionOrganizationUID = dimensions
