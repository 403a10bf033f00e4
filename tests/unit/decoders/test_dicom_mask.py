"""Masks are written as segmentations that other programs read and find on the image."""

from __future__ import annotations

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.decoders.decoder import Choices
from segbench.decoders.grids import align
from segbench.decoders.registry import decoder_of, header_of, read
from segbench.errors import SegbenchError
from unit.decoders.dicom_samples import AXIAL, OBLIQUE, SAGITTAL, image, multiframe, save, slices

SHAPE = (4, 5, 6)
IMAGE = np.arange(120, dtype=np.int16).reshape(SHAPE)


def written(source, label, names=None, choices=None):
    path = source.parent.parent / "mask.dcm"
    choices = choices or Choices()
    decoder_of(source).write_mask(label, path, source, choices, names or {})
    return path


@pytest.mark.parametrize("top", [1, 3, 255, 256, 40_000])
@settings(max_examples=3)
@given(
    orientation=st.sampled_from([AXIAL, OBLIQUE, SAGITTAL]),
    order=st.permutations(range(4)),
    seed=st.integers(0, 99),
)
def test_what_is_written_is_read(tmp_path_factory, top, orientation, order, seed):
    folder = tmp_path_factory.mktemp("mask")
    label = np.random.default_rng(seed).integers(0, top + 1, SHAPE, np.uint16)
    label[3, 4, 5] = 1
    made = slices(IMAGE, orientation=orientation)
    source = save(folder / "p1", [made[n] for n in order])
    path = written(source, label, {1: "liver"} if top == 1 else {})
    found = read(path)
    np.testing.assert_array_equal(align(found, path, header_of(source), source), label)
    assert found.header.labels[1] == ("liver" if top == 1 else "1")


def test_simpleitk_finds_one_class_on_the_image(tmp_path):
    source = save(tmp_path / "p1", slices(IMAGE, orientation=OBLIQUE))
    label = np.zeros(SHAPE, np.uint8)
    label[1, 2:4, 1:3], label[2, 0, 0] = 1, 1
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(written(source, label)))
    mask = reader.Execute()
    series = SimpleITK.ImageSeriesReader()
    series.SetFileNames(series.GetGDCMSeriesFileNames(str(source.parent)))
    onto = SimpleITK.Resample(mask, series.Execute(), SimpleITK.Transform(),
                              SimpleITK.sitkNearestNeighbor)  # fmt: skip
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(onto) > 0, label > 0)


def test_it_refers_to_the_image_and_copies_the_patient(tmp_path):
    made = slices(IMAGE)
    source = save(tmp_path / "p1", made)
    label = np.ones(SHAPE, np.uint8)
    label[2] = 2
    found = pydicom.dcmread(written(source, label, {0: "background", 1: "liver", 2: "a tumour"}))
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert found.get(keyword) == made[0].get(keyword)
    assert found.SeriesInstanceUID != made[0].SeriesInstanceUID
    referenced = found.ReferencedSeriesSequence[0]
    assert referenced.SeriesInstanceUID == made[0].SeriesInstanceUID
    uids = {one.ReferencedSOPInstanceUID for one in referenced.ReferencedInstanceSequence}
    assert uids == {one.SOPInstanceUID for one in made}
    assert [one.SegmentLabel for one in found.SegmentSequence] == ["liver", "a tumour"]
    theirs = highdicom.seg.segread(tmp_path / "mask.dcm")
    by_slice = theirs.get_pixels_by_source_instance(
        [one.SOPInstanceUID for one in made], combine_segments=True
    )
    np.testing.assert_array_equal(by_slice, label)


def test_equal_masks_are_equal_files(tmp_path):
    source = save(tmp_path / "p1", slices(IMAGE))
    label = np.ones(SHAPE, np.uint8)
    first = written(source, label).read_bytes()
    assert written(source, label).read_bytes() == first
    assert pydicom.dcmread(tmp_path / "mask.dcm").ContentDate == "20200102"
    label[0, 0, 0] = 0
    again = pydicom.dcmread(written(source, label))
    assert again.SOPInstanceUID not in {str(pydicom.dcmread(source).SOPInstanceUID)}
    assert (tmp_path / "mask.dcm").read_bytes() != first


@pytest.mark.parametrize("names", [{}, {1: "cell"}])
def test_an_empty_mask(tmp_path, names):
    source = save(tmp_path / "p1", slices(IMAGE))
    path = written(source, np.zeros(SHAPE, np.uint8), names)
    found = read(path)
    aligned = align(found, path, header_of(source), source)
    assert aligned.shape == SHAPE
    assert not aligned.any()


def test_frames_of_one_file(tmp_path):
    source = save(tmp_path / "p1", [multiframe(IMAGE, [2, 0, 3, 1])])
    label = (IMAGE // 40).astype(np.uint8)
    path = written(source, label)
    np.testing.assert_array_equal(align(read(path), path, header_of(source), source), label)


@pytest.mark.parametrize("missing", [(), ("FrameOfReferenceUID", "PatientName", "StudyID")])
def test_a_picture_without_a_place(tmp_path, missing):
    made = image(np.zeros((5, 6, 3), np.uint8))
    for keyword in missing:
        delattr(made, keyword)
    source = save(tmp_path / "p1", [made])
    label = np.zeros((5, 6), np.uint8)
    label[1:3, 2:] = 2
    found = read(written(source, label, {2: "nucleus"}))
    np.testing.assert_array_equal(found.pixels, label)
    assert found.header.labels == {1: "1", 2: "nucleus"}


@pytest.mark.parametrize(
    ("names", "kind", "numbers"),
    [
        ({0: "background", 1: "a", 2: "b"}, "BINARY", [1, 2]),
        ({2: "b"}, "BINARY", [1, 2]),
        ({2: "b", 255: "edge"}, "LABELMAP", [0, 2, 255]),
    ],
)
def test_segments_without_gaps_are_binary(tmp_path, names, kind, numbers):
    source = save(tmp_path / "p1", slices(IMAGE))
    label = np.full(SHAPE, 2, np.uint8)
    path = written(source, label, names)
    made = pydicom.dcmread(path)
    assert made.SegmentationType == kind
    assert [one.SegmentNumber for one in made.SegmentSequence] == numbers
    np.testing.assert_array_equal(read(path).pixels, label)


def test_names_in_any_script(tmp_path):
    made = slices(IMAGE, PatientName="Müller^José", SpecificCharacterSet="ISO_IR 100")
    path = written(save(tmp_path / "p1", made), np.ones(SHAPE, np.uint8), {1: "肝\\Läsion"})
    assert read(path).header.labels == {1: "肝/Läsion"}
    assert pydicom.dcmread(path).PatientName == "Müller^José"


def test_an_image_without_identifiers_is_named(tmp_path):
    made = slices(IMAGE)
    for one in made:
        del one.StudyInstanceUID
    source = save(tmp_path / "p1", made)
    with pytest.raises(SegbenchError, match=r"IM1.dcm: cannot be decoded .*StudyInstanceUID"):
        written(source, np.ones(SHAPE, np.uint8))


def test_more_values_than_segments(tmp_path):
    source = save(tmp_path / "p1", slices(IMAGE))
    with pytest.raises(SegbenchError, match="values up to 70000"):
        written(source, np.full(SHAPE, 70_000, np.uint32))
