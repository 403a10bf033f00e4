"""Overlays: truth and prediction over the best, the median and the worst sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from segbench.archives import Archive, ArchiveSet
from segbench.config.study import Study
from segbench.figures.canvas import (
    class_handles,
    draw_lines,
    message,
    plain_legend,
    shortened,
    show_image,
)
from segbench.figures.layers import Layer, outlines, tinted
from segbench.figures.palette import ORANGE, SKY_BLUE
from segbench.figures.planes import Plane, is_volume, planes_of
from segbench.figures.saving import save
from segbench.figures.style import house_style
from segbench.metrics.registry import define
from segbench.reporting.ranking import Ranked, examples, rank_samples

DASHES = (0, (2.5, 1.5))


@dataclass(frozen=True)
class Cell:
    """One image of a picture with lines over it.

    Attributes
    ----------
    image : (y, x, 3) ndarray of float32
        In 0...1.
    lines : tuple of (layer, colour, width in points, dashes)
        Outlines to draw.
    note : str
        Above the image.
    """

    image: np.ndarray
    lines: tuple[tuple[Layer, str, float, object], ...] = ()
    note: str = ""

    def draw(self, axes: Axes) -> None:
        """Draw it."""
        show_image(axes, self.image)
        for layer, colour, width, dashes in self.lines:
            draw_lines(axes, outlines(layer.label), colour, width, dashes)
        if self.note:
            axes.set_title(self.note, fontsize=7.5, loc="left", pad=3, parse_math=False)


def _score(ranked: Ranked) -> str:
    """Metric and value; nothing for an example without a score."""
    return f"{define(ranked.definition).title} {ranked.value:.3f}" if ranked.definition else ""


def _head(ranked: Ranked) -> str:
    group = f"group {shortened(ranked.group)}" if ranked.group else ""
    first = ": ".join(filter(None, [ranked.rank, _score(ranked)]))
    return "\n".join(filter(None, [first, shortened(ranked.sample), group]))


def _both_outlines(plane: Plane) -> list[Cell]:
    """Of one class: both outlines over the image, truth solid, prediction dashed."""
    truth = (plane.truth[0], ORANGE, 1.4, "solid")
    return [Cell(plane.image, (truth, (plane.prediction[0], SKY_BLUE, 1.4, DASHES)))]


def _in_colours(plane: Plane) -> list[Cell]:
    """Of several classes: truth, then prediction, as colours with outlines."""
    return [
        Cell(
            tinted(plane.image, layers),
            tuple((layer, layer.colour, 0.8, "solid") for layer in layers),
        )
        for layers in (plane.truth, plane.prediction)
    ]


def _slice(plane: Plane) -> list[Cell]:
    """Of a volume: both outlines of every class, truth solid, prediction dashed."""
    lines = [(layer, layer.colour, 1.2, "solid") for layer in plane.truth]
    dashed = [(layer, layer.colour, 1.2, DASHES) for layer in plane.prediction]
    return [Cell(plane.image, (*lines, *dashed), plane.note)]


@dataclass(frozen=True)
class Layout:
    """How samples are drawn.

    Attributes
    ----------
    cells : callable
        What stands below the image, of each plane.
    line_colours : tuple of str or None
        Of truth and prediction in the legend; None: both are solid, and not explained.
    classes : bool
        Whether the legend names the classes.
    rows : tuple of str
        Names of the rows.
    """

    cells: Callable[[Plane], list[Cell]]
    line_colours: tuple[str, str] | None
    classes: bool
    rows: tuple[str, ...] = ()


ONE_CLASS = Layout(_both_outlines, (ORANGE, SKY_BLUE), classes=False)
CLASSES = Layout(_in_colours, None, classes=True, rows=("image", "truth", "prediction"))
VOLUMES = Layout(_slice, ("#444444", "#444444"), classes=True)


def _legend(figure: Figure, layers: Iterable[Layer], layout: Layout) -> None:
    """Explain the lines, and the colours of the classes that occur."""
    handles = []
    if layout.line_colours:
        handles = [
            Line2D([], [], color=colour, linewidth=1.8, linestyle=dashes, label=label)
            for colour, dashes, label in zip(
                layout.line_colours, ("solid", (0, (3, 2))), ("truth", "prediction"), strict=True
            )
        ]
    if layout.classes:
        handles += class_handles(layers)
    if handles:
        columns = min(len(handles), 5)
        plain_legend(figure, handles=handles, loc="outside lower center", ncols=columns)


def _figure(panels: Sequence[tuple[Ranked, list[Plane]]], title: str, volume: bool) -> Figure:
    if not panels:
        return message("no scored sample", title)
    planes = [plane for _, own in panels for plane in own]
    several = any(len(plane.truth) > 1 for plane in planes)
    layout = VOLUMES if volume else CLASSES if several else ONE_CLASS
    columns = [
        [Cell(own[0].image), *(cell for plane in own for cell in layout.cells(plane))]
        for _, own in panels
    ]
    rows = max(map(len, columns))
    ratio = max(plane.image.shape[0] / plane.image.shape[1] for plane in planes)
    width = max(2.5 * len(columns), 4.0)
    height = rows * (width / len(columns)) * min(max(ratio, 0.4), 1.6) + 1.35
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(title, fontsize=9.5, parse_math=False)
    axes = figure.subplots(rows, len(columns), squeeze=False)
    for cell in axes.ravel():
        cell.set_axis_off()
    for number, (ranked, _) in enumerate(panels):
        for place, cell in enumerate(columns[number]):
            cell.draw(axes[place, number])
        axes[0, number].set_title(
            _head(ranked), fontsize=8, loc="left", linespacing=1.35, parse_math=False
        )
    for name, row in zip(layout.rows, axes, strict=False):
        row[0].annotate(
            name, (0, 0.5), xytext=(-6, 0), xycoords="axes fraction", textcoords="offset points",
            ha="right", va="center", rotation=90, fontsize=8,
        )  # fmt: skip
    _legend(figure, (layer for p in planes for layer in (*p.truth, *p.prediction)), layout)
    return figure


def _describe(title: str, ranked: list[Ranked]) -> str:
    parts = [
        ", ".join(
            filter(
                None,
                [f"{r.rank}: sample {r.sample}", r.group and f"group {r.group}", _score(r)],
            )
        )
        for r in ranked
    ]
    scored = [r.definition for r in ranked if r.definition]
    definition = f" (definition {scored[0]})" if scored else ""
    listed = "; ".join(parts) or "no scored sample"
    return f"{title}. Truth and predicted outlines over the image{definition}; {listed}."


def draw_overlays(
    scores: Sequence[str | Path],
    study: Study,
    title: str,
    preprocessed: Sequence[str | Path],
    segmentations: Sequence[str | Path],
    truth: Sequence[str | Path],
    output: str | Path,
) -> None:
    """Draw the best, the median and the worst sample of an arm, with both labels.

    One class or numbered objects: both outlines over the image. Several classes: truth and
    prediction below each other, in colours. Volumes: for each class (region) the axial
    slice with its largest area, with both outlines.

    Parameters
    ----------
    scores : sequence of Path
        The ``scores.parquet`` of each scored fold.
    study : Study
        Gives the metrics. If none has scores of single samples, three samples are shown as
        examples.
    title : str
        Of the arm.
    preprocessed, truth : sequence of Path
        Archives of images, and of labels at the original size.
    segmentations : sequence of Path
        Predicted labels at the original size of each scored fold.
    output : str or Path
        PNG, below 400 kB; the same input gives the same bytes.

    Raises
    ------
    SegbenchError
        A score has no image, truth or segmentation; a file is unreadable.
    """
    archives = [Archive(path) for path in segmentations]
    try:
        ranked = rank_samples(scores, [set(a.ids) for a in archives], study)
        images, labels = ArchiveSet(preprocessed), ArchiveSet(truth)
        if not ranked:
            ranked = examples([a.ids for a in archives])
        panels = [
            (item, planes_of(item.sample, images, labels, archives[item.segmentation]))
            for item in ranked
        ]
        volume = is_volume(labels.attributes)
    finally:
        for archive in archives:
            archive.close()
    with house_style():
        save(_figure(panels, title, volume), output, _describe(title, ranked))
