"""The value that marks what was not annotated, in each dtype of labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from segbench.unannotated import UNANNOTATED, UNANNOTATED_OBJECT, as_background, unannotated


@pytest.mark.parametrize(
    ("dtype", "marker"), [(np.uint8, UNANNOTATED), (np.uint16, UNANNOTATED_OBJECT)]
)
def test_the_marker_is_the_highest_value_of_the_dtype(dtype, marker):
    assert marker == np.iinfo(dtype).max
    label = np.array([[0, 1, 254], [marker, 7, marker]], dtype)
    assert unannotated(label).tolist() == [[False] * 3, [True, False, True]]


@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.uint16]), (3, 4), elements=st.sampled_from([0, 1, 254, 255])
    )
)
def test_only_what_was_not_annotated_becomes_background(label):
    hidden = unannotated(label)
    shown = as_background(label)
    assert shown.dtype == label.dtype
    assert not shown[hidden].any()
    assert np.array_equal(shown[~hidden], label[~hidden])
    assert (shown is label) == (not hidden.any())
