"""Images and volumes through all steps: switches, crops, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import exposure
from skimage.transform import resize as skimage_resize

from segbench.config.preprocessing import Clahe, Preprocessing
from segbench.errors import SegbenchError
from segbench.imaging.prepare import prepare_image, prepare_label, prepare_sample
from segbench.imaging.remarks import UNKNOWN
from unit.imaging.heads import BRATS, head, prepare

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(30, 200, (64, 48)).astype(np.uint8)
LABEL = (IMAGE > 110).astype(np.uint8)


def small(height: int = 16, width: int = 12, **keys: object) -> Preprocessing:
    return Preprocessing.model_validate(
        {"resize": {"height": height, "width": width}, **keys}
    )  # fmt: skip


def plain_scikit_image(image: np.ndarray, size: tuple[int, int], gamma: float) -> np.ndarray:
    """The composition that the kidney project's protocol describes, 0...1."""
    image = skimage_resize(image, size, order=1, anti_aliasing=True)
    image = exposure.rescale_intensity(image, out_range=(0.0, 1.0))
    kernel = [side // 8 for side in size]
    image = exposure.equalize_adapthist(image, kernel, clip_limit=2 / 256, nbins=256)
    return exposure.adjust_gamma(image, gamma)


@pytest.mark.parametrize("side", [128, 256])
def test_equals_the_plain_composition_within_the_stated_tolerance(publisher_data, side):
    from PIL import Image

    files = sorted(publisher_data.glob("kidney_em/*/*/3_Test/*"))
    assert len(files) == 7
    recipe = small(side, side, clahe=Clahe(), gamma=1.2)
    for file in files:
        raw = np.asarray(Image.open(file))
        ours, _, _ = prepare(raw, np.zeros(raw.shape, np.uint8), recipe)
        difference = abs(ours[..., 0] / 255 - plain_scikit_image(raw, (side, side), 1.2))
        # A pixel on the border of two of the 256 histogram bins may fall to the other side:
        # one bin is at most clip_limit * 256 levels high, gamma steepens that 1.2 times,
        # and storing rounds to half a level.
        assert difference.max() <= (2 * 1.2 + 0.5) / 255 * 1.02
        assert difference.mean() < 0.3 / 255


def test_equals_the_plain_composition_on_noise():
    raw = RNG.integers(0, 256, (200, 320)).astype(np.uint8)
    recipe = small(64, 80, clahe=Clahe(), gamma=0.9, dtype="float32")
    ours, _, _ = prepare(raw, np.zeros(raw.shape, np.uint8), recipe)
    difference = abs(ours[..., 0] - plain_scikit_image(raw, (64, 80), 0.9))
    # A pixel on the border of two bins changes what its tile does to both of them; all else
    # is the same to a rounding of whole levels.
    assert (difference > 3 / 2**14).mean() < 0.05
    assert difference.mean() < 0.05 / 255


# ---- order and switches


def test_default_only_stretches():
    image, label, _ = prepare(IMAGE, LABEL, Preprocessing())
    low, high = IMAGE.min(), IMAGE.max()
    expected = np.rint((IMAGE.astype(float) - low) / (high - low) * 255)
    assert abs(image[..., 0] - expected).max() <= 1
    assert image.dtype == np.uint8
    assert label is LABEL


@pytest.mark.parametrize(
    "keys",
    [
        {"channels": "rgb"}, {"normalise": "none"}, {"normalise": "percentile"},
        {"clahe": {}}, {"clahe": {"tiles": 4}}, {"clahe": {"bins": 16}},
        {"clahe": {"clip_limit": 4}}, {"gamma": 2.0}, {"dtype": "uint16"}, {"dtype": "float32"},
        {"interpolation": "nearest"}, {"interpolation": "bicubic"}, {"interpolation": "area"},
        {"antialias": False}, {"resize": {"height": 8, "width": 12}},
        {"normalise": "zscore", "dtype": "float32"},
    ],
)  # fmt: skip
def test_every_key_changes_the_result(keys):
    base, _, _ = prepare(IMAGE, LABEL, small())
    other, label, _ = prepare(
        IMAGE, LABEL, Preprocessing.model_validate({**small().model_dump(), **keys})
    )
    assert label.shape == other.shape[:2]
    assert base.shape != other.shape or base.dtype != other.dtype or (base != other).any()


def test_invert_gives_the_negative():
    bright = np.where(LABEL == 1, 40, 220).astype(np.uint8)
    bright[:40] = 220
    recipe = {"invert": "bright_background"}
    ours, _, _ = prepare(bright, LABEL, small(**recipe))
    negative, _, _ = prepare(255 - bright, LABEL, small(**recipe))
    assert abs(ours.astype(int) - negative).max() <= 1
    unchanged, _, _ = prepare(255 - bright, LABEL, small())
    assert (unchanged == negative).all()


def test_label_follows_by_nearest_neighbour():
    _, label, _ = prepare(IMAGE, LABEL, small(interpolation="bicubic"))
    assert label.tolist() == LABEL[2::4, 2::4].tolist()


def test_objects_keep_their_numbers():
    objects = np.zeros((64, 48), np.uint16)
    objects[:32, :24], objects[40:, 30:] = 7, 40000
    _, label, _ = prepare(IMAGE, objects, small())
    assert label.dtype == np.uint16
    assert np.unique(label).tolist() == [0, 7, 40000]


@pytest.mark.parametrize("channels", ["grey", "rgb"])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_blank_images_are_safe(channels, value):
    recipe = small(channels=channels, clahe=Clahe(), gamma=0.5, invert="bright_background")
    image, _, _ = prepare(np.full((64, 48), value, np.uint8), LABEL, recipe)
    assert (image == 0).all()


def test_pixels_that_are_no_numbers_do_not_spread():
    image = np.full((64, 48), 0.25)
    image[::16] = 0.75
    clean = small(normalise="none", dtype="float32")
    whole, _, _ = prepare(image, LABEL, clean)
    image[5, 5], image[40, 40] = np.nan, np.inf
    ours, _, _ = prepare(image, LABEL, clean)
    assert np.isfinite(ours).all()
    near = np.zeros(whole.shape, bool)
    near[0:4, 0:4] = near[8:12, 8:12] = True
    np.testing.assert_allclose(ours[~near], whole[~near], rtol=1e-6)
    assert np.abs(ours[near] - whole[near]).max() < 0.1


def test_a_brain_in_nan_is_prepared_as_a_brain_in_zeros():
    zeros = np.zeros((8, 20, 20, 1), np.float32)
    zeros[2:6, 5:15, 5:15] = RNG.normal(500, 50, (4, 10, 10, 1))
    label = np.zeros(zeros.shape[:3], np.uint8)
    recipe = Preprocessing(
        channels="all", crop="nonzero", normalise="zscore", normalise_within="nonzero",
        dtype="float32",
    )  # fmt: skip
    expected = prepare_sample(zeros, label, recipe, (1.0, 1.0, 1.0))
    for outside in (np.nan, np.inf, -np.inf):
        volume = np.where(zeros == 0, outside, zeros).astype(np.float32)
        remarks: set[str] = set()
        found = prepare_sample(volume, label, recipe, (1.0, 1.0, 1.0), remarks)
        assert found.crop == expected.crop == ((2, 6), (5, 15), (5, 15))
        np.testing.assert_array_equal(found.image, expected.image)
        assert remarks == {UNKNOWN}


def test_a_volume_is_resampled_from_the_voxels_that_have_a_value():
    volume = np.full((4, 8, 8, 1), 9, np.float32)
    volume[:, :, :4] = np.nan
    recipe = Preprocessing(
        channels="all", spacing_mm=(1, 2, 2), normalise="none", dtype="float32"
    )  # fmt: skip
    found = prepare_sample(volume, volume[..., 0] > 0, recipe, (1.0, 1.0, 1.0))
    assert (found.image == 9).all(), "neither 0 nor a blend of 0 at the border"


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300, 7.0])
@pytest.mark.parametrize("resize", [None, {"height": 4, "width": 4}])
@pytest.mark.parametrize("normalise", ["none", "minmax", "percentile", "zscore"])
def test_images_without_any_content(value, resize, normalise):
    recipe = Preprocessing.model_validate(
        {"resize": resize, "normalise": normalise, "dtype": "float32"}
    )
    found = prepare_image(np.full((8, 8), value), recipe)
    expected = 7 if value == 7 and normalise == "none" else 0
    assert (found == expected).all()


@settings(max_examples=30)
@given(
    st.integers(0, 10**6), st.sampled_from(["minmax", "percentile", "zscore", "none"]),
    st.sampled_from([np.float16, np.float32, np.float64]), st.booleans(),
)  # fmt: skip
def test_what_unknown_pixels_hold_makes_no_difference(seed, normalise, dtype, resize):
    rng = np.random.default_rng(seed)
    image = rng.normal(50, 5, (9, 8, 3)).astype(dtype)
    gap = rng.random((9, 8, 1)) < 0.3
    recipe = Preprocessing.model_validate(
        {
            "resize": {"height": 5, "width": 6} if resize else None,
            "normalise": normalise, "channels": "all", "dtype": "float32",
        }
    )  # fmt: skip
    first, *others = (
        prepare_image(np.where(gap, dtype(value), image), recipe)
        for value in (np.nan, np.inf, -np.inf)
    )
    assert np.isfinite(first).all()
    for other in others:
        np.testing.assert_array_equal(first, other)


def test_one_image_always_gives_the_same_bytes():
    recipe = small(clahe=Clahe(), gamma=1.3)
    first, second = (prepare(IMAGE.copy(), LABEL, recipe)[0].tobytes() for _ in range(2))
    assert first == second


def test_input_is_not_changed():
    image, label = IMAGE.astype(np.float32), LABEL.copy()
    before = image.copy()
    prepare(image, label, small(clahe=None, normalise="percentile"))
    prepare(image, label, Preprocessing(normalise="percentile", dtype="float32"))
    assert (image == before).all()


@settings(deadline=None, max_examples=30)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 30), st.integers(1, 30))),
    st.integers(1, 20), st.integers(1, 20), st.sampled_from(["grey", "rgb"]),
)  # fmt: skip
def test_any_picture_goes_through(image, height, width, channels):
    recipe = small(height, width, channels=channels, clahe=Clahe(), gamma=1.5)
    result, label, _ = prepare(image, image, recipe)
    assert result.shape == (height, width, 3 if channels == "rgb" else 1)
    assert result.dtype == np.uint8
    assert label.shape == (height, width)


def test_image_and_label_apart_give_the_same():
    recipe = small(clahe=Clahe())
    image, label, _ = prepare(IMAGE, LABEL, recipe)
    assert (prepare_image(IMAGE, recipe) == image).all()
    assert (prepare_label(LABEL, IMAGE.shape, recipe) == label).all()
    whole = np.array([3], np.uint8)
    assert prepare_label(whole, IMAGE.shape, recipe) is whole


# ---- bad input


def test_mask_of_another_size():
    with pytest.raises(SegbenchError, match=r"\(64, 48\) and its label \(48, 64\)"):
        prepare(IMAGE, LABEL.T, small())


def test_empty_image():
    with pytest.raises(SegbenchError, match="no pixels"):
        prepare(np.zeros((0, 4)), np.zeros((0, 4), np.uint8), small())


def test_values_that_integers_cannot_hold():
    with pytest.raises(SegbenchError, match="values lie in"):
        prepare(IMAGE.astype(float), LABEL, small(normalise="none"))


# ---- volumes


def test_the_brain_is_cut_out_and_scored():
    image, label = head()
    found, cut, crop = prepare(image, label, BRATS)
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
    found, _, _ = prepare(image, label, BRATS)
    assert (found[2, 2, 1:3] == 0).all()
    assert found[3, 3, 2].tolist().count(0) >= 1
    assert found[3, 3, 2, 2] == 0
    inside = image[2:8, 3:11, 4:9] != 0
    for channel in range(4):
        scored = found[..., channel][inside[..., channel]].astype(np.float64)
        assert abs(scored.mean()) < 1e-3
        assert scored.std() == pytest.approx(1, abs=1e-3)


def test_within_nonzero_of_an_image():
    image = np.zeros((4, 4), np.float32)
    image[1:3, 1:3] = [[2, 4], [4, 6]]
    recipe = Preprocessing(normalise="minmax", normalise_within="nonzero", dtype="float32")
    found, _, _ = prepare(image, image.astype(np.uint8), recipe)
    assert found[1:3, 1:3, 0].tolist() == [[0, 0.5], [0.5, 1]]
    assert (found[..., 0][image == 0] == 0).all()


def test_resampling_follows_the_spacing():
    image, label = head()
    recipe = BRATS.model_copy(update={"spacing_mm": (2.0, 1.0, 0.5)})
    found, small, crop = prepare(image, label, recipe, (1.0, 1.0, 1.0))
    assert crop == ((2, 8), (3, 11), (4, 9))
    assert found.shape == (3, 8, 10, 4)
    assert small.shape == (3, 8, 10)


def test_one_channel_may_be_grey():
    image, label = head(channels=1)
    found, _, crop = prepare(image, label, Preprocessing())
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


def test_volumes_are_not_changed():
    image, label = head()
    before = image.copy(), label.copy()
    prepare(image, label, BRATS)
    assert (image == before[0]).all()
    assert (label == before[1]).all()


def test_values_that_are_no_numbers():
    image, label = head()
    image[4, 5, 6, 1] = np.nan
    found, _, _ = prepare(image, label, BRATS)
    assert np.isfinite(found).all()


def test_a_value_that_float16_cannot_hold():
    image, label = head()
    image[4, 5, 6, 1] = 1e6
    recipe = Preprocessing(channels="all", normalise="none", dtype="float16")
    with pytest.raises(SegbenchError, match="float16"):
        prepare(image, label, recipe)


def test_several_channels_are_no_grey():
    image, label = head()
    with pytest.raises(SegbenchError, match="channels: grey for a volume of 4 channels"):
        prepare(image, label, Preprocessing())


def test_an_unknown_spacing():
    image, label = head()
    recipe = BRATS.model_copy(update={"spacing_mm": (1.0, 1.0, 1.0)})
    for spacing in (None, (1.0, 1.0)):
        with pytest.raises(SegbenchError, match="spacing is not known"):
            prepare(image, label, recipe, spacing)


def test_a_label_of_another_size():
    image, label = head()
    with pytest.raises(SegbenchError, match=r"\(10, 12, 14\) and its label \(9, 12, 14\)"):
        prepare(image, label[1:], BRATS)
