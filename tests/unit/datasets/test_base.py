"""What every reader provides, and samples as it lists them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.datasets.base import RawSample, Reader, sorted_by_id
from segbench.errors import SegbenchError
from unit.datasets.helpers import make_dataset, write_picture

ROOT = Path("/raw")


def test_files_are_named_below_the_root():
    raw = RawSample.below(
        ROOT, "a", [ROOT / "x/a.png"], [ROOT / "a.csv", ROOT / "y/a.png"], split="test", group="g"
    )
    assert raw == RawSample("a", ("x/a.png",), ("a.csv", "y/a.png"), "test", "g")
    assert raw.files == ("x/a.png", "a.csv", "y/a.png")


def test_a_file_outside_the_root_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="is not in the subpath"):
        RawSample.below(ROOT, "a", [Path("/elsewhere/a.png")], [])


@given(st.lists(st.text("abc", min_size=1), unique=True))
def test_samples_are_sorted(names):
    found = sorted_by_id(ROOT, [RawSample(name, (f"{name}.png",), ()) for name in names])
    assert [raw.sample for raw in found] == sorted(names)


def test_two_samples_of_one_id_are_refused():
    samples = [RawSample("a", ("1/a.png",), ()), RawSample("a", ("2/a.png",), ())]
    with pytest.raises(SegbenchError) as error:
        sorted_by_id(ROOT, samples)
    assert error.value.what == "/raw/2/a.png: has the id 'a', as 1/a.png"


def test_what_a_reader_is_unless_it_says_otherwise(tmp_path):
    pixels = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
    write_picture(tmp_path / "a.png", pixels)
    raw = RawSample("a", ("a.png",), ())
    reader = Reader.of(make_dataset("kidney_nuclei"))
    assert np.array_equal(reader.read_image(tmp_path, raw), pixels)
    assert reader.stratum(raw, pixels, pixels) == ""
    assert reader.spacing_mm(tmp_path, raw) is None
    assert reader.affine(tmp_path, raw) is None
    assert not reader.is_table("train.csv")
    assert (Reader.spacing_in_files, Reader.takes_submissions) == (False, False)
