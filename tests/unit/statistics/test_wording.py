"""The words and numbers of the tables, one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from segbench.arms import Recipes
from segbench.definitions import definition_id
from segbench.statistics import wording
from segbench.statistics.scores import MetricScores, Scores
from segbench.statistics.summary import Summary, summarise
from unit.statistics.made import study

MINUS = "\N{MINUS SIGN}"


def summary_of(one, values: dict[str, list]) -> Summary:
    """Values by metric: arm -> class -> samples; classes are c0, c1, ..."""
    metrics = {}
    for name, arms in values.items():
        array = np.array(arms, float)[:, None]
        classes = tuple(f"c{n}" for n in range(array.shape[2]))
        names = tuple(f"s{n}" for n in range(array.shape[3]))
        metrics[name] = MetricScores(
            definition_id(name, one.empty), classes, array, np.ones_like(array), names,
            np.arange(len(names)),
        )  # fmt: skip
    arms = tuple(Recipes(p, "none", m) for p in one.preprocessing for m in one.models)
    groups = tuple(f"g{n}" for n in range(len(names)))
    return summarise(Scores(arms, one.seeds, names, groups, metrics), one)


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


def test_intervals_and_shares():
    assert wording.with_interval(0.5, None) == "0.500"
    assert wording.with_interval(-0.5, (-1.0, 0.0)) == f"{MINUS}0.500 [{MINUS}1.000, 0.000]"
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


def test_the_answer_names_the_arm_with_the_lowest_error():
    one = study(metrics=("hd95",), primary="hd95")
    base = np.linspace(3, 4, 12)
    found = summary_of(one, {"hd95": [[base + 1], [base]]})
    text = wording.answer(found, one, generated=False)
    assert text.startswith("The arm em-256 is first with HD95 (mm) 3.500 [")
    assert text.endswith(", and em-128 is worse (p < 0.001).")
    generated = wording.answer(found, one, generated=True)
    assert generated.startswith("On generated data, the arm em-256")


def test_many_arms_are_counted_not_named():
    one = study(preprocessing=("p",), models=tuple(f"m{n}" for n in range(12)))
    base = np.linspace(0.1, 0.5, 14)
    values = [[base + (0.1 if n < 2 else 0.0)] for n in range(12)]
    text = wording.answer(summary_of(one, {"iou": values}), one, generated=False)
    assert "cannot be told apart from m1; 10 other arms are worse (p = " in text
    assert "m7" not in text


def test_notes_say_over_what_figures_are_means():
    one = study(preprocessing=("p",), metrics=("accuracy", "f1"), primary="accuracy")
    found = summary_of(one, {"accuracy": [[[1, 0, 1]]], "f1": [[[1, 0, 1], [0, 1, 1]]]})
    notes = wording.notes(found, one, generated=False)
    assert notes[1].startswith(
        "Figures: mean over samples of each class, then over classes where there are some and ["
    )
    one = one.model_copy(update={"primary": "f1"})
    found = summary_of(one, {"accuracy": [[[1, 0, 1]]], "f1": [[[1, 0, 1], [0, 1, 1]]]})
    assert "then over the 2 classes" in wording.notes(found, one, generated=False)[1]


def test_few_groups_and_no_groups_are_said():
    one = study(preprocessing=("p",))
    few = wording.notes(summary_of(one, {"iou": [[[0.1, 0.2, 0.3]]]}), one, generated=False)[1]
    assert few.endswith("Of only 3 groups such intervals are rather too narrow.")
    alone = wording.notes(summary_of(one, {"iou": [[[0.1]]]}), one, generated=False)[1]
    assert alone.endswith("No intervals: they need two groups or more, and there is one.")


def test_a_test_that_could_not_pass_is_said():
    one = study()
    found = summary_of(one, {"iou": [[[0.1, 0.2, 0.3]], [[0.2, 0.3, 0.4]]]})
    text = wording.answer(found, one, generated=False)
    assert text.endswith(
        "but cannot be told apart from em-128: with 3 groups and 1 comparison no difference could "
        "have passed the test (least possible p 0.25)."
    )
