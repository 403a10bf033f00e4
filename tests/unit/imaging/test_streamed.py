"""Steps that are measured in parts give what they give on the whole image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segbench.config.preprocessing import Preprocessing
from segbench.errors import SegbenchError
from segbench.imaging.remarks import EQUAL_PERCENTILES
from segbench.imaging.steps import STEPS, apply_steps
from segbench.imaging.streamed import MEASURED, measured, ranked

FLOATS = st.floats(-1e3, 1e3, width=32)


def parts_of(image, rows):
    return lambda: (image[first : first + rows] for first in range(0, len(image), rows))


def streamed(image, recipe, rows=3, remarks=None):
    remarks = set() if remarks is None else remarks
    change = measured(parts_of(image, rows), image.shape[-1], recipe, remarks)
    return np.concatenate([change(part) for part in parts_of(image, rows + 1)()])


def recipes():
    return st.builds(
        Preprocessing,
        invert=st.sampled_from(["never", "bright_background"]),
        normalise=st.sampled_from(["none", "minmax", "percentile", "zscore"]),
        normalise_within=st.sampled_from(["image", "nonzero"]),
    )


def images(elements):
    shapes = st.tuples(st.integers(1, 12), st.integers(1, 9), st.integers(1, 3))
    return hnp.arrays(np.float32, shapes, elements=elements)


@given(images(st.one_of(FLOATS, st.just(0), st.just(np.nan))), recipes(), st.integers(1, 5))
def test_parts_are_changed_like_the_whole(image, recipe, rows):
    np.testing.assert_allclose(
        streamed(image, recipe, rows), apply_steps(image, recipe), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("how", ["minmax", "percentile"])
@pytest.mark.parametrize("within", ["image", "nonzero"])
def test_a_stretch_of_integers_is_that_of_the_whole_to_the_last_bit(how, within):
    values = np.random.default_rng(0).integers(0, 256, (57, 83, 3))
    image = (values / np.float32(255)).astype(np.float32)
    recipe = Preprocessing(normalise=how, normalise_within=within, gamma=1.2)
    assert np.array_equal(streamed(image, recipe, 10), apply_steps(image, recipe))


def test_a_remark_on_equal_percentiles_is_passed_on():
    image = np.zeros((50, 50, 1), np.float32)
    image[0, :5] = 1
    remarks = set()
    found = streamed(image, Preprocessing(normalise="percentile"), 7, remarks)
    assert remarks == {EQUAL_PERCENTILES}
    assert np.array_equal(found, image)


def test_every_step_is_local_or_measured_or_refused_by_name():
    assert [step.key for step in STEPS if not step.local and step.key not in MEASURED] == ["clahe"]
    with pytest.raises(SegbenchError) as caught:
        streamed(np.zeros((4, 4, 1), np.float32), Preprocessing(clahe={}))
    assert "preprocessing step clahe" in caught.value.what
    assert "smaller level" in caught.value.action


def test_values_outside_the_range_of_a_step_are_refused():
    image = np.full((4, 4, 1), 2, np.float32)
    with pytest.raises(SegbenchError, match="preprocessing step gamma"):
        streamed(image, Preprocessing(normalise="none", gamma=2.0))


@given(hnp.arrays(np.float32, st.integers(1, 60), elements=FLOATS), st.data(), st.integers(1, 9))
def test_ranks_are_those_of_the_sorted_values(values, data, size):
    ranks = data.draw(st.lists(st.integers(0, len(values) - 1), min_size=1, max_size=4))

    def passes():
        for first in range(0, len(values), size):
            part = values[first : first + size]
            yield [part, -part, part[:0]]

    found, negative, none = ranked(passes, [ranks, ranks, [0]])
    assert np.array_equal(found, np.sort(values)[ranks])
    assert np.array_equal(negative, np.sort(-values)[ranks])
    assert none.size == 0


def test_few_passes_are_made_over_the_image():
    image = np.random.default_rng(0).random((20, 10, 3), dtype=np.float32)
    for how, count in (("minmax", 1), ("percentile", 3), ("zscore", 3)):
        calls = []

        def parts(calls=calls):
            calls.append(1)
            return iter([image[:9], image[9:]])

        measured(parts, 3, Preprocessing(normalise=how), set(), complete=True)
        assert len(calls) == count, how
