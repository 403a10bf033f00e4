"""Pictures of a classifier: confusion matrix, reliability, ROC curves, confident mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from segbench.archives import ArchiveSet
from segbench.figures.canvas import message, plain_legend, shortened, show_image, wrapped
from segbench.figures.images import display_image
from segbench.figures.palette import BLUE, INK, LINE, colour_of
from segbench.figures.saving import save
from segbench.figures.style import house_style
from segbench.reporting.predictions import (
    Predictions,
    confusion,
    mistakes,
    read_predictions,
    reliability,
    roc_curve,
)

#: Longest side of an image among the mistakes, in pixels.
SIDE = 240
#: Names longer than this are shortened at the axes.
NAME = 20
DASHES = ("solid", (0, (4, 1.5)), (0, (1.2, 1.2)))

#: A figure, and what it shows in words.
Drawn = tuple[Figure, str]


def draw_classification(
    segmentations: Sequence[str | Path],
    truth: Sequence[str | Path],
    preprocessed: Sequence[str | Path],
    title: str,
    outputs: Mapping[str, str | Path],
) -> None:
    """Draw all pictures of a classifier.

    Parameters
    ----------
    segmentations : sequence of Path
        One per fold, with ``label`` and ``probability``.
    truth, preprocessed : sequence of Path
        Archives of the labels and of the images.
    title : str
        Of the arm.
    outputs : mapping of str to Path
        ``confusion``, ``reliability``, ``roc`` (SVG) and ``mistakes`` (PNG).

    Raises
    ------
    SegbenchError
        See `read_predictions`.
    """
    found = read_predictions(segmentations, truth)
    with house_style():
        drawn = {
            "confusion": draw_confusion(found, title),
            "reliability": draw_reliability(found, title),
            "roc": draw_roc(found, title),
            "mistakes": draw_mistakes(found, preprocessed, title),
        }
        for name, (figure, description) in drawn.items():
            save(figure, outputs[name], f"{title}: {description}.")


def draw_confusion(predictions: Predictions, title: str) -> Drawn:
    """Draw the confusion matrix: rows the truth, columns the prediction.

    Each cell holds its count and, in percent, the share of its row, which is its shade.
    """
    counts = confusion(predictions)
    size = len(counts)
    rows = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, rows, out=np.zeros(counts.shape), where=rows > 0)
    names = [shortened(name, NAME) for name in predictions.classes]
    side = max(2.6, 0.5 * size)
    figure = Figure(figsize=(side + 1.9, side + 1.6), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(counts):
        count, share = counts[row, column], shares[row, column]
        axes.text(
            column, row, f"{count}\n{100 * share:.0f} %", ha="center", va="center", fontsize=7,
            linespacing=1.1, color="white" if share > 0.55 else INK,
        )  # fmt: skip
    axes.set_xticks(
        range(size), names, rotation=40, ha="right", rotation_mode="anchor", parse_math=False
    )
    totals = [f"{name}  ({n})" for name, n in zip(names, rows[:, 0], strict=True)]
    axes.set_yticks(range(size), totals, parse_math=False)
    axes.grid(visible=False)
    axes.set(xlabel="predicted", ylabel="truth (predictions)")
    axes.set_title(wrapped(title), parse_math=False)
    hits = "; ".join(
        f"{name} {counts[k, k]} of {rows[k, 0]}" for k, name in enumerate(predictions.classes)
    )
    return figure, f"confusion matrix. Predicted rightly: {hits}"


def draw_reliability(predictions: Predictions, title: str) -> Drawn:
    """Draw how often predictions are right, by their confidence, and how many there are."""
    confidence, accuracy, counts = reliability(predictions)
    edges = np.linspace(0, 1, len(counts) + 1)
    known = counts > 0
    figure = Figure(figsize=(3.6, 4.2), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _draw_diagonal(above)
    bars = {"width": np.diff(edges), "align": "edge", "edgecolor": "white", "linewidth": 0.6}
    above.bar(edges[:-1], np.where(known, accuracy, 0), color=BLUE, alpha=0.35, **bars)
    above.plot(
        confidence[known], accuracy[known], color=BLUE, marker="o", markersize=3.5, linewidth=1
    )
    above.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share that is right")
    above.set_title(wrapped(title), parse_math=False)
    below.bar(edges[:-1], counts, color=LINE, **bars)
    below.set_xlabel("confidence: probability of the predicted class")
    below.set_ylabel("predictions")
    points = "; ".join(
        f"{c:.2f} predicted, {a:.2f} right ({n})"
        for c, a, n in zip(confidence[known], accuracy[known], counts[known], strict=True)
    )
    return figure, f"reliability. {points or 'No predictions'}"


def draw_roc(predictions: Predictions, title: str) -> Drawn:
    """Draw the ROC curve of each class against all others.

    A class of all or of no images has no curve.
    """
    figure = Figure(figsize=(5.2, 3.7), layout="constrained")
    axes = figure.subplots()
    _draw_diagonal(axes)
    drawn = []
    for number, name in enumerate(predictions.classes):
        false, true = roc_curve(predictions.truth == number, predictions.probability[:, number])
        if np.isfinite(false).all() and np.isfinite(true).all():
            drawn.append(name)
            axes.plot(
                false, true, color=colour_of(number), linewidth=1.3,
                linestyle=DASHES[number // 7 % 3], label=shortened(name, NAME),
            )  # fmt: skip
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    axes.set(xlabel="false positive rate", ylabel="true positive rate (recall)")
    axes.set_title(wrapped(title), parse_math=False)
    if drawn:
        plain_legend(figure, loc="outside right center")
    names = ", ".join(drawn) or "no class"
    return figure, f"ROC curves, each class against all others: {names}"


def draw_mistakes(
    predictions: Predictions, preprocessed: Sequence[str | Path], title: str
) -> Drawn:
    """Draw the images whose wrong predictions have the highest confidence."""
    chosen = mistakes(predictions)
    if not chosen:
        return message("no mistakes"), "no image was classified wrongly"
    columns = min(4, len(chosen))
    bands = -(-len(chosen) // columns)
    images = ArchiveSet(preprocessed)
    scale = float(images.attributes.get("image_scale", 1.0))
    figure = Figure(figsize=(2.2 * columns, 2.75 * bands + 0.3), layout="constrained")
    figure.suptitle(wrapped(title, 100), fontsize=9.5, parse_math=False)
    cells = figure.subplots(bands, columns, squeeze=False).ravel()
    for cell in cells:
        cell.set_axis_off()
    words = []
    for cell, place in zip(cells, chosen, strict=False):
        sample = predictions.samples[place]
        truth = predictions.classes[predictions.truth[place]]
        predicted = predictions.classes[predictions.predicted[place]]
        confidence = f"({predictions.confidence[place]:.2f})"
        image = images.read(sample, "image")
        factor = min(1.0, SIDE / max(image.shape[:2]))
        height, width = (max(1, round(side * factor)) for side in image.shape[:2])
        show_image(cell, display_image(image, scale, height, width))
        cell.set_title(
            f"truth: {shortened(truth, NAME)}\npredicted: {shortened(predicted, NAME)} {confidence}"
            f"\n{shortened(sample, 24)}",
            fontsize=7.5, loc="left", parse_math=False,
        )  # fmt: skip
        words.append(f"{sample}: {truth} taken for {predicted} {confidence}")
    return figure, f"most confident mistakes. {'; '.join(words)}"


def _draw_diagonal(axes: Axes) -> None:
    """A line where both axes are equal."""
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.9, linestyle=(0, (3, 2)))
