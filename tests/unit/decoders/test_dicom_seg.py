"""Segmentations made with highdicom come back as label maps or layers, in their place."""

from __future__ import annotations

import highdicom
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.sr.codedict import codes

from segbench.decoders.grids import align
from segbench.decoders.registry import header_of, read
from segbench.errors import SegbenchError
from unit.decoders.dicom_samples import AXIAL, OBLIQUE, SAGITTAL, image, save, slices, uid

SHAPE = (6, 4, 5)


def segmentation(sources, label, kind="BINARY", names=("liver", "tumour", "vessel"), **options):
    """A file as other programs make it."""
    descriptions = [
        highdicom.seg.SegmentDescription(
            number + 1, name, codes.SCT.Tissue, codes.SCT.Tissue, "MANUAL"
        )
        for number, name in enumerate(names)
    ]
    return highdicom.seg.Segmentation(
        sources, label, kind, descriptions, uid("seg"), 1, uid("seg", 1), 1, "m", "n", "1", "0",
        **options,
    )  # fmt: skip


def sources(orientation=AXIAL):
    return slices(np.zeros(SHAPE, np.int16), orientation=orientation)


def store(folder, *args, **options):
    folder.mkdir(exist_ok=True)
    made = segmentation(*args, **options)
    made.save_as(folder / "seg.dcm")
    return folder / "seg.dcm"


@settings(max_examples=25)
@given(
    kind=st.sampled_from(["BINARY", "LABELMAP"]),
    orientation=st.sampled_from([AXIAL, OBLIQUE, SAGITTAL]),
    values=st.lists(st.integers(0, 3), min_size=120, max_size=120),
    empty=st.sets(st.integers(0, 5)),
)
def test_a_label_map_lies_on_its_image(tmp_path_factory, kind, orientation, values, empty):
    folder = tmp_path_factory.mktemp("seg")
    label = np.array(values, np.uint8).reshape(SHAPE)
    label[sorted(empty)] = 0
    label[2, 1, 1] = 2
    made = sources(orientation)
    path = store(folder / "m", made, label, kind)
    found = read(path)
    where = save(folder / "i", made)
    np.testing.assert_array_equal(align(found, path, header_of(where), where), label)
    assert found.header.labels == {1: "liver", 2: "tumour", 3: "vessel"}
    assert found.header.partial
    assert found.header.channels == ()


def test_segments_that_overlap_are_channels(tmp_path):
    layers = np.zeros((*SHAPE, 2), np.uint8)
    layers[1:4, :3, :, 0] = 1
    layers[2:5, 1:, 2:, 1] = 1
    made = sources()
    path = store(tmp_path / "m", made, layers, names=("WT", "TC"))
    found = read(path)
    assert (found.header.axes, found.header.channels) == ("zyxc", ("WT", "TC"))
    assert found.header.shape == (4, 4, 5, 2)
    where = save(tmp_path / "i", made)
    np.testing.assert_array_equal(align(found, path, header_of(where), where), layers)
    assert header_of(path).spacing_mm == (2.0, 0.5, 0.75)


def test_one_annotated_slice(tmp_path):
    label = np.zeros(SHAPE, np.uint8)
    label[3, 1:3, 2:] = 1
    made = sources()
    path = store(tmp_path / "m", made, label, names=("liver",))
    found = read(path)
    assert (found.header.axes, found.header.shape) == ("yx", (4, 5))
    where = save(tmp_path / "i", made)
    np.testing.assert_array_equal(align(found, path, header_of(where), where), label)


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_a_picture_without_a_place(tmp_path, kind):
    label = np.array([[0, 1, 1], [2, 0, 2], [0, 0, 2]], np.uint8)
    path = store(tmp_path, [image(label)], label, kind, names=("a", "b"))
    found = read(path)
    np.testing.assert_array_equal(found.pixels, label)
    assert (found.header.labels, found.header.partial) == ({1: "a", 2: "b"}, False)
    assert (found.header.axes, found.header.affine) == ("yx", None)


def test_a_picture_with_segments_that_overlap(tmp_path):
    layers = np.zeros((3, 4, 2), np.uint8)
    layers[:2, 1:, 0] = layers[1:, 2:, 1] = 1
    path = store(tmp_path, [image(layers[..., 0])], layers[None], names=("a", "b"))
    found = read(path)
    np.testing.assert_array_equal(found.pixels, layers)
    assert (found.header.axes, found.header.channels) == ("yxc", ("a", "b"))


def test_fractions_are_refused(tmp_path):
    label = np.full(SHAPE, 0.5, np.float32)
    path = store(tmp_path, sources(), label, "FRACTIONAL", names=("a",))
    with pytest.raises(SegbenchError, match="holds fractions"):
        read(path)


def test_irregular_frames_are_refused_with_their_distances(tmp_path):
    label = np.ones(SHAPE, np.uint8)
    made = segmentation(sources(), label, names=("a",))
    groups = made.PerFrameFunctionalGroupsSequence
    groups[2].PlanePositionSequence[0].ImagePositionPatient[2] += 0.7
    made.save_as(tmp_path / "seg.dcm")
    with pytest.raises(SegbenchError, match=r"its 6 frames lie 1.3 to 2.7 mm apart"):
        read(tmp_path / "seg.dcm")
