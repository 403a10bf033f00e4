"""Regions of real brain tumours against shifted copies: Dice by counting, HD95 by the package."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pyarrow.parquet as pq
import pytest

from segbench.archives import ArchiveWriter
from segbench.artefacts.folds import Assignment, write_folds
from segbench.metrics import score

#: Of the Medical Segmentation Decathlon, Task01: 1 edema, 2 non-enhancing, 3 enhancing.
REGIONS = {"WT": (1, 2, 3), "TC": (2, 3), "ET": (3,)}
SHIFT = (1, -2, 3)
LABELS = {
    "dataset": "brats", "preprocessing": "p", "augmentation": "none", "model": "unet",
    "seed": 0, "protocol": "published", "fold": "0",
}  # fmt: skip


@pytest.fixture(scope="module")
def labels(publisher_data) -> dict[str, np.ndarray]:
    nibabel = pytest.importorskip("nibabel")
    folder = publisher_data / "brats" / "Task01_BrainTumour_labels_only"
    paths = sorted(folder.glob("*.nii.gz"))[1:2]
    assert len(paths) == 1
    return {
        path.name[:9]: np.asarray(nibabel.load(path).dataobj).astype(np.uint8).transpose(2, 1, 0)
        for path in paths
    }


def test_the_label_codes_are_those_of_the_file(publisher_data):
    path = publisher_data / "brats" / "Task01_BrainTumour_crops" / "dataset.json"
    names = {int(k): v for k, v in json.loads(path.read_text())["labels"].items()}
    assert "edema" in names[1] and "enhancing" in names[3] and "non" in names[2]


def test_regions_of_full_size_cases(tmp_path, labels):
    surface_distance = pytest.importorskip("surface_distance")
    attributes = {
        "axes": "zyxk", "task": "overlapping", "classes": list(REGIONS), "class_values": [1, 2, 3],
    }  # fmt: skip
    masks = {
        name: np.stack([np.isin(label, values) for values in REGIONS.values()], -1)
        for name, label in labels.items()
    }
    moved = {name: np.roll(mask, SHIFT, axis=(0, 1, 2)) for name, mask in masks.items()}
    for file, content in (("truth", masks), ("seg", moved)):
        with ArchiveWriter(tmp_path / f"{file}.zarr.zip", attributes) as writer:
            for name, mask in content.items():
                record = {"spacing_mm": [1.0, 1.0, 1.0]}
                writer.add(name, {"label": mask.astype(np.uint8)}, record)
    output = tmp_path / "scores.parquet"
    wanted = ["dice", "hd95", "nsd_2mm"]
    seg, truth = tmp_path / "seg.zarr.zip", tmp_path / "truth.zarr.zip"
    folds = tmp_path / "folds.tsv"
    write_folds([Assignment(0, name, name, "", "test") for name in masks], folds)
    score(seg, [truth], folds, wanted, "exclude", LABELS, output)
    rows = {
        (r["sample"], r["class"], r["metric"]): r["value"]
        for r in pq.read_table(output).to_pylist()
    }
    assert len(rows) == 3 * 3
    for name, mask in masks.items():
        for c, region in enumerate(REGIONS):
            one, two = mask[..., c], moved[name][..., c]
            expected = 2 * (one & two).sum() / (one.sum() + two.sum())
            assert rows[name, region, "dice"] == pytest.approx(expected, rel=1e-14)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = surface_distance.compute_surface_distances(one, two, (1, 1, 1))
            assert rows[name, region, "hd95"] == surface_distance.compute_robust_hausdorff(
                found, 95
            )
            assert 0 < rows[name, region, "hd95"] <= 14**0.5
            share = surface_distance.compute_surface_dice_at_tolerance(found, 2)
            assert rows[name, region, "nsd_2mm"] == pytest.approx(share, rel=1e-12)
