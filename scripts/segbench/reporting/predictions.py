"""Predicted classes of whole images, read from archives and counted for pictures.

Scores with definitions and intervals are in the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segbench.archives import Archive, ArchiveSet
from segbench.errors import SegbenchError


@dataclass(frozen=True)
class Predictions:
    """Predictions of some images; several networks may have predicted the same image.

    Attributes
    ----------
    classes : tuple of str
        In the order of the probabilities.
    samples : tuple of str
        The image of each prediction.
    truth, predicted : (n,) ndarray of int64
        Indices into `classes`.
    probability : (n, class) ndarray of float64
    """

    classes: tuple[str, ...]
    samples: tuple[str, ...]
    truth: np.ndarray
    predicted: np.ndarray
    probability: np.ndarray

    @property
    def confidence(self) -> np.ndarray:
        """Probability of the predicted class, (n,) in 0...1."""
        rows = np.arange(len(self.predicted))
        chosen: np.ndarray = self.probability[rows, self.predicted]
        return chosen


def read_predictions(
    segmentations: Sequence[str | Path], truth: Sequence[str | Path]
) -> Predictions:
    """Read what the networks of an arm predicted.

    Parameters
    ----------
    segmentations : sequence of Path
        One per fold: ``label`` (1,), the value of the class, and ``probability`` (class,).
    truth : sequence of Path
        Archives with ``label`` (1,).

    Raises
    ------
    SegbenchError
        An image has no truth, or a label is no class.
    """
    known = ArchiveSet(truth)
    values = [int(value) for value in known.attributes.get("class_values", ())]
    place = {value: number for number, value in enumerate(values)}
    samples: list[str] = []
    labels: list[tuple[int, int]] = []
    probabilities: list[np.ndarray] = []
    for path in segmentations:
        with Archive(path) as archive:
            for sample in archive.ids:
                if sample not in known:
                    raise SegbenchError(
                        f"{path}: sample {sample!r} is in no truth archive",
                        "the truth archives of the study's dataset",
                        "pass all shards of the dataset",
                    )
                pair = (
                    int(known.read(sample, "label")[0]), int(archive.read(sample, "label")[0])
                )  # fmt: skip
                if not set(pair) <= place.keys():
                    raise SegbenchError(
                        f"{path}: sample {sample!r} has the labels {pair}",
                        f"values of classes: {values}",
                        "delete the file and run the same command again",
                    )
                samples.append(sample)
                labels.append((place[pair[0]], place[pair[1]]))
                probabilities.append(archive.read(sample, "probability").astype(np.float64))
    pairs = np.array(labels, np.int64).reshape(-1, 2)
    return Predictions(
        tuple(str(name) for name in known.attributes.get("classes", ())),
        tuple(samples),
        pairs[:, 0],
        pairs[:, 1],
        np.stack(probabilities) if probabilities else np.zeros((0, len(values))),
    )


def confusion(predictions: Predictions) -> np.ndarray:
    """Count the predictions.

    Returns
    -------
    (class, class) ndarray of int64
        Rows are the truth, columns what was predicted.

    Examples
    --------
    >>> found = Predictions(("a", "b"), ("x", "y"), np.array([0, 0]), np.array([0, 1]), np.eye(2))
    >>> confusion(found).tolist()
    [[1, 1], [0, 0]]
    """
    count = len(predictions.classes)
    found = np.bincount(predictions.truth * count + predictions.predicted, minlength=count * count)
    return found.reshape(count, count).astype(np.int64)


def reliability(
    predictions: Predictions, bins: int = 10
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How often predictions are right, by their confidence.

    Parameters
    ----------
    predictions : Predictions
    bins : int, optional
        Equally wide, from 0 to 1; a bin holds its upper edge.

    Returns
    -------
    confidence, accuracy : (bin,) ndarray of float64
        Means; NaN where a bin is empty.
    counts : (bin,) ndarray of int64

    References
    ----------
    Guo, C. et al. On calibration of modern neural networks. ICML 2017, arXiv:1706.04599
    """
    confident = predictions.confidence
    right = (predictions.truth == predictions.predicted).astype(np.float64)
    place = np.clip(np.ceil(confident * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(place, weights=confident, minlength=bins) / counts
        accuracy = np.bincount(place, weights=right, minlength=bins) / counts
    return confidence, accuracy, counts


def roc_curve(positive: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Receiver operating characteristic, with a point for each distinct score.

    Parameters
    ----------
    positive : (n,) ndarray of bool
    score : (n,) ndarray of float
        Higher means more likely positive.

    Returns
    -------
    false_positive_rate, true_positive_rate : (m,) ndarray of float64
        From (0, 0) to (1, 1); NaN where there are no negatives or no positives.

    References
    ----------
    Fawcett, T. An introduction to ROC analysis. Pattern Recognition Letters 27 (2006),
    doi:10.1016/j.patrec.2005.10.010

    Examples
    --------
    >>> false, true = roc_curve(np.array([True, False, True]), np.array([0.9, 0.8, 0.3]))
    >>> false.tolist(), true.tolist()
    ([0.0, 0.0, 1.0, 1.0], [0.0, 0.5, 0.5, 1.0])
    """
    order = np.argsort(-score, kind="stable")
    hits = positive[order]
    # Samples of equal score enter together: their order must not show.
    last = np.flatnonzero(np.diff(score[order], append=-np.inf))
    true = np.concatenate([[0], np.cumsum(hits)[last]]).astype(np.float64)
    false = np.concatenate([[0], np.cumsum(~hits)[last]]).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return false / np.count_nonzero(~hits), true / np.count_nonzero(hits)


def mistakes(predictions: Predictions, count: int = 12) -> list[int]:
    """Indices of the wrong predictions, the most confident first, each image once.

    Parameters
    ----------
    predictions : Predictions
    count : int, optional
        How many at most.
    """
    confident = predictions.confidence
    wrong = np.flatnonzero(predictions.truth != predictions.predicted)
    ranked = sorted(wrong.tolist(), key=lambda k: (-confident[k], predictions.samples[k], k))
    once: dict[str, int] = {}
    for place in ranked:
        once.setdefault(predictions.samples[place], place)
    return list(once.values())[:count]
