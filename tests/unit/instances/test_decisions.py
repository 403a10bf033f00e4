"""From the probabilities of whole images to their class."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.config.model import Decision
from segbench.errors import SegbenchError
from segbench.instances import decide

NAMES, VALUES = ["colon", "liver", "spleen"], [4, 7, 9]


def chosen(probability, **keys):
    label = decide(np.float32(probability), NAMES, VALUES, Decision.model_validate(keys))
    assert label.shape == (1,)
    assert label.dtype == np.uint8
    return int(label[0])


def test_the_likeliest_class_by_its_value():
    assert chosen([0.2, 0.7, 0.1]) == 7
    assert chosen([0.2, 0.1, 0.7]) == 9


def test_the_first_among_equals():
    assert chosen([0.2, 0.4, 0.4]) == 7


@pytest.mark.parametrize(
    ("probability", "value"),
    [([0.6, 0.3, 0.1], 7), ([0.8, 0.19, 0.01], 4), ([0.7, 0.2, 0.1], 7), ([0.1, 0.1, 0.8], 9)],
)
def test_a_favoured_class_wins_from_the_threshold_on(probability, value):
    assert chosen(probability, favour=["liver"], threshold=0.2) == value


def test_the_first_favoured_before_the_next():
    assert chosen([0.1, 0.3, 0.6], favour=["liver", "spleen"], threshold=0.25) == 7
    assert chosen([0.1, 0.3, 0.6], favour=["spleen", "liver"], threshold=0.25) == 9
    assert chosen([0.6, 0.1, 0.3], favour=["liver", "spleen"], threshold=0.25) == 9


@given(st.lists(st.integers(1, 100), min_size=3, max_size=3), st.sampled_from(NAMES))
def test_a_lower_threshold_never_costs_recall(weights, name):
    probability = np.float32(weights) / sum(weights)
    value = VALUES[NAMES.index(name)]
    won = [chosen(probability, favour=[name], threshold=t) == value for t in (0.6, 0.5, 0.2, 0.0)]
    assert won == sorted(won)
    assert won[-1]


def test_an_unknown_class():
    with pytest.raises(SegbenchError, match="'livr' is no class") as caught:
        chosen([0.2, 0.7, 0.1], favour=["livr"])
    assert "did you mean 'liver'?" in str(caught.value)


def test_another_number_of_probabilities():
    with pytest.raises(SegbenchError, match=r"shape \(2,\) for 3 classes"):
        chosen([0.2, 0.8])
