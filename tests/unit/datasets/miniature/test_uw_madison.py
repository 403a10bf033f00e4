"""The miniature of UW-Madison: scans of many slices, half of them empty."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segbench.artefacts.samples import Sample
from segbench.datasets import generator as miniature
from segbench.datasets.miniature.uw_madison import SLICES, volume
from segbench.datasets.uw_madison import ORGANS, UwMadison
from segbench.errors import SegbenchError
from segbench.folds.protocol import assign_roles
from unit.datasets.helpers import shipped
from unit.folds.sheets import by_role

READER = UwMadison(ORGANS)


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("uw")
    miniature("uw_madison")(root, 84, 0, 0)
    return root


@pytest.fixture(scope="module")
def loaded(tree):
    return [
        (raw, READER.read_image(tree, raw), READER.read_label(tree, raw))
        for raw in READER.scan(tree)
    ]


def test_the_publishers_layout(tree):
    table = (tree / "train.csv").read_text().splitlines()
    assert table[0] == "id,class,segmentation"
    assert len(table) == 1 + 3 * 84
    assert [row.split(",")[1] for row in table[1:4]] == list(ORGANS)
    assert table[1].startswith("case101_day20_slice_0001,large_bowel,")
    slices = list(tree.glob("train/case*/case*_day*/scans/slice_*.png"))
    assert len(slices) == 84
    with Image.open(slices[0]) as image:
        assert (image.format, image.mode) == ("PNG", "I;16")


def test_cases_days_and_slices(loaded):
    stacks = Counter(raw.stack for raw, *_ in loaded)
    assert set(stacks.values()) == {SLICES}
    days = Counter(raw.group for raw in {r.stack: r for r, *_ in loaded}.values())
    assert sorted(days.values()) == [1, 1, 1, 1, 2]
    for stack in stacks:
        here = [(raw.position, image.shape) for raw, image, _ in loaded if raw.stack == stack]
        assert [position for position, _ in here] == list(range(1, SLICES + 1))
        assert len({shape for _, shape in here}) == 1


def test_sizes_differ_between_cases(loaded):
    shapes = {image.shape[:2] for _, image, _ in loaded}
    assert len(shapes) == 4
    assert (78, 90) in shapes  # wider than high


def test_shares_are_those_of_the_real_table(loaded):
    """25 : 42 : 33 % stomach, large and small bowel; 57 % of the slices show none."""
    there = np.array([label.any(axis=(0, 1)) for *_, label in loaded])
    shares = dict(zip(ORGANS, there.sum(axis=0) / there.sum(), strict=True))
    assert shares == pytest.approx({"large_bowel": 5 / 12, "small_bowel": 4 / 12, "stomach": 0.25})
    assert 1 - there.any(axis=1).mean() == pytest.approx(0.57, abs=0.01)


def test_organs_overlap_a_little(loaded):
    both = sum(int((label.sum(axis=2) > 1).sum()) for *_, label in loaded)
    whole = sum(int(label.any(axis=2).sum()) for *_, label in loaded)
    assert 0 < both < 0.1 * whole


def test_organs_are_seen(loaded):
    """The stomach is darker than what is around it, bowel brighter; air is darkest."""
    for _, image, label in loaded:
        pixels = image[..., 0].astype(float)
        around = np.median(pixels[20:-20, 15:-15])
        if label[..., 2].any():
            assert np.median(pixels[label[..., 2] == 1]) < around
        if label[..., 1].any():
            assert np.median(pixels[label[..., 1] == 1]) > around
        assert pixels[:4].mean() < 0.2 * around


def test_the_gain_differs_between_scans(loaded):
    top = {raw.stack: float(np.percentile(image, 99)) for raw, image, _ in loaded}
    assert max(top.values()) > 1.8 * min(top.values())
    assert max(image.max() for _, image, _ in loaded) > 255


def test_the_last_scan_may_be_short(tmp_path):
    miniature("uw_madison")(tmp_path, 20, 0, 0)
    stacks = Counter(raw.stack for raw in READER.scan(tmp_path))
    assert sorted(stacks.values()) == [6, 14]


def test_equal_seeds_give_equal_bytes(tree, tmp_path):
    miniature("uw_madison")(tmp_path / "a", 84, 0, 0)
    miniature("uw_madison")(tmp_path / "b", 14, 0, 1)
    for path in tree.rglob("*.*"):
        assert (tmp_path / "a" / path.relative_to(tree)).read_bytes() == path.read_bytes()
    first = "train/case101/case101_day20/scans/slice_0008_67_67_1.50_1.50.png"
    assert (tmp_path / "b" / first).read_bytes() != (tree / first).read_bytes()


def test_one_volume():
    images, masks = volume(np.random.default_rng(0), (67, 67))
    assert (images.shape, images.dtype) == ((SLICES, 67, 67), np.uint16)
    assert list(masks) == list(ORGANS)
    areas = masks["large_bowel"].sum(axis=(1, 2))
    assert np.flatnonzero(areas).tolist() == [4, 5, 6, 7, 8]
    assert areas[6] == areas.max()


def test_a_test_set_is_refused(tmp_path):
    with pytest.raises(SegbenchError, match=r"generated\.test_samples: 1"):
        miniature("uw_madison")(tmp_path, 14, 1, 0)


def test_the_published_protocol_keeps_cases_whole(loaded):
    """StratifiedGroupKFold by case: what config/datasets/uw_madison.yaml asks for."""
    protocol = shipped("uw_madison").protocols["published"]
    sheet = [
        Sample(raw.sample, raw.group, "train", READER.stratum(raw, image, label), f"{n:064x}")
        for n, (raw, image, label) in enumerate(loaded)
    ]
    rows = assign_roles(sheet, protocol)
    tested = [row.sample for row in rows if row.role == "test"]
    assert sorted(tested) == sorted(row.sample for row in sheet)
    for fold in range(5):
        roles = by_role(rows, fold)
        cases = [{name.split("_")[0] for name in names} for names in roles.values()]
        assert len(cases) == 3
        assert not (cases[0] & cases[1] | cases[0] & cases[2] | cases[1] & cases[2])
        strata = Counter(row.stratum for row in rows if row.fold == fold and row.role == "test")
        assert strata["organs"] / strata.total() == pytest.approx(6 / 14)
