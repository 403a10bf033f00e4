"""The miniature of the organs' tissue."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from segbench.datasets import generator, reader_of
from segbench.datasets.miniature.organ_tissue import TISSUES
from unit.datasets.helpers import shipped

READER = reader_of(shipped("organ_tissue"))


@pytest.fixture(scope="module")
def miniature(tmp_path_factory):
    root = tmp_path_factory.mktemp("tissue")
    generator("organ_tissue")(root, 36, 12, 0)
    return root


def test_miniature(miniature):
    samples = list(READER.scan(miniature))
    assert Counter(raw.split for raw in samples) == {"train": 36, "test": 12}
    values = Counter(int(READER.read_label(miniature, raw)[0]) for raw in samples)
    assert values == {value: 4 for value in range(1, 13)}
    assert {READER.read_image(miniature, raw).shape for raw in samples} == {(64, 64, 3)}
    assert all(raw.images[0].endswith(".tiff") for raw in samples)


def test_miniature_is_not_solved_by_the_mean_colour(miniature):
    """Nearest mean colour of the training images: better than chance, far from right."""
    means: dict[int, list[np.ndarray]] = {}
    tests = []
    for raw in READER.scan(miniature):
        colour = READER.read_image(miniature, raw).mean((0, 1))
        value = int(READER.read_label(miniature, raw)[0])
        if raw.split == "train":
            means.setdefault(value, []).append(colour)
        else:
            tests.append((value, colour))
    centres = {value: np.mean(some, axis=0) for value, some in means.items()}
    right = sum(
        value == min(centres, key=lambda k: float(np.linalg.norm(centres[k] - colour)))
        for value, colour in tests
    )
    assert right <= 7


def test_miniature_depends_on_the_seed_alone(miniature, tmp_path):
    for folder, seed in (("same", 0), ("other", 1)):
        generator("organ_tissue")(tmp_path / folder, 12, 0, seed)
    for tissue in TISSUES:
        name = f"data/train/{tissue.folder}/{tissue.folder}_1.tiff"
        expected = (miniature / name).read_bytes()
        assert (tmp_path / "same" / name).read_bytes() == expected
        assert (tmp_path / "other" / name).read_bytes() != expected
