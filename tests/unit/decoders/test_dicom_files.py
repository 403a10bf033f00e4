"""Files of a folder are grouped into series; what is no image is told apart."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import RTStructureSetStorage

from segbench.decoders.dicom_files import group_files, is_slice, open_dataset, read_series
from segbench.decoders.listing import list_images
from segbench.decoders.registry import header_of
from segbench.errors import SegbenchError
from unit.decoders.dicom_samples import image, item, save, slices

VOLUME = np.arange(60, dtype=np.int16).reshape(3, 4, 5)


def group(folder):
    return group_files(folder, {path.name: path.stem for path in sorted(folder.iterdir())})


def structure_set():
    dataset = image(np.zeros((2, 2), np.uint8), SOPClassUID=RTStructureSetStorage)
    del dataset.PixelData, dataset.Rows, dataset.Columns
    dataset.StructureSetROISequence = [item(ROINumber=1)]
    return dataset


def test_pictures_without_a_place_are_an_image_each(tmp_path):
    views = [image(VOLUME[0], SeriesDescription="chest") for _ in (1, 2)]  # with one identifier
    save(tmp_path, views, ["p1.dcm", "p2.dcm"])
    assert [entry.stem for entry in group(tmp_path)] == ["p1", "p2"]
    assert len(read_series(tmp_path / "p1.dcm", pixels=False)) == 1


def test_one_file_of_a_listed_folder_keeps_its_name(tmp_path):
    save(tmp_path, [image(VOLUME[0])], ["p7.dcm"])
    assert [entry.stem for entry in list_images(tmp_path)[0]] == ["p7"]
    save(tmp_path / "p8", [image(VOLUME[0])], ["x.dcm"])
    assert [entry.stem for entry in list_images(tmp_path)[0]] == ["p7", "p8"]


def test_several_series_in_a_folder_are_refused_with_their_names(tmp_path):
    save(tmp_path, slices(VOLUME, SeriesDescription="AX T1"))
    save(tmp_path, [image(VOLUME[0], "report", SeriesDescription="Dose")], ["z.dcm"])
    with pytest.raises(SegbenchError) as caught:
        group(tmp_path)
    assert "2 series" in caught.value.what
    assert "3 of 'AX T1, CT' (e.g. IM1.dcm); 1 of 'Dose, OT' (e.g. z.dcm)" in caught.value.what
    assert "a folder of its own" in caught.value.action


def test_files_without_pixels_are_left_over_and_named(tmp_path):
    save(tmp_path / "p1", slices(VOLUME))
    save(tmp_path / "p1", [structure_set()], ["rtss.dcm"])
    (tmp_path / "p1/._IM2.dcm").write_bytes(b"a Mac was here")
    entries, others = list_images(tmp_path)
    assert [entry.parts for entry in entries] == [tuple(f"p1/IM{n}.dcm" for n in (1, 2, 3))]
    assert others == ["p1/rtss.dcm"]
    assert len(read_series(tmp_path / "p1/IM2.dcm", pixels=False)) == 3
    with pytest.raises(SegbenchError, match="holds no image but RT Structure Set Storage"):
        read_series(tmp_path / "p1/rtss.dcm", pixels=True)


def test_copies_of_a_slice_are_refused(tmp_path):
    made = slices(VOLUME)
    save(tmp_path, [*made, made[1]], ["a.dcm", "b.dcm", "c.dcm", "copy.dcm"])
    with pytest.raises(SegbenchError, match=r"2 slices are copies of each other: b.dcm, copy.dcm"):
        group(tmp_path)


def test_only_files_of_the_series_are_read(tmp_path):
    for number in (1, 2):
        made = slices(VOLUME[:1], SeriesInstanceUID=f"1.2.{number}", SOPInstanceUID=f"1.3.{number}")
        save(tmp_path, made, [f"p{number}.dcm"])
    (tmp_path / "notes.txt").write_text("x")
    for number in (1, 2, 1):
        found = read_series(tmp_path / f"p{number}.dcm", pixels=False)
        assert [one.SOPInstanceUID for one in found] == [f"1.3.{number}"]
    assert [entry.stem for entry in group_files(tmp_path, {"p1.dcm": "p1", "p2.dcm": "p2"})] == [
        "p1",
        "p2",
    ]


def test_a_file_that_changes_its_series_is_seen(tmp_path):
    made = slices(VOLUME)
    save(tmp_path, made)
    assert len(read_series(tmp_path / "IM1.dcm", pixels=False)) == 3
    made[2].SeriesInstanceUID = "1.2.3"
    made[2].save_as(tmp_path / "IM3.dcm")
    assert len(read_series(tmp_path / "IM1.dcm", pixels=False)) == 2


def test_old_files_without_a_preamble_are_read(tmp_path):
    made = pydicom.dcmread(get_testdata_file("MR_small_implicit.dcm"))
    made.preamble = None
    del made.file_meta
    made.save_as(tmp_path / "old.dcm", implicit_vr=True, little_endian=True)
    found = open_dataset(tmp_path / "old.dcm")
    assert is_slice(found)
    assert found.PixelData == made.PixelData


@pytest.mark.parametrize("content", [b"", b"text" * 100, bytes(128) + b"DICM" + b"\xff" * 30])
def test_something_else_under_the_name(tmp_path, content):
    (tmp_path / "a.dcm").write_bytes(content)
    with pytest.raises(SegbenchError, match=r"a.dcm: (cannot be decoded|holds no image)"):
        read_series(tmp_path / "a.dcm", pixels=True)


def test_a_damaged_file_beside_slices_may_be_one_of_them(tmp_path):
    folder = save(tmp_path / "p1", slices(np.zeros((3, 4, 5), np.int16))).parent
    (folder / "IM2.dcm").write_bytes(b"x" * 200)
    with pytest.raises(SegbenchError, match=r"IM2\.dcm: cannot be decoded"):
        list_images(folder)
    save(tmp_path / "films", [image(np.zeros((4, 5), np.uint8))])
    (tmp_path / "films/IM2.dcm").write_bytes(b"x" * 200)
    assert [one.name for one in list_images(tmp_path / "films")[0]] == ["IM1.dcm", "IM2.dcm"]


def test_a_folder_that_cannot_be_grouped_does_not_keep_the_others_from_being_listed(tmp_path):
    volume = np.zeros((3, 4, 5), np.int16)
    save(tmp_path / "p1", slices(volume))
    save(tmp_path / "p2", [*slices(volume), *slices(volume[:1], series="scout")], list("abcd"))
    with pytest.raises(SegbenchError, match="p2: holds 2 series"):
        list_images(tmp_path)
    first, second = list_images(tmp_path, tolerant=True)[0]
    assert (first.name, first.stem) == ("p1/IM1.dcm", "p1")
    assert second == ("p2", ("p2/a", "p2/b", "p2/c", "p2/d"), "p2")
    with pytest.raises(SegbenchError, match="p2: holds 2 series"):
        header_of(tmp_path / "p2")
    (root,) = list_images(tmp_path / "p2", tolerant=True)[0]
    assert (root.name, root.stem) == (".", "p2")
    with pytest.raises(SegbenchError, match="unsupported file format"):
        header_of(tmp_path)
