"""What is in a folder."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.decoders.decoder import Header
from segbench.errors import SegbenchError
from segbench.inspection.survey import (
    counted,
    lines_of,
    readable,
    shape_in_words,
    spread,
    survey,
    unreadable_lines,
)
from unit.inspection.layouts import image, plain


@given(st.integers(0, 99), st.integers(2, 20))
def test_spread_items_hold_the_first_and_the_last(count, most):
    found = spread(range(count), most)
    assert len(found) == min(count, most)
    assert found == sorted(set(found))
    if count:
        assert (found[0], found[-1]) == (0, count - 1)


def test_a_folder_in_words(tmp_path):
    plain(tmp_path)
    image(tmp_path / "images/wide.tif", 9, channels=1, size=(8, 200))
    (tmp_path / "notes.docx").write_text("x")
    np.save(tmp_path / "images/volume.npy", np.zeros((5, 20, 30), np.float32))
    lines = lines_of(survey(tmp_path))
    assert lines[0] == "14 images and masks"
    assert "  formats: 12 .png, 1 .npy, 1 .tif" in lines
    assert "  6 of 64 x 72, 3 channels, uint8" in lines
    assert "  1 of 8 x 200, 1 channel, uint8" in lines
    assert "1 other files: 1 .docx" in lines


def test_spacing_and_channel_names_are_shown():
    header = Header("yxc", (4, 5, 2), np.dtype("uint16"), channels=("DAPI", "GFP"))
    assert shape_in_words(header) == "4 x 5, 2 channels (DAPI, GFP), uint16"


def test_the_rarest_kinds_are_counted():
    assert counted(dict.fromkeys("abcdefgh", 1), 2) == "1 a, 1 b, and 6 other kinds"


def test_files_that_cannot_be_read_are_named_with_what_to_do(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    (tmp_path / "b.czi").write_bytes(b"x")
    found = survey(tmp_path)
    assert found.others == ["b.czi"]
    first, second = unreadable_lines(found)
    assert "a.png" in first
    assert "1 file in .czi (e.g. b.czi): convert it to OME-TIFF" in second


def test_files_with_one_fault_are_told_together(tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.npy").write_bytes(b"no array")
    np.savez(tmp_path / "d.npz", a=np.zeros((4, 5)), b=np.zeros((4, 5)))
    first, second = unreadable_lines(survey(tmp_path))
    assert "a.npy: cannot be decoded" in first or "a.npy: holds pickled" in first
    assert "(and 2 more); " in first
    assert "d.npz: holds the arrays a (4 x 5), b (4 x 5); set `layout" in second


def test_an_ending_that_cannot_be_read_is_left_out_where_another_can(tmp_path):
    image(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    (tmp_path / "a_seg.npy").write_bytes(b"no array")
    assert [entry.name for entry in readable(survey(tmp_path))] == ["a.png", "b.png"]
    (tmp_path / "a.png").unlink()
    assert len(readable(survey(tmp_path))) == 2


def test_no_folder_and_nothing_in_it(tmp_path):
    with pytest.raises(SegbenchError, match="there is no such folder"):
        survey(tmp_path / "none")
    with pytest.raises(SegbenchError, match="is empty"):
        survey(tmp_path)
