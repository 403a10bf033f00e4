"""The miniature of the colonic crypts."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.datasets import generator
from segbench.datasets.organ_crypts import OrganCrypts

READER = OrganCrypts()


#: Area in pixels and number of separate crypts, counted on the published tables.
REAL = {
    "CL_HandE_1234_B004_bottomright": (1543293, 34),
    "CL_HandE_1234_B004_topleft": (2029298, 84),
    "CL_HandE_1234_B004_topright": (769369, 36),
    "HandE_B005_CL_b_RGB_bottomright": (513884, 37),
    "HandE_B005_CL_b_RGB_topleft": (827936, 30),
    "HandE_B005_CL_b_RGB_topright": (0, 0),
    "CL_HandE_1234_B004_bottomleft": (2544015, 116),
    "HandE_B005_CL_b_RGB_bottomleft": (671682, 36),
}


@pytest.fixture(scope="module")
def miniature(tmp_path_factory):
    root = tmp_path_factory.mktemp("crypts")
    generator("organ_crypts")(root, 6, 2, 0)
    return root


def test_miniature(miniature):
    samples = list(READER.scan(miniature))
    assert [raw.sample for raw in samples] == sorted(REAL)
    assert {raw.sample for raw in samples if raw.split == "test"} == {
        name for name in REAL if name.endswith("bottomleft")
    }
    shares = {}
    for raw in samples:
        assert len(raw.labels) == 2
        label = READER.read_label(miniature, raw)
        assert READER.read_image(miniature, raw).shape == (256, 272, 3)
        shares[raw.sample] = label.mean()
    assert shares.pop("HandE_B005_CL_b_RGB_topright") == 0
    assert all(0.04 < share < 0.3 for share in shares.values())
    rows = (miniature / "train.csv").read_text().splitlines()
    assert rows[0] == "id,predicted"
    assert rows[6] == "HandE_B005_CL_b_RGB_topright,0 0"


def test_miniature_is_not_solved_by_a_threshold(miniature):
    scores = []
    for raw in READER.scan(miniature):
        label = READER.read_label(miniature, raw) > 0
        if label.any():
            green = READER.read_image(miniature, raw)[..., 1]
            pale = [green > level for level in range(120, 240, 10)]
            scores.append(max((p & label).sum() / (p | label).sum() for p in pale))
    assert np.mean(scores) < 0.6


def test_miniature_depends_on_the_seed_alone(miniature, tmp_path):
    for folder, seed in (("same", 0), ("other", 1)):
        generator("organ_crypts")(tmp_path / folder, 1, 0, seed)
    name = "Colonic_crypt_dataset/train/CL_HandE_1234_B004_bottomright.tiff"
    assert (tmp_path / "same" / name).read_bytes() == (miniature / name).read_bytes()
    assert (tmp_path / "other" / name).read_bytes() != (miniature / name).read_bytes()
