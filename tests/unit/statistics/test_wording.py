"""The words and numbers of the tables, one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from segbench.arms import Recipes
from segbench.definitions import definition_id
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


def test_the_answer_names_the_arm_with_the_lowest_error():
    one = study(metrics=("hd95",), primary="hd95")
    base = np.linspace(3, 4, 12)
    found = summary_of(one, {"hd95": [[base + 1], [base]]})
    text = wording.answer(found)
    assert text.startswith("The arm em-256 is first with HD95 (mm) 3.500 [")
    assert text.endswith(", and em-128 is worse (p < 0.001).")
    generated = summary_of(one, {"hd95": [[base + 1], [base]]}, generated=True)
    assert wording.answer(generated).startswith("On generated data, the arm em-256")


def test_many_arms_are_counted_not_named():
    one = study(preprocessing=("p",), models=tuple(f"m{n}" for n in range(12)))
    base = np.linspace(0.1, 0.5, 14)
    values = [[base + (0.1 if n < 2 else 0.0)] for n in range(12)]
    text = wording.answer(summary_of(one, {"iou": values}))
    assert "cannot be told apart from m1; 10 other arms are worse (p = " in text
    assert "m7" not in text


def test_notes_say_over_what_figures_are_means():
    one = study(preprocessing=("p",), metrics=("accuracy", "f1"), primary="accuracy")
    found = summary_of(one, {"accuracy": [[[1, 0, 1]]], "f1": [[[1, 0, 1], [0, 1, 1]]]})
    assert wording.notes(found)[1] == (
        "Figures: mean over samples of each class, then over the 2 classes (F1)."
    )
    one = study(preprocessing=("p",), metrics=("f1",), primary="f1")
    found = summary_of(one, {"f1": [[[1, 0, 1], [0, 1, 1]]]})
    assert wording.notes(found)[1] == (
        "Figures: mean over samples of each class, then over the 2 classes."
    )


def test_few_groups_and_no_groups_are_said():
    one = study(preprocessing=("p",))
    seven = wording.notes(summary_of(one, {"iou": [[np.linspace(0.1, 0.7, 7)]]}))[2]
    assert seven == (
        "[95 % interval]: percentile bootstrap, 500 resamples of the groups. Of only 7 groups such "
        "intervals are rather too narrow."
    )
    few = wording.notes(summary_of(one, {"iou": [[[0.1, 0.2, 0.3]]]}))[2]
    assert few.startswith("{Values of the groups}, in the order of their names, where fewer than 6")
    assert "doi:10.1080/00031305.2015.1089789" in few
    alone = wording.notes(summary_of(one, {"iou": [[[0.1]]]}))[2]
    assert alone == "No intervals: they need several groups, and there is one."


def test_a_test_that_could_not_pass_is_said():
    one = study()
    found = summary_of(one, {"iou": [[[0.1, 0.2, 0.3]], [[0.2, 0.3, 0.4]]]})
    assert wording.answer(found) == (
        "The arm em-256 is first with IoU 0.300 {0.200, 0.300, 0.400}; with 3 groups and 1 "
        "comparison no difference can be tested (smallest attainable p 0.25)."
    )
    notes = wording.notes(found)
    assert (
        "Not compared with the arm with the highest IoU at the level 0.05: with 3 groups and 1 "
        "comparison no difference can be tested (smallest attainable p 0.25); Wilcoxon "
        "signed-rank test paired over groups, Holm's correction for 1 comparison."
    ) in notes
    assert "Stability: em-256 is first in 3 of 3 groups; too few to resample." in notes
    assert "Behind best: paired difference from that arm, its values those of the groups." in notes


def test_the_answer_is_of_the_cases_in_common():
    # Over its own eight samples em-128 would be first: 0.6 against 0.55.
    base = [0.9] + [0.5] * 7
    found = summary_of(study(), {"iou": [[base], [[NAN] + [0.55] * 7]]})
    assert wording.answer(found) == (
        "The arm em-256 is first with IoU 0.550 [0.550, 0.550] over the cases that all arms have "
        "in common, and em-128 is worse (p = 0.016)."
    )
    assert (
        "Samples and groups: those with a value / those with a value in both arms. Figures are of "
        "the former; differences, ranks, tests and stability of the latter, so that all arms are "
        "compared on the same cases."
    ) in wording.notes(found)


def test_means_over_fewer_classes_are_said():
    full, lacking = [0.1, 0.2], [NAN, NAN]
    notes = wording.notes(summary_of(study(), {"iou": [[full, full], [full, lacking]]}))
    assert "IoU of em-256: mean over 1 of 2 classes, as there is no value of c1." in notes
    assert not any("is compared over" in note for note in notes)
    notes = wording.notes(summary_of(study(), {"iou": [[full, lacking], [full, lacking]]}))
    assert "IoU: mean over 1 of 2 classes, as there is no value of c1." in notes
    apart = [[full, [0.1, NAN]], [full, [NAN, 0.1]]]
    notes = wording.notes(summary_of(study(), {"iou": apart}))
    assert "IoU is compared over 1 of 2 classes: the arms have no sample of c1 in common." in notes


def test_pooled_figures_are_of_the_whole_pool():
    one = study(metrics=("iou_pooled",), primary="iou_pooled")
    values = {"iou_pooled": [[[0.1, 0.2]], [[0.3, NAN]]]}
    weights = np.array([[[[5.0, 5.0]]], [[[5.0, 0.0]]]])
    told = "Of a pooled figure all samples count, also those without a pixel of the class"
    assert any(note.startswith(told) for note in wording.notes(summary_of(one, values, weights)))
    assert not any(note.startswith(told) for note in wording.notes(summary_of(one, values)))
