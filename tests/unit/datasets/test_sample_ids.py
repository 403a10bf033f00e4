"""Names of files become ids that a path can hold, and are told apart."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.datasets.sample_ids import ids_of, safe_id

SAFE = re.compile(r"(?!.*--)[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
names = st.text(st.characters(exclude_characters="\0"), min_size=1)


@pytest.mark.parametrize("good", ["a", "NepKid_03-000", "0" * 64, "x.y_z-1", "x" * 128])
def test_safe_names_stay(good):
    assert safe_id(good) == good


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("Image 01 (2)", "Image_01_2"),
        ("p1/slice 3", "p1.slice_3"),
        ("a--b---c", "a-b-c"),
        ("_mask", "mask"),
        (".a", "a"),
        ("Zellen ä", "Zellen_a"),
        ("Zellen a\u0308", "Zellen_a"),
        ("100 %", "100"),
        ("a\tb", "a_b"),
    ],
)
def test_other_names_stay_readable(name, sample):
    assert safe_id(name) == sample


@pytest.mark.parametrize("name", ["細胞", "клетка 1", "Größe", "...", "x" * 129])
def test_what_is_lost_is_told_apart_by_a_digest(name):
    assert re.search("(^|-)[0-9a-f]{8}$", safe_id(name))
    assert safe_id(name) != safe_id(name + "細")
    assert safe_id("x" * 129).startswith("x" * 119 + "-")


@given(st.lists(names, unique=True))
def test_ids_are_safe_and_different(given_names):
    ids = ids_of(given_names)
    assert list(ids) == given_names
    assert all(SAFE.fullmatch(sample) for sample in ids.values())
    assert all(ids[name] == name for name in given_names if SAFE.fullmatch(name))
    composed = {unicodedata.normalize("NFC", name) for name in given_names}
    assert len(set(ids.values())) >= len(composed)


def test_equal_ids_end_in_a_digest_and_safe_names_never_change():
    ids = ids_of(["scan (1)", "scan 1", "scan_1", "b"])
    assert ids["scan_1"] == "scan_1"
    assert ids["b"] == "b"
    assert re.fullmatch("scan_1-[0-9a-f]{8}", ids["scan (1)"])
    assert len(set(ids.values())) == 4
