"""The style of every plot, whatever the user's own Matplotlib settings are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib

from segbench.figures.palette import INK, LINE, SOFT_INK

SETTINGS = {
    "svg.hashsalt": "segbench",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.6,
    "xtick.color": SOFT_INK,
    "ytick.color": SOFT_INK,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Use Matplotlib's defaults plus ours within the block.

    A user's matplotlibrc would otherwise change the bytes.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield
