"""The miniature of the Data Science Bowl: files, kinds of picture, difficulty."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from segbench.datasets import generator as miniature
from segbench.datasets.dsb2018 import Dsb2018
from segbench.errors import SegbenchError
from unit.datasets.miniature.made import loaded, make, thresholded


@pytest.fixture(scope="module")
def dsb(tmp_path_factory):
    return make(tmp_path_factory, "dsb2018", 16, 0)


def test_dsb_files_are_of_the_published_kinds(dsb):
    kinds = Counter()
    sizes = set()
    for folder in sorted((dsb / "stage1_train").iterdir()):
        assert len(folder.name) == 64
        assert set(folder.name) <= set("0123456789abcdef")
        with Image.open(folder / "images" / f"{folder.name}.png") as image:
            kinds[image.mode] += 1
            sizes.add(image.size)
            assert image.getchannel("A").getextrema() == (255, 255)
        total = np.zeros(image.size[::-1], int)
        for path in (folder / "masks").iterdir():
            with Image.open(path) as mask:
                kinds["mask " + mask.mode] += 1
                pixels = np.asarray(mask)
            assert np.unique(pixels).tolist() == [0, 255]
            total += pixels > 0
        assert total.max() == 1  # masks never overlap
    assert kinds["RGBA"] == 16
    assert kinds.keys() == {"RGBA", "mask L"}
    assert len(sizes) == 9
    assert any(width % 2 for width, _ in sizes)


def test_dsb_kinds_of_picture(dsb):
    source = Dsb2018()
    strata = Counter(source.stratum(*sample) for sample in loaded("dsb2018", dsb))
    assert strata["fluorescence"] == 10
    assert strata["brightfield"] == 3
    assert strata["histology_purple"] + strata["histology_white"] == 3


def test_dsb_nuclei_touch(dsb):
    ndimage = pytest.importorskip("scipy.ndimage")
    objects = pieces = 0
    for raw, _, label in loaded("dsb2018", dsb):
        assert label.max() == len(raw.labels) >= 4
        objects += int(label.max())
        pieces += ndimage.label(label > 0, np.ones((3, 3)))[1]
        for number in range(1, label.max() + 1):
            assert ndimage.label(label == number, np.ones((3, 3)))[1] == 1
    assert pieces < 0.75 * objects


@pytest.mark.parametrize("seed", [0, 1])
def test_dsb_is_not_solved_by_a_threshold(tmp_path_factory, seed):
    root = make(tmp_path_factory, "dsb2018", 16, 0, seed)
    found = [(thresholded(i, k > 0), (k > 0).mean()) for _, i, k in loaded("dsb2018", root)]
    scores, fractions = np.mean(found, axis=0)
    assert scores < 0.45
    assert 0.1 < fractions < 0.3


def test_dsb_has_no_test_set(tmp_path):
    with pytest.raises(SegbenchError, match="test_samples: 3"):
        miniature("dsb2018")(tmp_path, 2, 3, 0)
    assert list(tmp_path.iterdir()) == []
