"""Volumes: crop, resampling, z-scores within the brain, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.preprocessing import Clahe, Preprocessing, Size
from segbench.errors import SegbenchError
from segbench.imaging.cropping import check_box, nonzero_box, window
from segbench.imaging.inverse import volume_to_original
from segbench.imaging.prepare import prepare, prepare_sample, prepare_volume
from segbench.imaging.recipe_checks import check
from segbench.imaging.resampling import resize_image
from segbench.imaging.volume_resampling import resample_label, resample_volume, resampled_size

BRATS = Preprocessing(
    channels="all", crop="nonzero", normalise="zscore", normalise_within="nonzero", dtype="float16"
)
sides = st.integers(1, 9)


def head(shape=(10, 12, 14), channels=4, seed=0):
    """A box of positive values in zeros, and a label in it."""
    rng = np.random.default_rng(seed)
    image = np.zeros((*shape, channels), np.float32)
    image[2:8, 3:11, 4:9] = rng.integers(100, 900, (6, 8, 5, channels))
    label = np.zeros(shape, np.uint8)
    label[3:6, 4:8, 5:8] = rng.integers(1, 4, (3, 4, 3))
    return image, label


def maps_of(label, count):
    """The perfect probabilities of a label map: background and classes."""
    return (label[..., None] == np.arange(count)).astype(np.float16)


def likeliest(maps):
    return maps.argmax(axis=-1).astype(np.uint8)


# ---- crop


def test_the_box_of_what_is_not_zero():
    image, _ = head()
    assert nonzero_box(image) == ((2, 8), (3, 11), (4, 9))
    image[9, 0, 13, 2] = -0.5  # any channel, any sign
    assert nonzero_box(image) == ((2, 10), (0, 11), (4, 14))


def test_a_volume_of_zeros_is_not_cut():
    assert nonzero_box(np.zeros((2, 3, 4, 1))) == ((0, 2), (0, 3), (0, 4))


@given(st.tuples(sides, sides, sides), st.integers(0, 40), st.integers(0, 99))
def test_nothing_is_lost_by_the_crop(shape, points, seed):
    rng = np.random.default_rng(seed)
    image = np.zeros((*shape, 2))
    image.ravel()[rng.integers(0, image.size, points)] = 1
    box = nonzero_box(image)
    assert image[window(box)].sum() == image.sum()
    if points:
        for axis in range(3):
            for end in (0, -1):
                assert np.take(image[window(box)], end, axis).any(), "as small as can be"


@pytest.mark.parametrize(
    "box", [((0, 3), (0, 2)), ((0, 4), (0, 2), (0, 2)), ((1, 1), (0, 2), (0, 2)),
            ((-1, 2), (0, 2), (0, 2))]
)  # fmt: skip
def test_a_box_outside_the_volume(box):
    with pytest.raises(SegbenchError, match="crop"):
        check_box(box, (3, 2, 2))


# ---- resampling


def test_sizes_keep_the_millimetres():
    assert resampled_size((155, 240, 240), (1, 1, 1), (2, 2, 2)) == (78, 120, 120)
    assert resampled_size((20, 512, 512), (5, 0.8, 0.8), (1, 1, 1)) == (100, 410, 410)
    assert resampled_size((1, 1, 1), (1, 1, 1), (9, 9, 9)) == (1, 1, 1)
    with pytest.raises(SegbenchError, match="spacing_mm"):
        resampled_size((2, 2, 2), (1, 1, 1), (1, 0, 1))


def test_slices_are_resized_as_images_are():
    volume = np.random.default_rng(0).random((5, 20, 30, 2)).astype(np.float32)
    for kind in ("bilinear", "bicubic", "area"):
        found = resample_volume(volume, (5, 9, 41), kind)
        for number in range(5):
            np.testing.assert_array_equal(
                found[number], resize_image(volume[number], (9, 41), kind)
            )


# Not the cubic: what it overshoots is cut to the range of a slice or of the volume.
@pytest.mark.parametrize("kind", ["nearest", "bilinear", "area"])
@pytest.mark.parametrize("depth", [2, 5, 11])
def test_the_axes_are_alike(kind, depth):
    """Resampled along z, or turned so that z is y: the same numbers."""
    volume = np.random.default_rng(1).random((5, 4, 3, 2)).astype(np.float32)
    along_z = resample_volume(volume, (depth, 4, 3), kind)
    along_y = resample_volume(volume.swapaxes(0, 1), (4, depth, 3), kind).swapaxes(0, 1)
    np.testing.assert_allclose(along_z, along_y, atol=1e-6)


def test_linear_means_linear_in_three_axes():
    z, y, x = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in (6, 8, 10)), indexing="ij")
    ramp = (z + 10 * y + 100 * x)[..., None]
    found = resample_volume(ramp, (12, 16, 20), "bilinear")[2:-2, 2:-2, 2:-2, 0]
    centres = [(np.arange(2, 2 * n - 2) + 0.5) / 2 - 0.5 for n in (6, 8, 10)]
    z, y, x = np.meshgrid(*centres, indexing="ij")
    np.testing.assert_allclose(found, z + 10 * y + 100 * x, rtol=1e-5)


@given(st.tuples(sides, sides, sides), st.tuples(sides, sides, sides), st.integers(0, 99))
def test_labels_take_no_new_values(shape, size, seed):
    label = np.random.default_rng(seed).integers(0, 4, shape).astype(np.uint8)
    found = resample_label(label, size)
    assert found.shape == size
    assert set(np.unique(found)) <= set(np.unique(label))
    masks = resample_label((label[..., None] == np.arange(4)).astype(np.uint8), size)
    np.testing.assert_array_equal(masks.argmax(axis=-1), found)


@settings(max_examples=30)
@given(
    st.tuples(sides, sides, sides), st.tuples(sides, sides, sides),
    st.sampled_from(["bilinear", "bicubic", "area", "nearest"]),
)  # fmt: skip
def test_values_stay_in_range(shape, size, kind):
    volume = np.random.default_rng(sum(shape)).random((*shape, 2)).astype(np.float32)
    found = resample_volume(volume, size, kind)
    assert found.shape == (*size, 2)
    assert found.min() >= volume.min()
    assert found.max() <= volume.max()


# ---- all steps


def test_the_brain_is_cut_out_and_scored():
    image, label = head()
    found, cut, crop = prepare_volume(image, label, BRATS)
    assert crop == ((2, 8), (3, 11), (4, 9))
    assert found.shape == (6, 8, 5, 4)
    assert found.dtype == np.float16
    np.testing.assert_array_equal(cut, label[2:8, 3:11, 4:9])
    for channel in range(4):
        values = image[2:8, 3:11, 4:9, channel].astype(np.float64)
        expected = (values - values.mean()) / values.std()
        np.testing.assert_allclose(found[..., channel], expected, atol=2e-3)


def test_zeros_within_the_box_stay_zero():
    image, label = head()
    image[4, 5, 5:7] = 0
    image[5, 6, 6, 2] = 0  # in one modality only
    found, _, _ = prepare_volume(image, label, BRATS)
    assert (found[2, 2, 1:3] == 0).all()
    assert found[3, 3, 2].tolist().count(0) >= 1
    assert found[3, 3, 2, 2] == 0
    inside = image[2:8, 3:11, 4:9] != 0
    for channel in range(4):
        scored = found[..., channel][inside[..., channel]].astype(np.float64)
        assert abs(scored.mean()) < 1e-3
        assert scored.std() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("how", ["minmax", "percentile", "zscore"])
def test_one_channel_at_a_time_equals_all_at_once(how):
    from segbench.imaging.normalise import normalise

    volume = np.random.default_rng(0).normal(50, 9, (3, 4, 5, 2)).astype(np.float32)
    found = normalise(volume, how)
    np.testing.assert_array_equal(found.reshape(3, 20, 2), normalise(volume.reshape(3, 20, 2), how))
    # Where nothing is 0, within makes no difference.
    np.testing.assert_array_equal(found, normalise(volume, how, "nonzero"))


def test_within_nonzero_of_an_image():
    image = np.zeros((4, 4), np.float32)
    image[1:3, 1:3] = [[2, 4], [4, 6]]
    recipe = Preprocessing(normalise="minmax", normalise_within="nonzero", dtype="float32")
    found, _ = prepare(image, image.astype(np.uint8), recipe)
    assert found[1:3, 1:3, 0].tolist() == [[0, 0.5], [0.5, 1]]
    assert (found[..., 0][image == 0] == 0).all()


def test_resampling_follows_the_spacing():
    image, label = head()
    recipe = BRATS.model_copy(update={"spacing_mm": (2.0, 1.0, 0.5)})
    found, small, crop = prepare_volume(image, label, recipe, (1.0, 1.0, 1.0))
    assert crop == ((2, 8), (3, 11), (4, 9))
    assert found.shape == (3, 8, 10, 4)
    assert small.shape == (3, 8, 10)


def test_one_channel_may_be_grey():
    image, label = head(channels=1)
    found, _, crop = prepare_volume(image, label, Preprocessing())
    assert found.shape == (10, 12, 14, 1)
    assert found.dtype == np.uint8
    assert found.max() == 255
    assert crop is None


def test_what_the_way_back_needs():
    image, label = head()
    found = prepare_sample(image, label, BRATS)
    assert (found.size, found.crop) == ((10, 12, 14), ((2, 8), (3, 11), (4, 9)))
    flat = prepare_sample(image[5], label[5], Preprocessing(channels="all"))
    assert (flat.size, flat.crop) == ((12, 14), None)
    assert flat.image.shape == (12, 14, 4)


def test_input_is_not_changed():
    image, label = head()
    before = image.copy(), label.copy()
    prepare_volume(image, label, BRATS)
    assert (image == before[0]).all()
    assert (label == before[1]).all()


def test_values_that_are_no_numbers():
    image, label = head()
    image[4, 5, 6, 1] = np.nan
    found, _, _ = prepare_volume(image, label, BRATS)
    assert np.isfinite(found).all()


def test_a_value_that_float16_cannot_hold():
    image, label = head()
    image[4, 5, 6, 1] = 1e6
    recipe = Preprocessing(channels="all", normalise="none", dtype="float16")
    with pytest.raises(SegbenchError, match="float16"):
        prepare_volume(image, label, recipe)


# ---- the way back


@settings(max_examples=60)
@given(
    st.tuples(*[st.integers(1, 12)] * 3),
    st.tuples(*[st.sampled_from([0.5, 1.0, 2.0, 3.0])] * 3),
    st.integers(0, 999),
)
def test_there_and_back(shape, spacing, seed):
    """Crop and resampling are undone: exactly on a finer grid, in shape always."""
    rng = np.random.default_rng(seed)
    image = np.zeros((*shape, 2), np.float32)
    label = np.zeros(shape, np.uint8)
    low = [int(rng.integers(0, side)) for side in shape]
    high = [int(rng.integers(a, side)) + 1 for a, side in zip(low, shape, strict=True)]
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    image[box] = 5 + rng.random(image[box].shape)
    label[box] = rng.integers(0, 3, label[box].shape)
    wanted = tuple(1.0 / s for s in spacing)
    recipe = BRATS.model_copy(update={"spacing_mm": wanted})
    _, at_grid, crop = prepare_volume(image, label, recipe, (1.0, 1.0, 1.0))
    back = volume_to_original(maps_of(at_grid, 3), shape, crop, likeliest)
    assert back.shape == shape
    assert back.dtype == np.uint8
    outside = np.ones(shape, bool)
    outside[box] = False
    assert not back[outside].any()
    if all(s in (1.0, 3.0) for s in spacing):
        # Whole numbers of finer voxels: the middle one is the old one.
        np.testing.assert_array_equal(back, label)


def test_masks_come_back_as_masks():
    _, label = head()
    masks = (label[..., None] >= np.array([1, 2, 3])).astype(np.float16)
    crop = ((2, 8), (3, 11), (4, 9))
    back = volume_to_original(
        masks[window(crop)], label.shape, crop, lambda m: (m > 0.5).astype(np.uint8)
    )
    np.testing.assert_array_equal(back, masks)


def test_a_ball_comes_back_from_a_coarse_grid():
    z, y, x = np.ogrid[:40, :50, :60]
    ball = (((z - 20) ** 2 + (y - 27) ** 2 + (x - 25) ** 2) < 15**2).astype(np.uint8)
    small = resample_label(ball, (20, 25, 30))
    back = volume_to_original(maps_of(small, 2), ball.shape, None, likeliest)
    both = (back & ball).sum() * 2 / (back.sum() + ball.sum())
    assert both > 0.94  # the nearest voxel of an even number is half a voxel off
    centre = [float(axis.mean()) for axis in np.nonzero(back)]
    assert centre == pytest.approx([20, 27, 25], abs=0.6)


def test_a_crop_of_another_volume():
    with pytest.raises(SegbenchError, match="crop"):
        volume_to_original(np.zeros((2, 2, 2, 1)), (3, 3, 3), ((0, 2), (0, 2), (2, 4)), likeliest)


# ---- combinations without meaning


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"resize": Size(height=8, width=8)}, "resize"),
        ({"clahe": Clahe()}, "clahe"),
        ({"neighbours": 1}, "neighbours"),
        ({"channels": "rgb"}, "channels: rgb"),
    ],
)
def test_steps_of_images_on_a_volume(keys, named):
    image, label = head(channels=1)
    with pytest.raises(SegbenchError, match=f"{named}, but the samples are volumes"):
        prepare_volume(image, label, Preprocessing().model_copy(update=keys))


@pytest.mark.parametrize(
    ("keys", "named"),
    [({"crop": "nonzero"}, "crop: nonzero"), ({"spacing_mm": (1, 1, 1)}, "spacing_mm")],
)
def test_steps_of_volumes_on_an_image(keys, named):
    with pytest.raises(SegbenchError, match=f"{named}, but the samples are images"):
        prepare(np.eye(4), np.eye(4, dtype=np.uint8), Preprocessing().model_copy(update=keys))


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"clahe": Clahe(), "crop": "nonzero"}, "clahe together with crop"),
        ({"neighbours": 2, "spacing_mm": (1, 1, 1)}, "neighbours together with spacing_mm"),
        ({"normalise": "none", "normalise_within": "nonzero"}, "normalise_within: nonzero"),
        ({"normalise": "zscore", "dtype": "uint16"}, "dtype: uint16"),
    ],
)
def test_recipes_without_meaning(keys, named):
    with pytest.raises(SegbenchError, match=named):
        check(Preprocessing().model_copy(update=keys))


def test_zscores_may_be_stored_in_half():
    check(Preprocessing(normalise="zscore", dtype="float16"))


def test_several_channels_are_no_grey():
    image, label = head()
    with pytest.raises(SegbenchError, match="channels: grey for a volume of 4 channels"):
        prepare_volume(image, label, Preprocessing())


def test_clahe_of_many_channels():
    recipe = Preprocessing(channels="all", clahe=Clahe())
    with pytest.raises(SegbenchError, match="clahe: the image has 4 channels"):
        prepare(np.ones((8, 8, 4)), np.ones((8, 8), np.uint8), recipe)


def test_an_unknown_spacing():
    image, label = head()
    recipe = BRATS.model_copy(update={"spacing_mm": (1.0, 1.0, 1.0)})
    for spacing in (None, (1.0, 1.0)):
        with pytest.raises(SegbenchError, match="spacing is not known"):
            prepare_volume(image, label, recipe, spacing)


def test_a_label_of_another_size():
    image, label = head()
    with pytest.raises(SegbenchError, match=r"\(10, 12, 14, 4\) and its label \(9, 12, 14\)"):
        prepare_volume(image, label[1:], BRATS)
