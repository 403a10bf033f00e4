"""Pictures of a classifier: confusion matrix, reliability, ROC curves, confident mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from segbench.archives import ArchiveSet
from segbench.figures.canvas import message, plain_legend, shortened, show_image, wrapped
from segbench.figures.images import display_image
from segbench.figures.palette import BLUE, INK, LINE, colour_of
from segbench.figures.saving import save
from segbench.figures.style import house_style
from segbench.reporting.predictions import (
    Verdicts,
    confusion,
    mistakes,
    read_verdicts,
    reliability,
    roc_curve,
)

#: Longest side of an image among the mistakes, in pixels.
SIDE = 240
#: Names longer than this are shortened at the axes.
NAME = 20
DASHES = ("solid", (0, (4, 1.5)), (0, (1.2, 1.2)))


def draw_confusion(verdicts: Verdicts, title: str, output: str | Path) -> None:
    """Draw the confusion matrix: rows the truth, columns what was predicted.

    Parameters
    ----------
    verdicts : Verdicts
    title : str
        Of the arm.
    output : str or Path
        ``*.svg``. Each cell says its count; its shade is the share of its row, which
        stands below in percent.
    """
    counts = confusion(verdicts)
    size = len(counts)
    rows = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, rows, out=np.zeros(counts.shape), where=rows > 0)
    names = [shortened(name, NAME) for name in verdicts.classes]
    side = max(2.6, 0.5 * size)
    with house_style():
        figure = Figure(figsize=(side + 1.9, side + 1.6), layout="constrained")
        axes = figure.subplots()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for row in range(size):
            for column in range(size):
                if counts[row, column]:
                    axes.text(
                        column, row, f"{counts[row, column]}\n{100 * shares[row, column]:.0f} %",
                        ha="center", va="center", fontsize=7, linespacing=1.1,
                        color="white" if shares[row, column] > 0.55 else INK,
                    )  # fmt: skip
        axes.set_xticks(
            range(size), names, rotation=40, ha="right", rotation_mode="anchor", parse_math=False
        )
        totals = [f"{name}  ({n})" for name, n in zip(names, rows[:, 0], strict=True)]
        axes.set_yticks(range(size), totals, parse_math=False)
        axes.grid(visible=False)
        axes.set_xlabel("predicted")
        axes.set_ylabel("truth (predictions)")
        axes.set_title(wrapped(title), parse_math=False)
        hits = "; ".join(
            f"{name} {counts[k, k]} of {rows[k, 0]}" for k, name in enumerate(verdicts.classes)
        )
        save(figure, output, f"{title}: confusion matrix. Predicted rightly: {hits}.")


def draw_reliability(verdicts: Verdicts, title: str, output: str | Path) -> None:
    """Draw how often predictions of a confidence are right, and how many there are.

    Parameters
    ----------
    verdicts : Verdicts
    title : str
        Of the arm.
    output : str or Path
        ``*.svg``.
    """
    confidence, accuracy, counts = reliability(verdicts)
    edges = np.linspace(0, 1, len(counts) + 1)
    known = counts > 0
    with house_style():
        figure = Figure(figsize=(3.6, 4.2), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        above.plot([0, 1], [0, 1], color="#999999", linewidth=0.9, linestyle=(0, (3, 2)))
        above.bar(
            edges[:-1][known], accuracy[known], width=np.diff(edges)[known], align="edge",
            color=BLUE, alpha=0.35, edgecolor="white", linewidth=0.6,
        )  # fmt: skip
        above.plot(
            confidence[known], accuracy[known], color=BLUE, marker="o", markersize=3.5, linewidth=1
        )
        above.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share that is right")
        above.set_title(wrapped(title), parse_math=False)
        below.bar(
            edges[:-1], counts, width=np.diff(edges), align="edge", color=LINE,
            edgecolor="white", linewidth=0.6,
        )  # fmt: skip
        below.set_xlabel("confidence: probability of the class that was said")
        below.set_ylabel("predictions")
        points = "; ".join(
            f"{c:.2f} said, {a:.2f} right ({n})"
            for c, a, n in zip(confidence[known], accuracy[known], counts[known], strict=True)
        )
        save(figure, output, f"{title}: reliability. {points or 'No predictions'}.")


def draw_roc(verdicts: Verdicts, title: str, output: str | Path) -> None:
    """Draw the ROC curve of each class against all others.

    Parameters
    ----------
    verdicts : Verdicts
    title : str
        Of the arm.
    output : str or Path
        ``*.svg``. A class that all or no images are of has no curve.
    """
    drawn = []
    with house_style():
        figure = Figure(figsize=(5.2, 3.7), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.9, linestyle=(0, (3, 2)))
        for number, name in enumerate(verdicts.classes):
            false, true = roc_curve(verdicts.truth == number, verdicts.probability[:, number])
            if not (np.isfinite(false).all() and np.isfinite(true).all()):
                continue
            drawn.append(name)
            axes.plot(
                false, true, color=colour_of(number), linewidth=1.3,
                linestyle=DASHES[number // 7 % 3], label=shortened(name, NAME),
            )  # fmt: skip
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
        axes.set_xlabel("false positive rate")
        axes.set_ylabel("true positive rate (recall)")
        axes.set_title(wrapped(title), parse_math=False)
        if drawn:
            plain_legend(figure, loc="outside right center")
        names = ", ".join(drawn) or "no class"
        save(figure, output, f"{title}: ROC curves, each class against all others: {names}.")


def draw_mistakes(
    verdicts: Verdicts, preprocessed: Sequence[str | Path], title: str, output: str | Path
) -> None:
    """Draw the images that were classified wrongly with the most confidence.

    Parameters
    ----------
    verdicts : Verdicts
    preprocessed : sequence of Path
        Archives of the images.
    title : str
        Of the arm.
    output : str or Path
        ``*.png``.
    """
    chosen = mistakes(verdicts)
    sure = verdicts.confidence
    with house_style():
        if not chosen:
            save(message("no mistakes"), output, f"{title}: no image was classified wrongly.")
            return
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
            sample = verdicts.samples[place]
            truth, said = (
                verdicts.classes[int(k)] for k in (verdicts.truth[place], verdicts.predicted[place])
            )
            image = images.read(sample, "image")
            factor = min(1.0, SIDE / max(image.shape[:2]))
            height, width = (max(1, round(side * factor)) for side in image.shape[:2])
            show_image(cell, display_image(image, scale, height, width))
            cell.set_title(
                f"truth: {shortened(truth, NAME)}\nsaid: {shortened(said, NAME)} "
                f"({sure[place]:.2f})\n{shortened(sample, 24)}",
                fontsize=7.5, loc="left", parse_math=False,
            )  # fmt: skip
            words.append(f"{sample}: {truth} taken for {said} ({sure[place]:.2f})")
        save(figure, output, f"{title}: most confident mistakes. {'; '.join(words)}.")


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
        One a fold, with ``label`` and ``probability``.
    truth, preprocessed : sequence of Path
        Archives of the labels and of the images.
    title : str
        Of the arm.
    outputs : mapping of str to Path
        ``confusion``, ``reliability``, ``roc`` (SVG) and ``mistakes`` (PNG).

    Raises
    ------
    SegbenchError
        See `read_verdicts`.
    """
    verdicts = read_verdicts(segmentations, truth)
    draw_confusion(verdicts, title, outputs["confusion"])
    draw_reliability(verdicts, title, outputs["reliability"])
    draw_roc(verdicts, title, outputs["roc"])
    draw_mistakes(verdicts, preprocessed, title, outputs["mistakes"])
