"""Losses against values computed by hand from their published definitions."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import get_args

import numpy as np
import pytest

from segbench.errors import SegbenchError
from segbench.models.losses import Loss

keras = pytest.importorskip("keras")

from segbench.models import losses  # noqa: E402 - needs Keras


def logit(p):
    return math.log(p / (1 - p))


def one(*values, maps=1):
    """Pixels of one sample as (1, pixels, 1, map)."""
    return np.reshape(np.float32(values), (1, -1, 1, maps))


def value(result):
    return float(keras.ops.convert_to_numpy(result)[0])


NAMES = ["bce", "ce", "dice", "bce_dice", "ce_dice", "focal", "focal_dice", "tversky"]
ONES = one(1, 1)
P = one(logit(0.8), logit(0.3))
T = one(1, 0)


def test_binary_cross_entropy():
    # -(ln 0.8 + ln 0.7) / 2
    assert value(losses.binary_cross_entropy(P, T, ONES, False)) == pytest.approx(0.2899092)


def test_binary_cross_entropy_of_soft_targets():
    # -(0.25 ln 0.8 + 0.75 ln 0.2), one pixel
    result = losses.binary_cross_entropy(one(logit(0.8)), one(0.25), one(1), False)
    assert value(result) == pytest.approx(1.262864, abs=1e-5)


def test_pixels_of_weight_zero_do_not_count():
    weight = one(1, 0)
    assert value(losses.binary_cross_entropy(P, T, weight, False)) == pytest.approx(0.2231436)
    # Dice of the first pixel alone: 1 - (2 * 0.8 + 1) / (0.8 + 1 + 1)
    assert value(losses.dice(P, T, weight, False, 1.0)) == pytest.approx(1 - 2.6 / 2.8)


def test_no_weight_at_all_is_zero_not_nan():
    assert value(losses.binary_cross_entropy(P, T, one(0, 0), False)) == 0


def test_dice():
    # 1 - (2 * 0.8 + s) / (0.8 + 0.3 + 1 + s)
    assert value(losses.dice(P, T, ONES, False, 1.0)) == pytest.approx(1 - 2.6 / 3.1)
    assert value(losses.dice(P, T, ONES, False, 0.0)) == pytest.approx(1 - 1.6 / 2.1)


def test_dice_of_an_empty_truth():
    # 1 - (0 + 1) / (0.8 + 0.3 + 0 + 1)
    assert value(losses.dice(P, one(0, 0), ONES, False, 1.0)) == pytest.approx(1 - 1 / 2.1)


def test_dice_is_the_mean_over_maps():
    logits = one(logit(0.8), logit(0.5), maps=2)
    target = one(1, 0, maps=2)
    expected = ((1 - 2.6 / 2.8) + (1 - 1 / 1.5)) / 2
    assert value(losses.dice(logits, target, one(1), False, 1.0)) == pytest.approx(expected)


SOFT = one(math.log(0.2), math.log(0.5), math.log(0.3), maps=3)
SECOND = one(0, 1, 0, maps=3)


def test_exclusive_cross_entropy():
    assert value(losses.cross_entropy(SOFT, SECOND, one(1), True)) == pytest.approx(math.log(2))


def test_exclusive_binary_cross_entropy_is_one_against_the_rest():
    # -(ln 0.8 + ln 0.5 + ln 0.7) / 3
    result = losses.binary_cross_entropy(SOFT, SECOND, one(1), True)
    assert value(result) == pytest.approx(0.4243219, abs=1e-5)


def test_exclusive_dice_leaves_the_background_out():
    expected = ((1 - 2.0 / 2.5) + (1 - 1 / 1.3)) / 2
    assert value(losses.dice(SOFT, SECOND, one(1), True, 1.0)) == pytest.approx(expected)


def test_focal():
    # gamma 2: -(0.2**2 ln 0.8 + 0.3**2 ln 0.7) / 2
    assert value(losses.focal(P, T, ONES, False, 2.0)) == pytest.approx(0.0205132, abs=1e-6)
    # Lin et al. 2017, section 3.2: an example with p_t = 0.9 has 100 x lower loss
    easy = value(losses.focal(one(logit(0.9)), one(1), one(1), False, 2.0))
    assert -math.log(0.9) / easy == pytest.approx(100, rel=1e-4)


def test_focal_with_gamma_zero_is_cross_entropy():
    plain = value(losses.binary_cross_entropy(P, T, ONES, False))
    assert value(losses.focal(P, T, ONES, False, 0.0)) == pytest.approx(plain)
    exclusive = value(losses.focal(SOFT, SECOND, one(1), True, 0.0))
    assert exclusive == pytest.approx(math.log(2))


def test_exclusive_focal():
    expected = 0.25 * math.log(2)
    assert value(losses.focal(SOFT, SECOND, one(1), True, 2.0)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bce", 0.2899092),
        ("dice", 1 - 2.6 / 3.1),
        ("bce_dice", 0.75 * 0.2899092 + 0.25 * (1 - 2.6 / 3.1)),
        ("ce_dice", 0.75 * 0.2899092 + 0.25 * (1 - 2.6 / 3.1)),
        ("focal", 0.0205132),
        ("ce", 0.2899092),
        ("focal_dice", 0.75 * 0.0205132 + 0.25 * (1 - 2.6 / 3.1)),
        ("tversky", 1 - 1.8 / (0.8 + 0.3 * 0.3 + 0.7 * 0.2 + 1)),
    ],
)
def test_make_loss(name, expected):
    function = losses.make_loss(Loss(name=name, dice_weight=0.25), False)
    assert value(function(P, T, ONES)) == pytest.approx(expected, abs=1e-6)


def test_tversky():
    """Salehi et al. 2017, equation 4: p = 0.8 and 0.3, truth 1 and 0."""
    hit, false, missed = 0.8, 0.3, 0.2
    for alpha in (0.3, 0.5, 0.9):
        expected = 1 - hit / (hit + alpha * false + (1 - alpha) * missed)
        result = losses.tversky(P, T, ONES, False, 0.0, alpha)
        assert value(result) == pytest.approx(expected, abs=1e-6)


def test_tversky_with_equal_weights_is_dice():
    """Its smoothing counts twice, as numerator and denominator are half as large."""
    result = losses.tversky(P, T, ONES, False, 0.5, 0.5)
    assert value(result) == pytest.approx(value(losses.dice(P, T, ONES, False, 1.0)), abs=1e-6)


def test_dice_counts_the_background_where_it_is_a_class():
    # p 0.2, 0.5, 0.3; the second is true: 1 - 1/(0.2 + 1), 1 - 2/2.5, 1 - 1/1.3
    all_three = (1 - 1 / 1.2 + 1 - 2.0 / 2.5 + 1 - 1 / 1.3) / 3
    result = losses.dice(SOFT, SECOND, one(1), True, 1.0, background=False)
    assert value(result) == pytest.approx(all_three)
    made = losses.make_loss(Loss(name="dice"), True, background=False)
    assert value(made(SOFT, SECOND, one(1))) == pytest.approx(all_three)


def test_dice_of_nothing_at_all_is_a_number():
    nothing = losses.dice(one(-1e9), one(0), one(0), False, 0.0)
    assert np.isfinite(value(nothing))


def test_factors_multiply_the_pixels_of_a_class():
    result = losses.cross_entropy(SOFT, SECOND, one(1), True, [1.0, 3.0, 9.0])
    assert value(result) == pytest.approx(3 * math.log(2))
    result = losses.focal(SOFT, SECOND, one(1), True, 2.0, [1.0, 3.0, 9.0])
    assert value(result) == pytest.approx(3 * 0.25 * math.log(2))


def test_factors_are_shares_in_a_mean_over_maps():
    """-ln 0.8, -ln 0.5, -ln 0.7 by 1, 2, 1."""
    expected = (0.2231436 + 2 * 0.6931472 + 0.3566749) / 4
    for scale in (1.0, 10.0):
        factors = [1.0 * scale, 2.0 * scale, 1.0 * scale]
        result = losses.binary_cross_entropy(SOFT, SECOND, one(1), True, factors)
        assert value(result) == pytest.approx(expected, abs=1e-5)


def test_factors_of_dice_are_those_of_its_maps():
    made = losses.make_loss(Loss(name="dice"), True, factors=[100.0, 3.0, 1.0])
    expected = (3 * (1 - 2.0 / 2.5) + (1 - 1 / 1.3)) / 4
    assert value(made(SOFT, SECOND, one(1))) == pytest.approx(expected)
    with pytest.raises(SegbenchError, match="leaves nothing"):
        losses.make_loss(Loss(name="dice"), True, factors=[1.0, 0.0, 0.0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("exclusive", [False, True])
def test_equal_factors_change_nothing(name, exclusive):
    plain = losses.make_loss(Loss(name=name), exclusive)
    equal = losses.make_loss(Loss(name=name), exclusive, factors=[1.0, 1.0, 1.0])
    first, second = (value(made(SOFT, SECOND, one(1))) for made in (plain, equal))
    assert first == pytest.approx(second, abs=1e-6)


def test_smoothed_labels():
    # of three: 0.1/3, 0.9 + 0.1/3, 0.1/3
    expected = -(0.1 * math.log(0.2) + 2.8 * math.log(0.5) + 0.1 * math.log(0.3)) / 3
    made = losses.make_loss(Loss(name="ce", label_smoothing=0.1), True)
    assert value(made(SOFT, SECOND, one(1))) == pytest.approx(expected, abs=1e-5)
    # of yes and no: 0.95
    expected = -(0.95 * math.log(0.8) + 0.05 * math.log(0.2))
    made = losses.make_loss(Loss(name="bce", label_smoothing=0.1), False)
    assert value(made(one(logit(0.8)), one(1), one(1))) == pytest.approx(expected, abs=1e-5)


def test_sets_are_not_smoothed():
    plain, smooth = (
        losses.make_loss(Loss(name="dice", label_smoothing=x), False) for x in (0, 0.2)
    )
    assert value(plain(P, T, ONES)) == value(smooth(P, T, ONES))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("exclusive", [False, True])
def test_axes_do_not_matter(name, exclusive):
    """64 pixels in a line, a square, or a cube."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2, 64, 3)).astype(np.float32)
    target = np.eye(3, dtype=np.float32)[rng.integers(0, 3, (2, 64))]
    weight = rng.random((2, 64, 1)).astype(np.float32)
    made = losses.make_loss(Loss(name=name), exclusive)
    results = [
        made(*(np.reshape(x, (2, *shape, x.shape[-1])) for x in (logits, target, weight)))
        for shape in ((64,), (8, 8), (4, 4, 4))
    ]
    for result in results[1:]:
        np.testing.assert_allclose(result, results[0], rtol=1e-5)


def test_a_degree_does_not_enter_dice():
    logits = one(logit(0.8), 5.0, maps=2)
    target = one(1, 0.5, maps=2)
    whole = losses.make_loss(Loss(name="bce_dice", dice_weight=1.0), False, overlap_maps=1)
    assert value(whole(logits, target, one(1))) == pytest.approx(1 - 2.6 / 2.8)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_finite_float32_and_one_value_a_sample_at_extreme_logits(name, exclusive, dtype):
    logits = keras.ops.cast(np.float32([[[[-90, 0, 90]]], [[[90, 90, -90]]]]), dtype)
    target = np.float32([[[[1, 0, 0]]], [[[0, 0, 1]]]])
    function = losses.make_loss(Loss(name=name), exclusive)
    result = function(logits, target, np.ones((2, 1, 1, 1), np.float32))
    assert keras.backend.standardize_dtype(result.dtype) == "float32"
    assert np.isfinite(keras.ops.convert_to_numpy(result)).all()
    assert result.shape == (2,)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("exclusive", [False, True])
def test_right_is_better_than_wrong(name, exclusive):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, (2, 8, 8))
    target = np.eye(3, dtype=np.float32)[truth]
    weight = np.ones((2, 8, 8, 1), np.float32)
    function = losses.make_loss(Loss(name=name), exclusive)
    right, unsure, wrong = (
        function(z, target, weight) for z in (8 * target - 4, 0 * target, 4 - 8 * target)
    )
    for good, middle, bad in zip(right, unsure, wrong, strict=True):
        assert float(good) < float(middle) < float(bad)


def test_probabilities():
    np.testing.assert_allclose(
        losses.probabilities(P, False).numpy()[0, :, 0, 0], [0.8, 0.3], rtol=1e-6
    )
    np.testing.assert_allclose(
        losses.probabilities(SOFT, True).numpy()[0, 0, 0], [0.2, 0.5, 0.3], rtol=1e-6
    )


def test_the_registry_has_every_name_that_recipes_may_say():
    assert set(losses.LOSSES) == set(get_args(losses.LossName))
    assert Loss().name in losses.LOSSES


@pytest.mark.parametrize("name", losses.LOSSES)
def test_what_a_loss_is_made_of(name):
    kind = losses.LOSSES[name]
    terms = [term for term in (kind.pixels, kind.sets) if term is not None]
    assert len(terms) == 1 + ("_" in name)
    assert {parameter for term in terms for parameter in term.parameters} <= set(Loss.model_fields)
    made = losses.make_loss(Loss(name=name, dice_weight=1.0 if kind.sets else 0.0), False)
    alone = kind.sets or kind.pixels
    numbers = [getattr(Loss(), parameter) for parameter in alone.parameters]
    expected = alone.function(P, T, ONES, False, *numbers)
    assert value(made(P, T, ONES)) == pytest.approx(value(expected))


def test_the_losses_do_not_wait_for_keras():
    code = "import sys, segbench.models.losses; print({'keras', 'numpy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout == "set()\n"
