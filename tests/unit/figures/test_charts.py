from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from segbench.figures.charts import bars, histogram, logarithmic, whole_numbers


def test_bars_stand_in_order_with_their_values():
    axes = Figure().subplots()
    bars(axes, ["first", "$second"], [1500, 20])
    assert [patch.get_width() for patch in axes.patches] == [1500, 20]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["first", "$second"]
    assert [text.get_text() for text in axes.texts] == ["1,500", "20"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1], "the first is on top"


def test_few_integers_get_one_bar_each():
    axes = Figure().subplots()
    histogram(axes, np.array([3, 3, 5]), "objects")
    assert [patch.get_height() for patch in axes.patches] == [2, 0, 1]
    assert axes.get_xlabel() == "objects"


def test_one_value_is_one_bar_with_one_tick():
    axes = Figure().subplots()
    histogram(axes, np.array([7, 7]), "n")
    assert [patch.get_height() for patch in axes.patches] == [2]
    assert axes.get_xticks().tolist() == [7]


@pytest.mark.parametrize("log", [True, False])
def test_every_value_is_counted_once(log: bool):
    values = np.random.default_rng(0).lognormal(3, 1, 500)
    axes = Figure().subplots()
    histogram(axes, values, "size", log=log)
    assert sum(patch.get_height() for patch in axes.patches) == 500
    assert axes.get_xscale() == ("log" if log else "linear")


def test_logarithmic_ticks_are_plain_numbers():
    axes = Figure().subplots()
    axes.set_xlim(2, 30)
    logarithmic(axes)
    assert axes.xaxis.get_major_formatter()(20) == "20"
    shown = [tick for tick in axes.get_xticks() if 2 <= tick <= 30]
    assert shown == [2, 5, 10, 20]


def test_whole_numbers_label_integers_only():
    axes = Figure().subplots()
    axes.set_ylim(0, 3)
    whole_numbers(axes, vertical=True)
    assert all(tick == int(tick) for tick in axes.get_yticks())
