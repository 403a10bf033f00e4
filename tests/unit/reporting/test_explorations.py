from __future__ import annotations

import json
from pathlib import Path

import pytest

from segbench.errors import SegbenchError
from segbench.reporting.explorations import ClassRow, read_exploration

SUMMARY = {
    "task": "overlapping",
    "samples": 2000,
    "images_opened": 500,
    "stacks": 12,
    "sizes": [{"size": "266 x 266", "axes": [266, 266], "samples": 2000}],
    "spacing": [
        {"spacing_mm": [1.5, 1.5], "samples": 1900},
        {"spacing_mm": None, "samples": 100},
    ],
    "empty": {"samples": 1137, "share": 0.5685},
    "objects": 900,
    "objects_per_sample": {"0.5": 0.0, "min": 0.0, "max": 7.0},
    "groups": {"samples_per_group": {"0.5": 144.0, "min": 80.0, "max": 1234.0}},
    "classes": [
        {
            "name": "stomach", "samples": 448, "share_of_samples": 0.224, "share_of_masks": 0.25,
            "pixels": 10, "share_of_pixels": 0.0123, "objects": 480,
            "object_pixels": {"0.5": 1200.0}, "object_mm": {"0.5": 2700.5},
        },
        {
            "name": "never", "samples": 0, "share_of_samples": 0.0, "share_of_masks": 0.0,
            "pixels": 0, "share_of_pixels": None, "objects": 0, "object_pixels": {},
            "object_mm": {},
        },
    ],
    "intensities": [
        {"channel": "grey", "min": 0.0, "0.05": 0.5, "0.5": 12.25, "0.95": 300.0, "max": 15865.0}
    ],
    "appearance": {"clusters": [{"samples": 1}, {"samples": 2}], "rule": "x"},
    "pictures": [["sizes", "Sizes and groups"]],
}  # fmt: skip


def read(folder: Path, **changes: object):
    (folder / "s.json").write_text(json.dumps({**SUMMARY, **changes}))
    return read_exploration(folder / "s.json")


def test_a_summary_in_words(tmp_path: Path):
    found = read(tmp_path)
    assert dict(found.facts) == {
        "Images opened": "500 of 2\u202f000",
        "Image sizes": "1 different",
        "Spacing": "1.5 \u00d7 1.5 mm (1\u202f900)",
        "Samples per group": "median 144, 80 to 1\u202f234",
        "Without any class": "1\u202f137 samples (56.9 %)",
        "Stacks of slices": "12",
        "Objects per sample": "median 0, 0 to 7",
        "By appearance": "2 groups of 1, 2",
    }
    assert found.classes == [
        ClassRow("stomach", 448, 0.224, 0.25, 0.0123, 480, "1\u202f200 px (2\u202f700 mm\u00b2)"),
        ClassRow("never", 0, 0.0, 0.0, None, 0, ""),
    ]
    assert found.intensities == [("grey", ["0", "0.5", "12.2", "300", "15\u202f865"])]
    assert found.pixels
    assert found.pictures == [("sizes", "Sizes and groups")]


def test_volumes_are_measured_in_cubic_millimetres(tmp_path: Path):
    sizes = [{"size": "9 x 9 x 9", "axes": [9, 9, 9], "samples": 1}]
    assert read(tmp_path, sizes=sizes).classes[0].size.endswith("mm\u00b3)")


def test_whole_images_have_no_pixels(tmp_path: Path):
    assert not read(tmp_path, task="classification").pixels


def test_other_files_are_refused(tmp_path: Path):
    with pytest.raises(SegbenchError, match="no summary of an exploration"):
        read(tmp_path, groups=None)
    (tmp_path / "s.json").write_text("{}")
    with pytest.raises(SegbenchError, match="what `snakemake explore` writes"):
        read_exploration(tmp_path / "s.json")
    with pytest.raises(SegbenchError, match="cannot be read"):
        read_exploration(tmp_path / "none.json")


def test_facts_that_do_not_apply_are_left_out(tmp_path: Path):
    nothing = {"clusters": [], "rule": "x"}
    names = dict(read(tmp_path, stacks=0, objects=0, appearance=nothing).facts)
    assert set(names) == {
        "Images opened", "Image sizes", "Spacing", "Samples per group", "Without any class"
    }  # fmt: skip


def test_many_spacings_are_cut_short(tmp_path: Path):
    many = [{"spacing_mm": [k / 2, 1.0], "samples": 10 - k} for k in range(1, 7)]
    facts = dict(read(tmp_path, spacing=many).facts)
    assert facts["Spacing"].startswith("0.5 \u00d7 1 mm (9); 1 \u00d7 1 mm (8)")
    assert facts["Spacing"].endswith("2 \u00d7 1 mm (6); 2 more")
    unknown = [{"spacing_mm": None, "samples": 3}]
    assert dict(read(tmp_path, spacing=unknown).facts)["Spacing"] == "unknown"


def test_shares_of_nothing_are_dashes(tmp_path: Path):
    facts = dict(read(tmp_path, empty={"samples": 0, "share": None}, groups={
        "samples_per_group": {}
    }).facts)  # fmt: skip
    assert facts["Without any class"] == "0 samples (0 %)"
    assert facts["Samples per group"] == "\u2013"
