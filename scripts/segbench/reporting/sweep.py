"""A sweep as parallel coordinates: an axis per hyper-parameter, a line per point."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from segbench.figures.canvas import message, shortened
from segbench.figures.palette import INK, LINE
from segbench.figures.saving import save
from segbench.figures.style import house_style
from segbench.metrics.registry import define, definition_id
from segbench.statistics.records import read_records

#: Numbers are placed by their logarithm from this ratio of largest to smallest on.
LOG_RATIO = 20.0
#: Lines of equal values are spread by this much, so that each can be seen.
SPREAD = 0.018


@dataclass(frozen=True)
class Axis:
    """One axis: the place of each value, 0 at the bottom, 1 at the top.

    Attributes
    ----------
    name : str
    places : list of float
        Of each point.
    ticks : list of (float, str)
        Positions and their labels.
    """

    name: str
    places: list[float]
    ticks: list[tuple[float, str]]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _word(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def axis_of(name: str, values: Sequence[Any]) -> Axis:
    """Place the values of one hyper-parameter.

    Parameters
    ----------
    name : str
    values : sequence
        Of each point. Numbers are placed by size, or by logarithm where they span more
        than a ratio of `LOG_RATIO`; anything else evenly, sorted as text.

    Examples
    --------
    >>> axis_of("rate", [1e-4, 1e-2, 1e-3]).places
    [0.0, 1.0, 0.5]
    >>> axis_of("name", ["b", "a", "b"]).places
    [1.0, 0.0, 1.0]
    """
    numbers = [number for value in values if (number := _number(value)) is not None]
    distinct: list[Any]
    if len(numbers) == len(values) and len(set(numbers)) > 1:
        low, high = min(numbers), max(numbers)
        log = low > 0 and high / low > LOG_RATIO
        scale = math.log if log else float
        span = scale(high) - scale(low)
        places = [round((scale(number) - scale(low)) / span, 9) for number in numbers]
        distinct = sorted(set(zip(places, values, strict=True)), key=lambda item: item[0])
        if len(distinct) > 6:
            # Of many values only some are written: those nearest to even distances.
            wanted = np.linspace(0, 1, 5)
            nearest = {int(np.argmin([abs(p - w) for p, _ in distinct])) for w in wanted}
            distinct = [distinct[k] for k in sorted(nearest)]
        return Axis(name, places, [(place, _word(value)) for place, value in distinct])
    words = sorted({_word(value) for value in values})
    where = {w: k / (len(words) - 1) if len(words) > 1 else 0.5 for k, w in enumerate(words)}
    return Axis(name, [where[_word(v)] for v in values], [(where[w], w) for w in words])


def _short_names(keys: Sequence[str]) -> list[str]:
    """The last part of dotted keys, or the whole where two share it."""
    last = [key.rsplit(".", maxsplit=1)[-1] for key in keys]
    return [key if last.count(name) > 1 else name for key, name in zip(keys, last, strict=True)]


def _draw_axis(axes: Axes, place: int, axis: Axis) -> None:
    axes.axvline(place, color=LINE, linewidth=0.9, zorder=1)
    axes.annotate(
        shortened(axis.name, 26), (place, 1.07), ha="center", va="bottom", fontsize=8.5,
        parse_math=False, annotation_clip=False,
    )  # fmt: skip
    for height, word in axis.ticks:
        axes.plot([place - 0.015, place + 0.015], [height, height], color=LINE, linewidth=0.9)
        axes.annotate(
            shortened(word, 18), (place, height), xytext=(6, 0), textcoords="offset points",
            va="center", fontsize=7.5, color=INK, parse_math=False, zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.75},
        )  # fmt: skip


def draw_sweep(
    points: Mapping[str, Mapping[str, Any]],
    table: str | Path,
    metric: str,
    empty: str,
    title: str,
    output: str | Path,
) -> None:
    """Draw all points of a study's sweep, the best on top and thick.

    Parameters
    ----------
    points : mapping of str to mapping
        Model -> its hyper-parameters, dotted key -> value. A model without a score in the
        table is not drawn.
    table : str or Path
        ``tables/STUDY.csv``.
    metric, empty : str
        The study's primary metric, which is the last axis, and its policy for empty masks.
    title : str
    output : str or Path
        ``*.svg``; the same input gives the same bytes.
    """
    known = scores_of(table, metric)
    scores = {name: known[name] for name in points if name in known}
    sign = -1 if define(definition_id(metric, empty)).higher_is_better else 1
    ranked = sorted(scores, key=lambda name: (sign * scores[name], name))
    with house_style():
        if not ranked:
            words = f"{title}: no point of the sweep has a score."
            save(message("no point has a score", title), output, words)
            return
        keys = list(dict.fromkeys(key for name in scores for key in points[name]))
        lines = [
            axis_of(short, [points[name].get(key, "default") for name in ranked])
            for key, short in zip(keys, _short_names(keys), strict=True)
        ]
        values = [scores[name] for name in ranked]
        figure = _figure([*lines, axis_of(metric, values)], values, metric)
        figure.suptitle(title, fontsize=10, parse_math=False)
        best = ", ".join(f"{key} {_word(value)}" for key, value in points[ranked[0]].items())
        words = f"{title}: {len(ranked)} points. Best: {best or ranked[0]}, {metric} "
        save(figure, output, f"{words}{values[0]:.3f}; worst {values[-1]:.3f}.")


def _figure(lines: Sequence[Axis], values: Sequence[float], metric: str) -> Figure:
    """One line per point, the worst first, in the colour of its score."""
    figure = Figure(figsize=(max(1.75 * len(lines) + 1.2, 4.4), 3.6), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    shade = Normalize(min(values), max(values) if max(values) > min(values) else None)
    colours = colormaps["viridis_r"]
    mapping = ScalarMappable(shade, colours)
    count = len(values)
    for number in reversed(range(count)):
        # The last axis is exact; on the others lines of one value lie beside each other.
        shift = SPREAD * ((number + 0.5) / count * 2 - 1)
        heights = [axis.places[number] + shift for axis in lines[:-1]] + [lines[-1].places[number]]
        axes.plot(
            range(len(lines)), heights, color=colours(shade(values[number])),
            linewidth=2.6 if number == 0 else 1.1, zorder=3 if number == 0 else 2,
            marker="o", markersize=3.5 if number == 0 else 2,
        )  # fmt: skip
    bar = figure.colorbar(mapping, ax=axes, fraction=0.04, pad=0.02)
    bar.set_label(metric, parse_math=False)
    bar.outline.set_visible(False)
    for place, axis in enumerate(lines):
        _draw_axis(axes, place, axis)
    axes.set(xlim=(-0.15, len(lines) - 0.6), ylim=(-0.06, 1.16))
    return figure


def scores_of(table: str | Path, metric: str) -> dict[str, float]:
    """Read the score of each model from a study's table.

    Parameters
    ----------
    table : str or Path
        ``tables/STUDY.csv``.
    metric : str
        Its column is ``METRIC_mean_common``: points are compared over the samples that all
        of them have.

    Returns
    -------
    dict of str to float
        Model -> mean over its arms; a model without a score is left out.

    Raises
    ------
    SegbenchError
        The file is unreadable or has no such column.
    """
    column = f"{metric}_mean_common"
    found: dict[str, list[float]] = {}
    for row in read_records(table, ("model", column)):
        score = float(row[column] or "nan")
        if math.isfinite(score):
            found.setdefault(row["model"], []).append(score)
    return {model: math.fsum(scores) / len(scores) for model, scores in found.items()}
