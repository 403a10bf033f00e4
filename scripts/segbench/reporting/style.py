"""How every plot looks, whatever the user's own Matplotlib settings say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from segbench.errors import SegbenchError
from segbench.files import atomic_path

#: Okabe and Ito's colours, told apart with the common kinds of colour blindness.
#: https://jfly.uni-koeln.de/color/
ORANGE = "#E69F00"
SKY_BLUE = "#56B4E9"
BLUE = "#0072B2"
VERMILION = "#D55E00"
GREEN = "#009E73"
INK = "#222222"

SETTINGS = {
    "svg.hashsalt": "segbench",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "axes.edgecolor": "#888888",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.6,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Matplotlib's own defaults plus ours, for the length of the block.

    A user's matplotlibrc would otherwise change the bytes.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield


def save(figure: Figure, output: str | Path, description: str) -> None:
    """Write a figure as SVG or PNG: the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure
        Drawn inside `house_style`.
    output : str or Path
        Ends in ``.svg`` or ``.png``.
    description : str
        What is to be seen, stored in the file; the page uses it as alternative text.

    Raises
    ------
    SegbenchError
        The ending is neither.
    """
    kind = Path(output).suffix.lower()
    if kind not in (".svg", ".png"):
        raise SegbenchError(f"{output}: cannot draw {kind!r}", "*.svg or *.png", "rename the file")
    metadata: dict[str, str | None] = {"Description": description}
    # Both writers put a version in; the SVG writer also the clock.
    metadata |= {"Date": None, "Creator": None} if kind == ".svg" else {"Software": None}
    FigureCanvasAgg(figure)
    with atomic_path(output) as beside:
        figure.savefig(beside, format=kind[1:], dpi=110, metadata=metadata)
