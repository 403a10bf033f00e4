"""mAP of one image with 300 nuclei: the contingency table against every pair of masks."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

from segbench.metrics.dsb_map import dsb_precisions

SIDE = 512
NUCLEI = 300
AIM = 50.0


def image(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """300 discs on a jittered grid, and the same moved, resized and renumbered.

    Returns
    -------
    truth, prediction : ndarray of uint16, shape (512, 512)
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    y, x = np.mgrid[:SIDE, :SIDE]
    truth = np.zeros((SIDE, SIDE), np.uint16)
    prediction = np.zeros_like(truth)
    pitch = 28
    per_row = SIDE // pitch
    numbers = generator.permutation(NUCLEI) * 3 + 1
    for n in range(NUCLEI):
        row, column = divmod(n, per_row)
        center = (np.array([row, column]) + 0.5) * pitch + generator.uniform(-3, 3, 2)
        radius = generator.uniform(7, 10)
        truth[np.hypot(y - center[0], x - center[1]) < radius] = n + 1
        moved = center + generator.normal(0, 1.5, 2)
        found = np.hypot(y - moved[0], x - moved[1]) < radius * generator.uniform(0.8, 1.1)
        prediction[found] = numbers[n]
    return truth, prediction


def pairwise(truth: np.ndarray, prediction: np.ndarray) -> list[float]:
    """The definition, straightforwardly: Boolean masks, all pairs, ten thresholds."""
    true = [truth == n for n in np.unique(truth)[1:]]
    predicted = [prediction == n for n in np.unique(prediction)[1:]]
    intersection = np.array([[(a & b).sum() for b in predicted] for a in true])
    union = np.add.outer([a.sum() for a in true], [b.sum() for b in predicted]) - intersection
    values = []
    for k in range(10, 20):
        tp = int((20 * intersection > k * union).sum())
        values.append(tp / (len(true) + len(predicted) - tp))
    return values


def histogram2d(truth: np.ndarray, prediction: np.ndarray) -> list[float]:
    """The port that most public code uses, with the objects renumbered first."""
    truth = np.unique(truth, return_inverse=True)[1]
    prediction = np.unique(prediction, return_inverse=True)[1]
    bins = (int(truth.max()) + 1, int(prediction.max()) + 1)
    table = np.histogram2d(truth.ravel(), prediction.ravel(), bins=bins)[0]
    union = table.sum(1)[:, None] + table.sum(0)[None] - table
    iou = table[1:, 1:] / union[1:, 1:]
    values = []
    for threshold in np.arange(10, 20) / 20:
        tp = int((iou > threshold).sum())
        values.append(tp / (sum(iou.shape) - tp))
    return values


def _timed(work: Callable[[], list[float]], repeats: int) -> tuple[float, list[float]]:
    """Least wall time of some runs, and what they returned."""
    times = []
    result: list[float] = []
    for _ in range(repeats):
        start = perf_counter()
        result = work()
        times.append(perf_counter() - start)
    return min(times), result


def measure() -> list[dict[str, Any]]:
    """Measure ours and two peers on one image, and check that they agree.

    Returns
    -------
    list of dict
        name, ours_s, peer, peer_s, ratio (peer / ours), aim (None: for information), note.
    """
    truth, prediction = image()
    ours_s, ours = _timed(lambda: dsb_precisions(truth, prediction), 20)
    rows = []
    peers = (("every pair of masks", pairwise, 1, AIM), ("histogram2d", histogram2d, 5, None))
    for name, peer, repeats, aim in peers:
        peer_s, theirs = _timed(lambda peer=peer: peer(truth, prediction), repeats)
        if not np.allclose(theirs, ours, rtol=0, atol=1e-12):
            raise AssertionError(f"{name} and ours disagree: {theirs} and {ours}")
        rows.append(
            {
                "name": f"mAP of {NUCLEI} nuclei, {SIDE} x {SIDE} px",
                "ours_s": ours_s,
                "peer": name,
                "peer_s": peer_s,
                "ratio": peer_s / ours_s,
                "aim": aim,
                "note": f"same ten values; mean {np.mean(ours):.3f}",
            }
        )
    return rows


if __name__ == "__main__":
    for row in measure():
        print(row)
