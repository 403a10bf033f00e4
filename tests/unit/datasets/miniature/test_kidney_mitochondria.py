"""The miniature of the kidney mitochondria."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image
from scipy import ndimage

from segbench.datasets import generator as miniature
from segbench.datasets.kidney_mitochondria import KidneyMitochondria


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("mitochondria")
    miniature("kidney_mitochondria")(root, 9, 2, 0)
    return root


def test_the_miniature_is_in_the_hubs_layout(tree):
    counts = Counter(p.parent.relative_to(tree).as_posix() for p in tree.rglob("*.png"))
    assert counts == {
        "01_Training/All_Mito_1024_OriginalData": 9,
        "01_Training/All_Mito_1024_GroundTruth": 9,
        "02_Testing/All_Mito_1024_OriginalData": 2,
        "02_Testing/All_Mito_1024_GroundTruth": 2,
    }
    with Image.open(next(tree.rglob("All_Mito_1024_OriginalData/*.png"))) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "L", (192, 192))


def test_the_miniature_has_many_small_objects_a_tile(tree):
    source = KidneyMitochondria()
    for raw in source.scan(tree):
        image, label = source.read_image(tree, raw), source.read_label(tree, raw)
        if raw.sample == "Mito_004-001":
            assert source.stratum(raw, image, label) == "blank"
            continue
        _, objects = ndimage.label(label)
        assert objects >= 10
        assert 0.05 < label.mean() < 0.35
        # They are darker than the cytoplasm, but not told by a threshold alone.
        assert 5 < image[label == 0].mean() - image[label == 1].mean() < 80


def test_two_tiles_of_one_micrograph_are_one_group(tree):
    groups = Counter(raw.group for raw in KidneyMitochondria().scan(tree))
    assert sorted(groups.values()) == [1, 2, 2, 2, 2, 2]


def test_the_miniature_has_equal_bytes(tree, tmp_path):
    miniature("kidney_mitochondria")(tmp_path, 9, 2, 0)
    for path in tree.rglob("*.png"):
        assert (tmp_path / path.relative_to(tree)).read_bytes() == path.read_bytes()
