"""Small DICOM files, made with pydicom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    generate_uid,
)

#: Directions of rows and columns, by what the slices are.
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
OBLIQUE = (0.8, 0.6, 0.0, -0.36, 0.48, 0.8)


def uid(*words: object) -> str:
    """Always the same identifier for the same words."""
    return str(generate_uid(entropy_srcs=[repr(words)]))


def image(pixels: np.ndarray, series: str = "s", number: int = 1, **fields: object) -> FileDataset:
    """A single image without a place; a last axis of 3 is colour."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(f"IM{number}.dcm", {}, file_meta=meta, preamble=bytes(128))
    colour = pixels.shape[-1] == 3 and pixels.ndim > 2
    values = {
        "SOPClassUID": SecondaryCaptureImageStorage,
        "SOPInstanceUID": uid(series, number),
        "SeriesInstanceUID": uid(series),
        "StudyInstanceUID": uid("study"),
        "FrameOfReferenceUID": uid("frame"),
        "SeriesDescription": series,
        "PatientID": "p1",
        "PatientName": "Test^One",
        "PatientBirthDate": "",
        "PatientSex": "",
        "StudyDate": "20200102",
        "StudyTime": "",
        "StudyID": "1",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "Modality": "OT",
        "SeriesNumber": 1,
        "InstanceNumber": number,
        "Rows": pixels.shape[-3 if colour else -2],
        "Columns": pixels.shape[-2 if colour else -1],
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "BitsAllocated": 8 * pixels.dtype.itemsize,
        "BitsStored": 8 * pixels.dtype.itemsize,
        "HighBit": 8 * pixels.dtype.itemsize - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        **({"PlanarConfiguration": 0} if colour else {}),
        **fields,
    }
    for name, value in values.items():
        setattr(dataset, name, value)
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.PixelData = pixels.tobytes()
    return dataset


def slices(
    volume: np.ndarray,
    step: float = 2.0,
    orientation: tuple[float, ...] = AXIAL,
    origin: tuple[float, ...] = (-10.0, 20.0, -30.0),
    spacing: tuple[float, float] = (0.5, 0.75),
    **fields: object,
) -> list[FileDataset]:
    """A series of CT slices, the first of the volume at the origin, along their normal."""
    normal = np.cross(orientation[:3], orientation[3:])
    return [
        image(
            plane,
            number=number + 1,
            **{
                "SOPClassUID": CTImageStorage,
                "Modality": "CT",
                "ImagePositionPatient": [round(x, 9) for x in origin + normal * step * number],
                "ImageOrientationPatient": list(orientation),
                "PixelSpacing": list(spacing),
                "SliceThickness": step,
                **fields,
            },
        )
        for number, plane in enumerate(volume)
    ]


def save(folder: Path, datasets: list[FileDataset], names: list[str] | None = None) -> Path:
    """Save files in a folder; returns the first."""
    folder.mkdir(parents=True, exist_ok=True)
    names = names or [f"IM{number + 1}.dcm" for number in range(len(datasets))]
    for dataset, name in zip(datasets, names, strict=True):
        dataset.save_as(folder / name, enforce_file_format=True)
    return folder / names[0]


def item(**fields: object) -> Dataset:
    """An item of a sequence."""
    dataset = Dataset()
    for name, value in fields.items():
        setattr(dataset, name, value)
    return dataset


def multiframe(volume: np.ndarray, order: list[int], step: float = 2.0) -> FileDataset:
    """An enhanced MR file whose frames are slices `order` of an axial volume."""
    frames = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=[-10.0, 20.0, -30.0 + step * place])],
            FrameContentSequence=[item(StackID="1", InStackPositionNumber=place + 1)],
        )
        for place in order
    ]
    shared = item(
        PlaneOrientationSequence=[item(ImageOrientationPatient=list(AXIAL))],
        PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.75], SliceThickness=step)],
    )
    return image(
        volume[order],
        SOPClassUID=EnhancedMRImageStorage,
        Modality="MR",
        NumberOfFrames=len(order),
        PerFrameFunctionalGroupsSequence=frames,
        SharedFunctionalGroupsSequence=[shared],
    )
