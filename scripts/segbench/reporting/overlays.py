"""Overlays: truth and prediction over the best, the median and the worst sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from segbench.archives import Archive, ArchiveSet
from segbench.config.study import Study
from segbench.figures.canvas import (
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
class Panel:
    """One sample, ready to be drawn: of an image one plane, of a volume some slices."""

    ranked: Ranked
    planes: list[Plane]


def _score(ranked: Ranked) -> str:
    """Metric and value; nothing for an example without a score."""
    return f"{define(ranked.definition).title} {ranked.value:.3f}" if ranked.definition else ""


def _head(ranked: Ranked) -> str:
    group = f"group {shortened(ranked.group)}" if ranked.group else ""
    first = ": ".join(filter(None, [ranked.rank, _score(ranked)]))
    return "\n".join(filter(None, [first, shortened(ranked.sample), group]))


def _draw_one_class(cell: Axes, plane: Plane) -> None:
    """Both outlines over the image, truth solid, prediction dashed, each in its colour."""
    show_image(cell, plane.image)
    draw_lines(cell, outlines(plane.truth[0].label), ORANGE, 1.4)
    draw_lines(cell, outlines(plane.prediction[0].label), SKY_BLUE, 1.4, DASHES)


def _draw_slice(cell: Axes, plane: Plane) -> None:
    """Both outlines of every class, truth solid, prediction dashed, a colour per class."""
    show_image(cell, plane.image)
    for layers, dashes in ((plane.truth, "solid"), (plane.prediction, DASHES)):
        for layer in layers:
            draw_lines(cell, outlines(layer.label), layer.colour, 1.2, dashes)
    cell.set_title(plane.note, fontsize=7.5, loc="left", pad=3, parse_math=False)


def _draw_classes(cell: Axes, image: np.ndarray, layers: Sequence[Layer]) -> None:
    """All classes as colours and outlines."""
    show_image(cell, tinted(image, layers))
    for layer in layers:
        draw_lines(cell, outlines(layer.label), layer.colour, 0.8)


def _kind(panels: Sequence[Panel], volume: bool) -> str:
    if volume:
        return "slices"
    return "classes" if any(len(p.planes[0].truth) > 1 for p in panels) else "outlines"


def _row_name(cell: Axes, text: str) -> None:
    cell.annotate(
        text, (0, 0.5), xytext=(-6, 0), xycoords="axes fraction", textcoords="offset points",
        ha="right", va="center", rotation=90, fontsize=8,
    )  # fmt: skip


def _draw_column(cells: Sequence[Axes], panel: Panel, kind: str) -> None:
    first = panel.planes[0]
    show_image(cells[0], first.image)
    cells[0].set_title(
        _head(panel.ranked), fontsize=8, loc="left", linespacing=1.35, parse_math=False
    )
    if kind == "outlines":
        _draw_one_class(cells[1], first)
    elif kind == "classes":
        _draw_classes(cells[1], first.image, first.truth)
        _draw_classes(cells[2], first.image, first.prediction)
    else:
        for cell, plane in zip(cells[1:], panel.planes, strict=False):
            _draw_slice(cell, plane)


def _legend(figure: Figure, panels: Sequence[Panel], kind: str) -> None:
    """Explain the lines, and the colours of the classes that are to be seen."""
    ours, theirs = (ORANGE, SKY_BLUE) if kind == "outlines" else ("#444444", "#444444")
    lines = [
        Line2D([], [], color=ours, linewidth=1.8, label="truth"),
        Line2D([], [], color=theirs, linewidth=1.8, linestyle=(0, (3, 2)), label="prediction"),
    ]
    planes = [plane for panel in panels for plane in panel.planes]
    seen = {
        layer.name: layer.colour
        for plane in planes
        for layer in [*plane.truth, *plane.prediction]
        if layer.label.any()
    }
    ordered = [layer.name for layer in planes[0].truth if layer.name in seen]
    patches = [
        Line2D(
            [], [], color=seen[name], linewidth=4, label=shortened(name, 22), solid_capstyle="butt"
        )
        for name in ordered
    ]
    handles = {"outlines": lines, "classes": patches, "slices": lines + patches}[kind]
    if handles:
        columns = min(len(handles), 5)
        plain_legend(figure, handles=handles, loc="outside lower center", ncols=columns)


def _figure(panels: list[Panel], title: str, volume: bool) -> Figure:
    if not panels:
        return message("no scored sample", title)
    kind = _kind(panels, volume)
    planes = [plane for panel in panels for plane in panel.planes]
    ratio = max(plane.image.shape[0] / plane.image.shape[1] for plane in planes)
    ratio = min(max(ratio, 0.4), 1.6)
    columns = len(panels)
    rows = {"outlines": 2, "classes": 3}.get(kind, 1 + max(len(p.planes) for p in panels))
    width = max(2.5 * columns, 4.0)
    figure = Figure(figsize=(width, rows * (width / columns) * ratio + 1.35), layout="constrained")
    figure.suptitle(title, fontsize=9.5, parse_math=False)
    cells = figure.subplots(rows, columns, squeeze=False)
    for cell in cells.ravel():
        cell.set_axis_off()
    for column, panel in enumerate(panels):
        _draw_column(list(cells[:, column]), panel, kind)
    if kind == "classes":
        for row, name in enumerate(("image", "truth", "prediction")):
            _row_name(cells[row][0], name)
    _legend(figure, panels, kind)
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
            Panel(item, planes_of(item.sample, images, labels, archives[item.segmentation]))
            for item in ranked
        ]
        volume = is_volume(labels.attributes)
    finally:
        for archive in archives:
            archive.close()
    with house_style():
        save(_figure(panels, title, volume), output, _describe(title, ranked))
