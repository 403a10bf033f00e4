"""The answer of a table and its notes, sentence by sentence."""

from __future__ import annotations

import numpy as np

from segbench.statistics.sentences import answer, notes
from unit.statistics.made import study
from unit.statistics.test_wording import NAN, summary_of


def test_the_answer_names_the_arm_with_the_lowest_error():
    one = study(metrics=("hd95",), primary="hd95")
    base = np.linspace(3, 4, 12)
    found = summary_of(one, {"hd95": [[base + 1], [base]]})
    text = answer(found)
    assert text.startswith("The arm em-256 is first with HD95 (mm) 3.500 [")
    assert text.endswith(", and em-128 is worse (p < 0.001).")
    generated = summary_of(one, {"hd95": [[base + 1], [base]]}, generated=True)
    assert answer(generated).startswith("On generated data, the arm em-256")


def test_many_arms_are_counted_not_named():
    one = study(preprocessing=("p",), models=tuple(f"m{n}" for n in range(12)))
    base = np.linspace(0.1, 0.5, 14)
    values = [[base + (0.1 if n < 2 else 0.0)] for n in range(12)]
    text = answer(summary_of(one, {"iou": values}))
    assert "cannot be told apart from m1; 10 other arms are worse (p = " in text
    assert "m7" not in text


def test_notes_say_over_what_figures_are_means():
    one = study(preprocessing=("p",), metrics=("accuracy", "f1"), primary="accuracy")
    found = summary_of(one, {"accuracy": [[[1, 0, 1]]], "f1": [[[1, 0, 1], [0, 1, 1]]]})
    assert notes(found)[1] == (
        "Figures: mean over samples of each class, then over the 2 classes (F1)."
    )
    one = study(preprocessing=("p",), metrics=("f1",), primary="f1")
    found = summary_of(one, {"f1": [[[1, 0, 1], [0, 1, 1]]]})
    assert notes(found)[1] == ("Figures: mean over samples of each class, then over the 2 classes.")


def test_few_groups_and_no_groups_are_said():
    one = study(preprocessing=("p",))
    seven = notes(summary_of(one, {"iou": [[np.linspace(0.1, 0.7, 7)]]}))[2]
    assert seven == (
        "[95 % interval]: percentile bootstrap, 500 resamples of the groups. With only 7 groups "
        "such intervals are too narrow."
    )
    few = notes(summary_of(one, {"iou": [[[0.1, 0.2, 0.3]]]}))[2]
    assert few.startswith(
        "{...}: the value of each group, sorted by group name, where fewer than 6"
    )
    assert "doi:10.1080/00031305.2015.1089789" in few
    alone = notes(summary_of(one, {"iou": [[[0.1]]]}))[2]
    assert alone == "No intervals: there is only one group."


def test_a_test_that_could_not_pass_is_said():
    one = study()
    found = summary_of(one, {"iou": [[[0.1, 0.2, 0.3]], [[0.2, 0.3, 0.4]]]})
    assert answer(found) == (
        "The arm em-256 is first with IoU 0.300 {0.200, 0.300, 0.400}; with 3 groups and 1 "
        "comparison no difference can be tested (smallest attainable p 0.25)."
    )
    told = notes(found)
    assert (
        "Not tested at the level 0.05: with 3 groups and 1 "
        "comparison no difference can be tested (smallest attainable p 0.25); Wilcoxon "
        "signed-rank test paired over groups, Holm's correction for 1 comparison."
    ) in told
    assert "Stability: em-256 is first in 3 of 3 groups; too few groups to resample." in told
    assert "Behind best: paired difference from the best arm; in braces that of each group." in told


def test_the_answer_is_of_the_cases_in_common():
    # Over its own eight samples em-128 would be first: 0.6 against 0.55.
    base = [0.9] + [0.5] * 7
    found = summary_of(study(), {"iou": [[base], [[NAN] + [0.55] * 7]]})
    assert answer(found) == (
        "The arm em-256 is first with IoU 0.550 [0.550, 0.550] over the cases common to "
        "all arms, and em-128 is worse (p = 0.016)."
    )
    assert (
        "Samples, groups and n: how many have a value for the arm / how many have one for both "
        "arms. Each figure is over the arm's own samples; differences, ranks, tests and stability "
        "are over the common ones, so arms are compared on the same cases."
    ) in notes(found)


def test_means_over_fewer_classes_are_said():
    full, lacking = [0.1, 0.2], [NAN, NAN]
    told = notes(summary_of(study(), {"iou": [[full, full], [full, lacking]]}))
    assert "IoU of em-256 averages 1 of 2 classes: no sample has a value for c1." in told
    compared = "IoU is compared over 1 of 2 classes: the arms share no sample with a value for c1."
    assert compared in told
    told = notes(summary_of(study(), {"iou": [[full, lacking], [full, lacking]]}))
    assert "IoU averages 1 of 2 classes: no sample has a value for c1." in told
    assert compared not in told
    apart = [[full, [0.1, NAN]], [full, [NAN, 0.1]]]
    told = notes(summary_of(study(), {"iou": apart}))
    assert (
        "IoU is compared over 1 of 2 classes: the arms share no sample with a value for c1." in told
    )


def test_pooled_figures_are_of_the_whole_pool():
    one = study(metrics=("iou_pooled",), primary="iou_pooled")
    values = {"iou_pooled": [[[0.1, 0.2]], [[0.3, NAN]]]}
    weights = np.array([[[[5.0, 5.0]]], [[[5.0, 0.0]]]])
    said = "Pooled figures count every sample, including those without the class"
    assert any(note.startswith(said) for note in notes(summary_of(one, values, weights)))
    assert not any(note.startswith(said) for note in notes(summary_of(one, values)))


def test_an_arm_that_cannot_be_tested_is_neither_tied_nor_worse():
    """Of eight groups the last arm has pixels in four: 2 / 2**4 is above the level."""
    one = study(preprocessing=("p0", "p1", "p2"), metrics=("iou_pooled",), primary="iou_pooled")
    base = np.linspace(0.5, 0.8, 8)
    few = np.where(np.arange(8) < 4, base - 0.2, NAN)
    weights = np.ones((3, 1, 1, 8))
    weights[2, 0, 0, 4:] = 0
    found = summary_of(one, {"iou_pooled": [[base - 0.1], [base], [few]]}, weights)
    assert [row.standing for row in found.arms] == ["worse", "best", "untested"]
    # Holm: 2 / 2**8 times 3; then 2 / 2**4 times 2.
    assert [row.p_best for row in found.arms] == [3 / 128, None, 0.25]
    assert found.smallest_p == 3 / 128
    assert answer(found).endswith(
        "; the difference from p2 cannot be tested; p0 is worse (p = 0.023)."
    )
