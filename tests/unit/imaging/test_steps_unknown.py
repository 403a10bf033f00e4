"""Steps on pixels without a value, and on channels without spread."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.preprocessing import Clahe, Preprocessing
from segbench.imaging.remarks import EQUAL_PERCENTILES
from segbench.imaging.steps import apply_steps

STRETCHES = ("minmax", "percentile", "zscore")


def recipe(**keys):
    return Preprocessing.model_validate({"dtype": "float32", **keys})


def row(*values):
    return np.array(values, np.float32).reshape(1, -1, 1)


def with_gap(image, seed=0, share=0.3):
    gap = np.random.default_rng(seed).random(image.shape) < share
    return np.where(gap, np.float32(np.nan), image), ~gap


@settings(max_examples=60)
@given(
    st.integers(0, 10**6), st.sampled_from(STRETCHES), st.sampled_from(["image", "nonzero"]),
    st.sampled_from([(6, 7, 2), (3, 4, 5, 2)]),
)  # fmt: skip
def test_a_gap_takes_no_part_in_the_stretch(seed, how, within, shape):
    rng = np.random.default_rng(seed)
    image = rng.normal(500, 50, shape).astype(np.float32) * (rng.random(shape) < 0.8)
    gapped, known = with_gap(image, seed)
    asked = recipe(normalise=how, normalise_within=within)
    found = apply_steps(gapped, asked)
    for channel in range(shape[-1]):
        inside = known[..., channel]
        alone = apply_steps(image[inside, channel][None, :, None], asked)
        np.testing.assert_allclose(found[inside, channel], alone.ravel(), atol=1e-5)
        assert (found[~inside, channel] == 0).all()


@pytest.mark.parametrize("how", STRETCHES)
def test_nothing_known_becomes_zero(how):
    assert (apply_steps(np.full((3, 3, 2), np.nan, np.float32), recipe(normalise=how)) == 0).all()


def test_a_channel_without_values_does_not_touch_the_others():
    image = np.concatenate([row(np.nan, np.nan, np.nan), row(2, 3, 4)], axis=2)
    found = apply_steps(image, recipe(normalise="minmax"))
    assert found.tolist() == [[[0, 0], [0, 0.5], [0, 1]]]


def test_without_a_stretch_a_gap_takes_the_smallest_value_of_its_channel():
    image = np.concatenate([row(np.nan, -900, 40), row(7, np.nan, 9)], axis=2)
    found = apply_steps(image, recipe(normalise="none"))
    assert found[0].tolist() == [[-900, 7], [-900, 7], [40, 9]]
    assert (apply_steps(row(np.nan, np.nan), recipe(normalise="none")) == 0).all()


def test_the_background_is_judged_by_what_is_known():
    # Of the known pixels most are bright; the gap would be the majority.
    image = row(1, 0.875, 0.875, 0.25, *[np.nan] * 9)
    found = apply_steps(image, recipe(invert="bright_background", normalise="none"))
    assert found.ravel().tolist() == [0.25, 0.375, 0.375, 1, *[0.25] * 9]
    unknown = row(np.nan, np.nan)
    assert (apply_steps(unknown, recipe(invert="bright_background")) == 0).all()


def test_gamma_and_range_leave_gaps_out():
    found = apply_steps(row(0, 0.5, np.nan), recipe(normalise="none", gamma=2.0))
    assert found.ravel().tolist() == [0, 0.25, 0]


@pytest.mark.parametrize("channels", [1, 3])
def test_clahe_of_an_image_with_a_gap(channels):
    rng = np.random.default_rng(0)
    image = np.clip(rng.normal(0.5, 0.1, (64, 64, channels)), 0, 1).astype(np.float32)
    gapped = image.copy()
    gapped[:, 36:] = np.nan  # through the middle of the tiles of 8 x 8
    asked = recipe(normalise="none", clahe=Clahe(clip_limit=40))
    found, whole, zeros = (
        apply_steps(one, asked) for one in (gapped, image, np.nan_to_num(gapped))
    )
    assert (found[:, 36:] <= found[:, :36].min()).all()
    # The tiles at the border see half as many pixels of the same kind; zeros would be half of
    # their histograms.
    border = slice(32, 36)
    error, of_zeros = (np.abs(one[:, border] - whole[:, border]).mean() for one in (found, zeros))
    assert error < 0.1
    assert of_zeros > 1.5 * error
    np.testing.assert_allclose(found[:, :24], whole[:, :24], atol=0.04)


def test_clahe_without_any_known_pixel():
    image = np.full((16, 16, 1), np.nan, np.float32)
    assert (apply_steps(image, recipe(normalise="none", clahe=Clahe())) == 0).all()


# ---- no spread


@pytest.mark.parametrize("ground", [0, 3 / 255, 0.1])
@pytest.mark.parametrize("volume", [False, True])
def test_few_bright_pixels_are_stretched_from_smallest_to_largest(ground, volume):
    image = np.full((200, 200, 1), ground, np.float32)
    image[50:62, 80:95] = 180 / 255
    image = image[None] if volume else image
    remarks: set[str] = set()
    found = apply_steps(image, recipe(normalise="percentile"), remarks)
    assert remarks == {EQUAL_PERCENTILES}
    assert (found == (image > 0.5)).all()


def test_rounding_is_no_spread():
    ground = np.float32(3 / 255)
    image = np.full((100, 100, 1), ground, np.float32)
    image[::2] = np.nextafter(ground, np.float32(1))
    image[5, :50] = 0.7
    remarks: set[str] = set()
    found = apply_steps(image, recipe(normalise="percentile"), remarks)
    assert remarks == {EQUAL_PERCENTILES}
    assert (found[5, :50] == 1).all()
    assert np.delete(found, 5, axis=0).max() < 1e-6


def test_only_the_channel_with_equal_percentiles_is_treated_so():
    ramp = np.linspace(0, 1, 1001, dtype=np.float32)
    spike = np.zeros(1001, np.float32)
    spike[7] = 0.5
    image = np.stack([ramp, spike], axis=-1)[None]
    found = apply_steps(image, recipe(normalise="percentile"))
    assert found[0, 5, 0] == 0, "clipped at the 1st percentile"
    assert found[0, 7, 1] == 1


@pytest.mark.parametrize("how", STRETCHES)
@pytest.mark.parametrize("value", [0.0, 0.1, -1e6, 3e38, 1e-40])
def test_one_value_becomes_zero_without_a_remark(how, value):
    remarks: set[str] = set()
    image = np.full((5, 5, 1), value, np.float32)
    assert (apply_steps(image, recipe(normalise=how), remarks) == 0).all()
    assert not remarks


@pytest.mark.parametrize("how", STRETCHES)
def test_spreads_below_the_precision_are_none(how):
    tiny = np.float32(1e-45)
    assert (apply_steps(row(0, tiny, 2 * tiny, tiny), recipe(normalise=how)) == 0).all()
    close = np.float32([1, np.nextafter(np.float32(1), np.float32(2))])
    assert (apply_steps(row(*close, *close), recipe(normalise=how)) == 0).all()


@settings(max_examples=60)
@given(
    st.lists(st.floats(width=32, allow_nan=True, allow_infinity=False), min_size=1, max_size=30),
    st.sampled_from(STRETCHES),
)
def test_every_image_becomes_finite(values, how):
    found = apply_steps(row(*values), recipe(normalise=how))
    assert np.isfinite(found).all()
