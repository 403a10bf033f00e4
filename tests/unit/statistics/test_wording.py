"""The words and numbers of the tables, one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from segbench.arms import Recipes
from segbench.metrics.registry import definition_id
from segbench.statistics import wording
from segbench.statistics.estimates import Figure
from segbench.statistics.scores import MetricScores, Scores
from segbench.statistics.summary import Summary, summarise
from unit.statistics.made import study

MINUS = "\N{MINUS SIGN}"
NAN = math.nan


def summary_of(
    one, values: dict[str, list], weights: np.ndarray | None = None, *, generated: bool = False
) -> Summary:
    """Values by metric: arm -> class -> samples; classes are c0, c1, ..."""
    metrics = {}
    for name, arms in values.items():
        array = np.array(arms, float)[:, None]
        classes = tuple(f"c{n}" for n in range(array.shape[2]))
        names = tuple(f"s{n}" for n in range(array.shape[3]))
        metrics[name] = MetricScores(
            definition_id(name, one.empty), classes, array,
            np.ones_like(array) if weights is None else weights, names,
            np.arange(len(names)),
        )  # fmt: skip
    arms = tuple(Recipes(p, "none", m) for p in one.preprocessing for m in one.models)
    groups = tuple(f"g{n}" for n in range(len(names)))
    return summarise(Scores(arms, one.seeds, names, groups, metrics), one, "t", generated)


@pytest.mark.parametrize(
    ("value", "text", "signed"),
    [
        (0.5, "0.500", "+0.500"),
        (-0.25, f"{MINUS}0.250", f"{MINUS}0.250"),
        (-0.0001, "0.000", "0.000"),
        (0.0004, "0.000", "0.000"),
        (12.3456, "12.346", "+12.346"),
        (math.nan, "\N{EN DASH}", "\N{EN DASH}"),
    ],
)
def test_numbers(value, text, signed):
    assert wording.number(value) == text
    assert wording.signed(value) == signed


def test_intervals_points_and_shares():
    assert wording.figure(Figure(0.5, None, (), 1, 1)) == "0.500"
    with_interval = Figure(-0.5, (-1.0, 0.0), (), 6, 6)
    assert wording.figure(with_interval) == f"{MINUS}0.500 [{MINUS}1.000, 0.000]"
    assert wording.figure(Figure(0.5, None, (0.25, 0.75), 9, 2)) == "0.500 {0.250, 0.750}"
    assert wording.counts(28, 20, several=True) == "28 / 20"
    assert wording.counts(28, 28, several=False) == "28"
    assert wording.percent(0.994) == "99 %"


def test_lists_of_words():
    assert wording.listing([]) == ""
    assert wording.listing(["a"]) == "a"
    assert wording.listing(["a", "b"]) == "a and b"
    assert wording.plural(0, "arm") == "0 arms"


def test_headings_point_to_the_better_end_where_it_differs():
    one = study(preprocessing=("p",), metrics=("dice", "hd95"), primary="dice")
    both = summary_of(one, {"dice": [[[0.5, 0.6]]], "hd95": [[[3.0, 4.0]]]})
    assert wording.heading("dice", both) == "Dice \N{UPWARDS ARROW}"
    assert wording.heading("hd95", both) == "HD95 (mm) \N{DOWNWARDS ARROW}"
    alone = summary_of(study(preprocessing=("p",)), {"iou": [[[0.5, 0.6]]]})
    assert wording.heading("iou", alone) == "IoU"
    assert not wording.mixed(alone)
