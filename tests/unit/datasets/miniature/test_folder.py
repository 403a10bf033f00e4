"""The miniature of a folder of the user's own."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from segbench.config.dataset import Class
from segbench.datasets import generator
from unit.datasets.folders import (
    make,
    scan,
)


@pytest.fixture(scope="module")
def miniature(tmp_path_factory):
    root = tmp_path_factory.mktemp("folder")
    generator("folder")(root, 16, 6, 0)
    return root


SHAPES = (
    Class(name="disc", value=1, labels=("#e6194b",)),
    Class(name="square", value=2, labels=("#00c800",)),
)


def test_miniature(miniature):
    source = make(classes=SHAPES, sheet="sheet.csv")
    found = scan(source, miniature)
    assert Counter(raw.split for raw in found.values()) == {"train": 16, "test": 6}
    assert Counter(Counter(raw.group for raw in found.values()).values()) == {2: 11}
    pixels = Counter()
    for raw in found.values():
        values = source.read_label(miniature, raw)
        assert source.read_image(miniature, raw).shape == (64, 64, 3)
        assert source.spacing_mm(miniature, raw) == (0.0005, 0.0005)
        pixels.update(dict(enumerate(np.bincount(values.ravel(), minlength=3).tolist())))
    shares = np.array([pixels[k] for k in range(3)]) / sum(pixels.values())
    assert 0.03 < shares[1] < 0.15
    assert 0.015 < shares[2] < 0.15


def test_miniature_is_not_solved_by_a_threshold(miniature):
    source = make(classes=SHAPES, sheet="sheet.csv")
    scores = []
    for raw in source.scan(miniature):
        truth = source.read_label(miniature, raw) > 0
        grey = source.read_image(miniature, raw).mean(-1)
        some = [s for level in range(20, 240, 10) for s in (grey > level, grey <= level)]
        scores.append(max((s & truth).sum() / (s | truth).sum() for s in some))
    assert np.mean(scores) < 0.7, "and which of them are discs is not said by it either"


def test_miniature_depends_on_the_seed_alone(miniature, tmp_path):
    for folder, seed in (("same", 0), ("other", 1)):
        generator("folder")(tmp_path / folder, 2, 1, seed)
    for name in ("images/train_001.png", "masks/test_001.png"):
        assert (tmp_path / "same" / name).read_bytes() == (miniature / name).read_bytes()
        assert (tmp_path / "other" / name).read_bytes() != (miniature / name).read_bytes()
