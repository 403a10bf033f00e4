"""Steps: inverting, stretching, CLAHE and gamma, switched on by recipes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import exposure

from segbench.config.preprocessing import Clahe, Preprocessing
from segbench.errors import SegbenchError
from segbench.imaging import steps
from segbench.imaging.steps import STEPS, apply_steps

IMAGES = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3)),
    elements=st.floats(-1e6, 1e6, width=32),
)


def row(*values: float) -> np.ndarray:
    return np.array(values, np.float32).reshape(1, -1, 1)


def invert(image):
    return steps.invert(image, Preprocessing(invert="bright_background"), set())


def normalise(image, how, within="image"):
    return apply_steps(
        image, Preprocessing(normalise=how, normalise_within=within, dtype="float32")
    )


def gamma(image, power):
    return apply_steps(image, Preprocessing(normalise="none", gamma=power))


# ---- registry


def test_steps_run_in_the_published_order():
    assert [step.key for step in STEPS] == ["invert", "normalise", "clahe", "gamma"]


def test_every_step_is_a_key_of_recipes():
    assert {step.key for step in STEPS} <= set(Preprocessing.model_fields)


def test_steps_are_on_where_the_recipe_asks():
    asked = {"invert": "bright_background", "clahe": Clahe(), "gamma": 2.0}
    default = Preprocessing()
    assert [step.key for step in STEPS if step.is_on(default)] == ["normalise"]
    for key, value in asked.items():
        recipe = default.model_copy(update={"normalise": "none", key: value})
        assert [step.key for step in STEPS if step.is_on(recipe)] == [key]


def test_a_new_step_needs_one_registration(monkeypatch):
    monkeypatch.setattr(steps, "STEPS", list(STEPS))

    @steps.step("antialias", unit_only=True)
    def halve(image, recipe, remarks):
        return image / 2

    recipe = Preprocessing(normalise="none", gamma=2.0)
    assert apply_steps(row(0, 0.5, 1), recipe).ravel().tolist() == [0, 0.125, 0.5]
    with pytest.raises(SegbenchError, match="preprocessing step antialias"):
        apply_steps(row(1.5), Preprocessing(normalise="none"))


# ---- invert


def test_bright_backgrounds_become_dark():
    image = row(1, 0.875, 0.875, 0.25)
    assert invert(image).ravel().tolist() == [0.25, 0.375, 0.375, 1]


def test_dark_backgrounds_stay():
    image = row(0, 0.1, 0.1, 0.9)
    assert invert(image) is image


def test_the_scale_does_not_matter():
    image = row(5, 9, 9, 9)
    assert invert(image).ravel().tolist() == [9, 5, 5, 5]
    far = image * 1e4 - 7e4
    assert invert(far).ravel().tolist() == [20000, -20000, -20000, -20000]
    assert (invert(-image) == -image).all()


def test_images_without_contrast_stay():
    assert (invert(row(0.8, 0.8)) == np.float32(0.8)).all()


def test_inverting_twice_gives_the_image_back():
    image = row(1, 0.875, 0.875, 0.25)
    once = invert(image)
    assert invert(once) is once


# ---- normalise


def test_minmax_equals_scikit_image():
    image = np.random.default_rng(0).random((9, 9, 1), dtype=np.float32) * 7 - 3
    peer = exposure.rescale_intensity(image, out_range=(0.0, 1.0))
    np.testing.assert_allclose(normalise(image, "minmax"), peer, atol=1e-6)


def test_percentile_by_hand():
    # 0...100: the 1st percentile is 1, the 99th 99.
    result = normalise(np.arange(101, dtype=np.float32).reshape(1, 101, 1), "percentile").ravel()
    assert result[:2].tolist() == [0, 0]
    assert result[50] == 0.5
    assert result[-2:].tolist() == [1, 1]


def test_percentile_ignores_a_hot_pixel():
    image = np.random.default_rng(0).random((40, 40, 1), dtype=np.float32)
    image[0, 0] = 1000
    assert normalise(image, "minmax").mean() < 0.01
    assert 0.4 < normalise(image, "percentile").mean() < 0.6


def test_zscore():
    result = normalise(row(1, 2, 3, 4), "zscore").ravel()
    np.testing.assert_allclose(result, np.array([-3, -1, 1, 3]) / 5**0.5, rtol=1e-6)


def test_channels_are_stretched_each():
    image = np.concatenate([row(0, 10), row(5, 7)], axis=2)
    assert normalise(image, "minmax").tolist() == [[[0, 0], [1, 1]]]


def test_none_leaves_the_image_alone():
    image = row(5, -7)
    assert normalise(image, "none") is image


@pytest.mark.parametrize("how", ["minmax", "percentile", "zscore"])
@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e6, 3e38, 0.1])
def test_channels_without_contrast_become_zero(how, value):
    image = np.full((4, 4, 2), value, np.float32)
    assert (normalise(image, how) == 0).all()


@given(IMAGES, st.sampled_from(["minmax", "percentile"]))
def test_stretched_images_fill_zero_to_one(image, how):
    result = normalise(image, how)
    assert result.dtype == np.float32
    assert result.shape == image.shape
    assert result.min() >= 0
    assert result.max() <= 1


@given(IMAGES)
def test_zscores_are_finite(image):
    assert np.isfinite(normalise(image, "zscore")).all()


def test_extreme_ranges_do_not_overflow():
    assert normalise(row(-3e38, 0, 3e38), "minmax").ravel().tolist() == [0, 0.5, 1]


@pytest.mark.parametrize("how", ["minmax", "percentile", "zscore"])
def test_one_channel_at_a_time_equals_all_at_once(how):
    volume = np.random.default_rng(0).normal(50, 9, (3, 4, 5, 2)).astype(np.float32)
    found = normalise(volume, how)
    np.testing.assert_array_equal(found.reshape(3, 20, 2), normalise(volume.reshape(3, 20, 2), how))
    # Where nothing is 0, within makes no difference.
    np.testing.assert_array_equal(found, normalise(volume, how, "nonzero"))


def test_zeros_do_not_count_within_nonzero():
    assert normalise(row(0, 0, 5, 7), "zscore", "nonzero").ravel().tolist() == [0, 0, -1, 1]
    assert normalise(row(0, 0), "minmax", "nonzero").ravel().tolist() == [0, 0]


# ---- CLAHE and gamma


def test_clahe_equals_scikit_image():
    image = np.random.default_rng(0).random((64, 64, 1), dtype=np.float32)
    recipe = Preprocessing(normalise="none", clahe=Clahe())
    peer = exposure.equalize_adapthist(image[..., 0].astype(float), 8, 2 / 256, 256)
    np.testing.assert_allclose(apply_steps(image, recipe)[..., 0], peer, atol=3 / 2**14)


def test_clahe_of_many_channels():
    with pytest.raises(SegbenchError, match="clahe: the image has 4 channels"):
        apply_steps(np.ones((8, 8, 4), np.float32), Preprocessing(normalise="none", clahe=Clahe()))


@pytest.mark.parametrize("keys", [{"clahe": Clahe()}, {"gamma": 2.0}])
@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_values_outside_the_range_are_refused(keys, value):
    with pytest.raises(SegbenchError, match=f"step {next(iter(keys))}: image values lie in"):
        apply_steps(row(value), Preprocessing(normalise="none", **keys))


def test_gamma_equals_scikit_image():
    image = np.random.default_rng(0).random((9, 9, 1), dtype=np.float32)
    np.testing.assert_allclose(gamma(image, 1.7), exposure.adjust_gamma(image, 1.7), atol=1e-6)


def test_gamma_keeps_the_ends():
    assert gamma(row(0, 0.25, 1), 0.5).ravel().tolist() == [0, 0.5, 1]
    assert gamma(row(0.3), 1.0).dtype == np.float32
