"""Bars, histograms and logarithmic axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from segbench.figures.canvas import shortened
from segbench.figures.palette import BLUE, SOFT_INK


def whole_numbers(axes: Axes, vertical: bool = False, ticks: int = 6) -> None:
    """Label an axis with at most `ticks` integers."""
    axis = axes.yaxis if vertical else axes.xaxis
    axis.set_major_locator(MaxNLocator(integer=True, nbins=ticks))


def logarithmic(axes: Axes, vertical: bool = False) -> None:
    """Make an axis logarithmic, with plain numbers even if it spans few decades."""
    axis = axes.yaxis if vertical else axes.xaxis
    (axes.set_yscale if vertical else axes.set_xscale)("log")
    low, high = axes.get_ylim() if vertical else axes.get_xlim()
    few = low > 0 and high / low < 300
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def bars(axes: Axes, names: Sequence[str], values: Sequence[float], form: str = "{:,.0f}") -> None:
    """Draw horizontal bars with their values at the end, the first on top."""
    places = np.arange(len(names))
    axes.barh(places, values, color=BLUE, height=0.7)
    axes.set_yticks(places, [shortened(name, 24) for name in names], parse_math=False)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    for place, value in zip(places, values, strict=True):
        axes.annotate(
            form.format(value), (value, place), xytext=(3, 0), textcoords="offset points",
            va="center", fontsize=7.5, color=SOFT_INK,
        )  # fmt: skip
    axes.margins(x=0.18)


def histogram(axes: Axes, values: np.ndarray, label: str, log: bool = False) -> None:
    """Draw a histogram of one value per sample; few distinct integers get one bar each."""
    low, high = float(values.min()), float(values.max())
    integers = np.issubdtype(values.dtype, np.integer)
    if log and low > 0 and high > low:
        edges = np.geomspace(low, high * (1 + 1e-9), 31)
        logarithmic(axes)
    elif integers and high - low < 40:
        edges = np.arange(low - 0.5, high + 1)
        whole_numbers(axes, ticks=8)
        if low == high:
            axes.set_xticks([low])
    else:
        edges = np.linspace(low, high if high > low else low + 1, 31)
    axes.hist(values, bins=edges.tolist(), color=BLUE, edgecolor="white", linewidth=0.4)
    axes.set_xlabel(label)
    axes.set_ylabel("samples")
    whole_numbers(axes, vertical=True)
