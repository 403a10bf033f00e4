from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.archives import ArchiveWriter
from segbench.errors import SegbenchError
from segbench.reporting.predictions import (
    Predictions,
    confusion,
    mistakes,
    read_predictions,
    reliability,
    roc_curve,
)
from unit.reporting.kinds import tissues

KIND = {"axes": "s", "task": "classification", "classes": ["a", "b"], "class_values": [1, 7]}


def said(truth: list[int], probability: list[list[float]], names: str = "") -> Predictions:
    odds = np.array(probability, np.float64)
    classes = tuple("abcdefgh"[: odds.shape[1]])
    ids = tuple(names) or tuple(f"s{k}" for k in range(len(truth)))
    return Predictions(classes, ids, np.array(truth), odds.argmax(axis=1), odds)


def archive(path: Path, labels: dict[str, int], odds: float = 0.75) -> Path:
    with ArchiveWriter(path, KIND) as writer:
        for name, value in labels.items():
            pair = [odds, 1 - odds] if value == 1 else [1 - odds, odds]
            writer.add(
                name,
                {"label": np.array([value], np.uint8), "probability": np.array(pair, np.float32)},
            )
    return path


def test_values_of_classes_become_places(tmp_path: Path):
    truth = archive(tmp_path / "t.zarr.zip", {"x": 7, "y": 1, "z": 7})
    first = archive(tmp_path / "1.zarr.zip", {"x": 7, "y": 7})
    second = archive(tmp_path / "2.zarr.zip", {"y": 1, "z": 1})
    found = read_predictions([first, second], [truth])
    assert found.samples == ("x", "y", "y", "z")
    assert found.truth.tolist() == [1, 0, 0, 1]
    assert found.predicted.tolist() == [1, 1, 0, 0]
    assert found.confidence.tolist() == [0.75] * 4
    assert confusion(found).tolist() == [[1, 1], [1, 1]]


def test_no_predictions(tmp_path: Path):
    found = read_predictions([], [archive(tmp_path / "t.zarr.zip", {"x": 1})])
    assert confusion(found).tolist() == [[0, 0], [0, 0]]
    assert mistakes(found) == []
    assert np.isnan(roc_curve(found.truth == 0, found.probability[:, 0])[0]).all()


def test_strange_archives_are_refused(tmp_path: Path):
    truth = archive(tmp_path / "t.zarr.zip", {"x": 7})
    with pytest.raises(SegbenchError, match=r"sample 'y' is in no truth archive"):
        read_predictions([archive(tmp_path / "1.zarr.zip", {"y": 1})], [truth])
    with pytest.raises(SegbenchError, match=r"sample 'x' has the labels \(7, 3\)"):
        read_predictions([archive(tmp_path / "2.zarr.zip", {"x": 3})], [truth])


def test_rows_of_the_matrix_are_the_truth():
    odds = np.eye(3)[[0, 1, 1, 2, 0]].tolist()
    found = confusion(said([0, 0, 1, 2, 2], odds))
    assert found.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 1]]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=40))
def test_the_matrix_counts_every_prediction_once(pairs: list[tuple[int, int]]):
    truth, guess = (np.array([p[k] for p in pairs], np.int64) for k in (0, 1))
    odds = np.eye(4)[guess] if pairs else np.zeros((0, 4))
    ids = tuple(map(str, range(len(pairs))))
    found = confusion(Predictions(tuple("abcd"), ids, truth, guess, odds))
    assert found.sum() == len(pairs)
    assert found.sum(axis=1).tolist() == np.bincount(truth, minlength=4).tolist()


def test_reliability_by_hand():
    odds = [[0.9, 0.1], [0.95, 0.05], [0.4, 0.6], [0.45, 0.55], [1.0, 0.0]]
    confidence, accuracy, counts = reliability(said([0, 1, 1, 0, 0], odds), bins=10)
    # 0.9 lies in the bin that ends there; 0.95 and 1 in the last; 0.6 and 0.55 together.
    assert counts.tolist() == [0, 0, 0, 0, 0, 2, 0, 0, 1, 2]
    assert confidence[[5, 8, 9]] == pytest.approx([0.575, 0.9, 0.975])
    assert accuracy[[5, 8, 9]] == pytest.approx([0.5, 1, 0.5])
    assert np.isnan(accuracy[0])


def test_a_roc_curve_by_hand():
    # Fawcett 2006, figure 3: twenty instances by score.
    positive = np.array([c == "p" for c in "ppnpppnnpnpnpnnnpnpn"])
    score = np.array([.9, .8, .7, .6, .55, .54, .53, .52, .51, .505,
                      .4, .39, .38, .37, .36, .35, .34, .33, .3, .1])  # fmt: skip
    false, true = roc_curve(positive, score)
    assert list(zip(false[:7].round(9), true[:7].round(9), strict=True)) == [
        (0, 0), (0, 0.1), (0, 0.2), (0.1, 0.2), (0.1, 0.3), (0.1, 0.4), (0.1, 0.5)
    ]  # fmt: skip
    assert (false[-1], true[-1]) == (1, 1)
    assert np.trapezoid(true, false) == pytest.approx(0.68)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_the_area_is_the_share_of_ordered_pairs(cases: list[tuple[bool, int]]):
    positive = np.array([c[0] for c in cases])
    score = np.array([c[1] / 5 for c in cases])
    if positive.all() or not positive.any():
        return
    false, true = roc_curve(positive, score)
    assert (np.diff(false) >= 0).all()
    assert (np.diff(true) >= 0).all()
    # Mann and Whitney: a tie counts one half.
    pairs = np.sign(score[positive][:, None] - score[~positive][None])
    assert np.trapezoid(true, false) == pytest.approx(((pairs + 1) / 2).mean())


def test_mistakes_by_confidence_each_image_once():
    odds = [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7], [0.05, 0.95]]
    found = said([1, 0, 1, 1, 0], odds, names="xyxzy")
    assert mistakes(found) == [4, 0]
    assert mistakes(found, count=1) == [4]


def test_ties_go_by_sample():
    found = said([1, 1, 1], [[0.8, 0.2]] * 3, names="cab")
    assert [found.samples[k] for k in mistakes(found)] == ["a", "b", "c"]


def test_the_made_tissues_are_as_they_say(tmp_path: Path):
    _, segmentation, truth = tissues(tmp_path)
    found = read_predictions([segmentation], [truth])
    assert (found.predicted == found.probability.argmax(axis=1)).all()
    assert 3 < (found.predicted != found.truth).sum() < 12
