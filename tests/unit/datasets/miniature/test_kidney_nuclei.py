"""The miniature of the kidney nuclei: files, strata, difficulty."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from segbench.datasets.kidney_nuclei import KidneyNuclei
from segbench.datasets.miniature.kidney_nuclei import FOLDER
from unit.datasets.miniature.made import loaded, make, thresholded


@pytest.fixture(scope="module")
def kidney(tmp_path_factory):
    return make(tmp_path_factory, "kidney_nuclei", 10, 4)


def test_kidney_layout(kidney):
    base = kidney / FOLDER
    counts = {
        folder.relative_to(base).as_posix(): len(list(folder.iterdir()))
        for folder in sorted(base.rglob("*"))
        if folder.is_dir()
    }
    assert counts == {
        "1st_Train": 2,
        "1st_Train/1_Train": 8,
        "1st_Train/2_Teacher": 8,
        "2nd_Train": 2,
        "2nd_Train/1_Train": 10,
        "2nd_Train/2_Teacher": 10,
        "3_Test": 4,
        "4_Test_GT": 4,
        "5_Blank": 4,
    }


def test_kidney_files_are_of_the_published_kinds(kidney):
    kinds = Counter()
    for path in (kidney / FOLDER).rglob("*.*"):
        with Image.open(path) as image:
            kinds[path.parent.name, image.format, image.mode] += 1
    assert kinds == {
        ("1_Train", "PNG", "L"): 18,
        ("2_Teacher", "PNG", "1"): 18,
        ("3_Test", "PNG", "L"): 4,
        ("4_Test_GT", "PNG", "1"): 4,
        ("5_Blank", "PNG", "L"): 2,
        ("5_Blank", "PNG", "1"): 1,
        ("5_Blank", "TIFF", "L"): 1,
    }


def test_kidney_blanks_are_copied_byte_for_byte(kidney):
    base = kidney / FOLDER
    blanks = {p.read_bytes() for p in (base / "5_Blank").glob("WideEM*.png")}
    assert {p.read_bytes() for p in (base / "2nd_Train" / "1_Train").glob("Z_*")} == blanks
    assert len(blanks) == 2


def test_kidney_samples(kidney):
    samples = list(loaded("kidney_nuclei", kidney))
    strata = Counter(
        (raw.split, KidneyNuclei().stratum(raw, image, label)) for raw, image, label in samples
    )
    assert strata == {
        ("train", "blank"): 2,
        ("train", "nepkid"): 3,
        ("train", "wideem"): 5,
        ("test", "nepkid"): 2,
        ("test", "wideem"): 2,
    }
    shapes = {label.shape for _, _, label in samples}
    assert len(shapes) > 5
    assert all(250 <= side <= 268 for shape in shapes for side in shape)
    assert len({raw.group for raw, _, _ in samples}) == 14


@pytest.mark.parametrize("seed", [0, 1])
def test_kidney_is_not_solved_by_a_threshold(tmp_path_factory, seed):
    root = make(tmp_path_factory, "kidney_nuclei", 10, 4, seed)
    fractions, scores = [], []
    for _, image, label in loaded("kidney_nuclei", root):
        if label.any():
            fractions.append(label.mean())
            scores.append(thresholded(image, label > 0))
    assert 0.08 < np.mean(fractions) < 0.3  # published: 0.168; this is a constant's IoU
    assert np.mean(scores) < 0.3
