#!/usr/bin/env bash
# SimpleITK 2.5.7 and DICOM segmentations written by highdicom 0.28.2 (pydicom 3.0.2).
#
# Four slices of 8 x 10 pixels, 2 mm apart; a label map of two values, saved three ways.
# - BINARY, one segment: read as 4 slices, 2 mm apart. Right.
# - BINARY, two segments: read without a word as a volume of 8 slices, 1 mm apart: the frames of the second
#   segment lie behind those of the first, as if the organ were there twice.
# - LABELMAP (Label Map Segmentation Storage): no reader is found at all.
#
# Output seen (2026-11-30):
#   BINARY 1: 4 slices, 2 mm apart, 24 pixels of the mask
#   BINARY 2: 8 slices, 1 mm apart, 25 pixels of the mask
#   LABELMAP 2: Unable to determine ImageIO reader
#
# Consequence: a segmentation of several segments has to be opened by its own description of frames
# (highdicom, pydicom). What is to be opened by ITK is best saved with one segment per file.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q SimpleITK==2.5.7 highdicom==0.28.2 pydicom==3.0.2 "numpy>=2,<2.5"
cat > "$place/try.py" <<'PYTHON'
import sys
import warnings

import highdicom as hd
import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

warnings.filterwarnings("ignore")
SHAPE = (4, 8, 10)
STUDY, SERIES, FRAME = (generate_uid(entropy_srcs=[name]) for name in "abc")


def ct(number):
    d = Dataset()
    d.file_meta = FileMetaDataset()
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d.SOPClassUID = d.file_meta.MediaStorageSOPClassUID = CTImageStorage
    d.SOPInstanceUID = generate_uid(entropy_srcs=[f"slice {number}"])
    d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = STUDY, SERIES, FRAME
    d.PatientName = d.PatientID = "PHANTOM"
    for key in ("PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime"):
        setattr(d, key, "")
    d.AccessionNumber = d.ReferringPhysicianName = d.PositionReferenceIndicator = ""
    d.Modality, d.Manufacturer, d.ImageType = "CT", "none", ["ORIGINAL", "PRIMARY", "AXIAL"]
    d.SeriesNumber, d.InstanceNumber = 1, number + 1
    d.ImagePositionPatient, d.ImageOrientationPatient = [0, 0, 2 * number], [1, 0, 0, 0, 1, 0]
    d.PixelSpacing, d.SliceThickness = [1, 1], 2
    d.Rows, d.Columns = SHAPE[1:]
    d.SamplesPerPixel, d.PhotometricInterpretation, d.PixelRepresentation = 1, "MONOCHROME2", 0
    d.BitsAllocated, d.BitsStored, d.HighBit = 16, 16, 15
    d.PixelData = np.zeros(SHAPE[1:], np.uint16).tobytes()
    return d


def read(kind, count):
    label = np.zeros(SHAPE, np.uint8)
    label[1:3, 2:5, 3:7] = 1
    if count == 2:
        label[2, 5, 5] = 2
    segments = [
        hd.seg.SegmentDescription(
            segment_number=number, segment_label=f"part {number}", algorithm_type="MANUAL",
            segmented_property_category=codes.SCT.Tissue,
            segmented_property_type=codes.SCT.Tissue,
        )
        for number in range(1, count + 1)
    ]
    saved = hd.seg.Segmentation(
        source_images=[ct(number) for number in range(SHAPE[0])], pixel_array=label,
        segmentation_type=kind, segment_descriptions=segments, omit_empty_frames=False,
        series_instance_uid=generate_uid(), series_number=2, instance_number=1,
        sop_instance_uid=generate_uid(), manufacturer="none", manufacturer_model_name="none",
        software_versions="1", device_serial_number="1",
    )
    path = f"{sys.argv[1]}/{kind}{count}.dcm"
    saved.save_as(path)
    try:
        image = sitk.ReadImage(path)
    except RuntimeError as error:
        known = "Unable to determine ImageIO reader"
        return known if known in str(error) else str(error)
    pixels = np.count_nonzero(sitk.GetArrayFromImage(image))
    return (
        f"{image.GetDepth()} slices, {image.GetSpacing()[2]:g} mm apart, {pixels} pixels of the mask"
    )


for kind, count in (("BINARY", 1), ("BINARY", 2), ("LABELMAP", 2)):
    print(f"{kind} {count}: {read(kind, count)}")
PYTHON
"$place/venv/bin/python" "$place/try.py" "$place" | tee "$place/seen"
diff "$place/seen" - <<'SEEN' || { echo "The behaviour has changed: see above"; exit 1; }
BINARY 1: 4 slices, 2 mm apart, 24 pixels of the mask
BINARY 2: 8 slices, 1 mm apart, 25 pixels of the mask
LABELMAP 2: Unable to determine ImageIO reader
SEEN
