"""DICOM images through the decoder's interface: series, frames, colours; SimpleITK agrees."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.decoders.decoder import Choices
from segbench.decoders.listing import list_images
from segbench.decoders.registry import decoder_of, header_of, read
from segbench.errors import SegbenchError
from unit.decoders.dicom_samples import (
    AXIAL,
    CORONAL,
    OBLIQUE,
    SAGITTAL,
    image,
    multiframe,
    save,
    slices,
)

VOLUME = np.random.default_rng(0).integers(0, 200, (4, 5, 6)).astype(np.int16)


def by_simpleitk(folder):
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    found = reader.Execute()
    affine = np.eye(4)
    affine[:3, :3] = np.array(found.GetDirection()).reshape(3, 3) * found.GetSpacing()
    affine[:3, 3] = found.GetOrigin()
    return SimpleITK.GetArrayFromImage(found), np.diag([-1, -1, 1, 1]) @ affine


@settings(max_examples=40)
@given(
    orientation=st.sampled_from([AXIAL, CORONAL, SAGITTAL, OBLIQUE]),
    dtype=st.sampled_from(["uint8", "int16", "uint16"]),
    order=st.permutations(range(4)),
    scale=st.sampled_from([(1, 0), (1, -1024), (0.5, 3), (2.25, -7.5)]),
)
def test_a_series_is_what_simpleitk_reads(tmp_path_factory, orientation, dtype, order, scale):
    folder = tmp_path_factory.mktemp("p1")
    volume = VOLUME.astype(dtype)
    made = slices(volume, orientation=orientation, RescaleSlope=scale[0], RescaleIntercept=scale[1])
    path = save(folder, [made[n] for n in order])
    found = read(path)
    theirs, affine = by_simpleitk(folder)
    np.testing.assert_allclose(found.pixels, volume * np.float64(scale[0]) + scale[1])
    np.testing.assert_allclose(found.pixels, theirs)
    np.testing.assert_allclose(found.header.affine, affine, atol=1e-6)
    assert found.header.spacing_mm == (2.0, 0.5, 0.75)
    header = header_of(path)
    assert (header.axes, header.shape, header.dtype) == ("zyx", (4, 5, 6), found.pixels.dtype)
    assert header.dtype.kind == ("f" if scale[0] != 1 else "i" if scale[1] else volume.dtype.kind)


def test_a_folder_of_slices_is_called_as_the_folder(tmp_path):
    save(tmp_path / "p1/scan", slices(VOLUME), ["a10.dcm", "a9.dcm", "IM 3.IMA", "1.2.840.4"])
    save(tmp_path / "p2", slices(VOLUME), ["1", "2", "3", "4"])
    (tmp_path / "p2/DICOMDIR").write_bytes(bytes(128) + b"DICM")
    (tmp_path / "p2/notes").write_text("no image")
    entries, others = list_images(tmp_path)
    assert [(entry.stem, len(entry.parts)) for entry in entries] == [("p1/scan", 4), ("p2", 4)]
    assert others == ["p2/notes"]
    for entry in entries:
        for part in entry.parts:
            np.testing.assert_array_equal(read(tmp_path / part).pixels, VOLUME)


def test_frames_of_one_file_are_ordered_by_their_place(tmp_path):
    path = save(tmp_path, [multiframe(VOLUME, [2, 0, 3, 1])])
    found = read(path)
    np.testing.assert_array_equal(found.pixels, VOLUME)
    expected = [[-0.75, 0, 0, 10], [0, -0.5, 0, -20], [0, 0, 2, -30], [0, 0, 0, 1]]
    np.testing.assert_allclose(found.header.affine, expected)
    assert header_of(path).spacing_mm == (2.0, 0.5, 0.75)


def test_one_slice_is_a_picture_with_a_place(tmp_path):
    found = read(save(tmp_path, slices(VOLUME[:1])))
    np.testing.assert_array_equal(found.pixels, VOLUME[0])
    assert (found.header.axes, found.header.spacing_mm) == ("yx", (0.5, 0.75))
    np.testing.assert_allclose(np.diag(found.header.affine), [-0.75, -0.5, 2, 1])


def test_one_slice_is_a_volume_where_the_user_says_so(tmp_path):
    path = save(tmp_path / "p1", slices(VOLUME[:1]))
    found = read(path, Choices(axes="zyx"))
    np.testing.assert_array_equal(found.pixels, VOLUME[:1])
    assert (found.header.axes, found.header.spacing_mm) == ("zyx", (2.0, 0.5, 0.75))
    decoder_of(path).write_mask(np.ones((1, 5, 6), np.uint8), tmp_path / "m.dcm", path, Choices())
    assert read(tmp_path / "m.dcm", Choices(axes="zyx")).pixels.shape == (1, 5, 6)
    assert read(tmp_path / "m.dcm").pixels.shape == (5, 6)


def test_a_thickness_that_is_not_said_is_not_made_up(tmp_path):
    path = save(tmp_path / "p1", slices(VOLUME[:1], SliceThickness=None))
    found = header_of(path, Choices(axes="zyx"))
    assert (found.shape, found.spacing_mm) == ((1, 5, 6), None)
    assert header_of(path).spacing_mm == (0.5, 0.75)


def test_slices_are_channels_where_the_user_says_so(tmp_path):
    path = save(tmp_path / "p1", slices(VOLUME))
    found = read(path, Choices(axes="yxc"))
    np.testing.assert_array_equal(found.pixels, np.moveaxis(VOLUME, 0, -1))
    assert (found.header.axes, found.header.spacing_mm) == ("yxc", (0.5, 0.75))
    assert header_of(path, Choices(axes="yxc")).shape == (5, 6, 4)
    with pytest.raises(SegbenchError, match="has 4 slices"):
        header_of(path, Choices(axes="yx"))
    label = (VOLUME[0] > 100).astype(np.uint8)
    decoder_of(path).write_mask(label, tmp_path / "m.dcm", path, Choices(axes="yxc"))
    np.testing.assert_array_equal(read(tmp_path / "m.dcm").pixels, label)


def test_colours(tmp_path):
    pixels = np.arange(90, dtype=np.uint8).reshape(5, 6, 3)
    header = read(save(tmp_path, [image(pixels, PixelSpacing=[0.2, 0.1])])).header
    assert (header.axes, header.colour, header.spacing_mm) == ("yxc", True, (0.2, 0.1))
    np.testing.assert_array_equal(read(tmp_path / "IM1.dcm").pixels, pixels)
    save(tmp_path / "film", [image(np.stack([pixels, pixels + 1]), NumberOfFrames=2)])
    found = read(tmp_path / "film/IM1.dcm", Choices(axes="zyx"))
    assert (found.header.axes, found.pixels.shape) == ("zyxc", (2, 5, 6, 3))
    np.testing.assert_array_equal(found.pixels[1], pixels + 1)


def test_frames_without_a_place_are_asked_for(tmp_path):
    path = save(tmp_path, [image(VOLUME, NumberOfFrames=4)])
    with pytest.raises(SegbenchError, match="holds 4 frames, and does not say where they lie"):
        header_of(path)
    found = read(path, Choices(axes="zyx"))
    np.testing.assert_array_equal(found.pixels, VOLUME)
    assert found.header.affine is None


@pytest.mark.parametrize("kind", ["slice", "frames", "mask"])
def test_every_damaged_byte_is_harmless_or_named(tmp_path, kind):
    made = multiframe(VOLUME, [1, 0, 2, 3]) if kind == "frames" else slices(VOLUME)[0]
    path = save(tmp_path / "a", [made])
    if kind == "mask":
        label = np.ones((5, 6), np.uint8)
        decoder_of(path).write_mask(label, tmp_path / "mask.dcm", path, Choices())
        path = tmp_path / "mask.dcm"
    data = path.read_bytes()
    damaged = tmp_path / "b/x.dcm"
    damaged.parent.mkdir()
    refused = 0
    for place in range(132, len(data), 71):
        for value in (data[place] ^ 1, 255):
            damaged.write_bytes(data[:place] + bytes([value]) + data[place + 1 :])
            try:
                header, found = header_of(damaged), read(damaged)
            except SegbenchError as error:
                refused += 1
                assert "x.dcm" in str(error)
            else:
                assert (header.shape, header.dtype) == (found.pixels.shape, found.pixels.dtype)
    assert refused > 0


def test_a_missing_package_is_told_with_the_command(tmp_path, monkeypatch):
    save(tmp_path, slices(VOLUME))
    monkeypatch.setattr("segbench.decoders.faults._installed", lambda name: False)
    with pytest.raises(SegbenchError, match="make formats"):
        list_images(tmp_path)
