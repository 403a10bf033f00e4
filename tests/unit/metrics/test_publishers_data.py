"""The metrics on the publishers' real masks, degraded by known amounts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segbench.metrics.counts import contingency, counts_of
from segbench.metrics.dsb_map import dsb_precisions
from segbench.metrics.overlap import dice, iou


def nuclei(folder: Path) -> np.ndarray:
    """One image's masks as numbered objects."""
    label: np.ndarray | None = None
    for number, path in enumerate(sorted((folder / "masks").glob("*.png")), start=1):
        mask = np.asarray(Image.open(path)) > 0
        label = np.zeros(mask.shape, np.uint16) if label is None else label
        label[mask] = number
    assert label is not None
    return label


def degraded(label: np.ndarray, seed: int) -> np.ndarray:
    """Shift by a few pixels, lose some objects, merge some, renumber with gaps."""
    generator = np.random.Generator(np.random.PCG64(seed))
    shifted = np.roll(label, generator.integers(-3, 4, 2), axis=(0, 1))
    table = generator.permutation(np.arange(1, label.max() + 1) * 7).astype(np.uint16)
    table[generator.random(table.size) < 0.1] = 0
    table[generator.random(table.size) < 0.1] = 7
    return np.concatenate([[0], table]).astype(np.uint16)[shifted]


def brute_force(truth: np.ndarray, prediction: np.ndarray) -> list[float]:
    """Every pair of objects by Boolean masks, thresholds as percents in integers."""
    true = [truth == n for n in np.unique(truth) if n]
    predicted = [prediction == n for n in np.unique(prediction) if n]
    iou_of = [((a & b).sum(dtype=int), (a | b).sum(dtype=int)) for a in true for b in predicted]
    values = []
    for percent in range(50, 100, 5):
        tp = sum(100 * inter > percent * union for inter, union in iou_of)
        values.append(tp / (tp + (len(true) - tp) + (len(predicted) - tp)))
    return values


@pytest.fixture(scope="session")
def bowl(publisher_data) -> list[np.ndarray]:
    folders = sorted((publisher_data / "dsb2018" / "stage1_train").iterdir())
    return [nuclei(folder) for folder in folders[:12]]


def test_map_of_real_nuclei_agrees_with_brute_force(bowl):
    for seed, label in enumerate(bowl):
        prediction = degraded(label, seed)
        assert dsb_precisions(label, prediction) == brute_force(label, prediction)


def test_real_nuclei_against_themselves_are_perfect(bowl):
    for label in bowl:
        assert dsb_precisions(label, label) == [1.0] * 10


def test_kidney_masks_moved_by_one_pixel_lose_what_their_border_says(publisher_data):
    truths = sorted(publisher_data.glob("kidney_em/02_ImageDataset/*/4_Test_GT/*.png"))
    assert len(truths) == 7
    for path in truths:
        truth = np.asarray(Image.open(path)) > 0
        moved = np.zeros_like(truth)
        moved[:, 1:] = truth[:, :-1]
        counts = counts_of(contingency(truth, moved, 2), 1)
        gained = int((moved & ~truth).sum())
        lost = int((truth & ~moved).sum())
        kept = int((truth & moved).sum())
        assert (counts.tp, counts.fp, counts.fn) == (kept, gained, lost)
        assert iou(counts, "exclude") == kept / (kept + gained + lost)
        assert 0.95 < iou(counts, "exclude") < dice(counts, "exclude") < 1
