"""All steps together: order, switches, bad input; and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import exposure
from skimage.transform import resize as skimage_resize

from segbench.config.preprocessing import Clahe, Preprocessing, Size
from segbench.errors import SegbenchError
from segbench.imaging import prepare as module
from segbench.imaging.inverse import to_original
from segbench.imaging.prepare import prepare
from segbench.imaging.resampling import resize_label

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
        ours, _ = prepare(raw, np.zeros(raw.shape, np.uint8), recipe)
        difference = abs(ours[..., 0] / 255 - plain_scikit_image(raw, (side, side), 1.2))
        # A pixel on the border of two of the 256 histogram bins may fall to the other side:
        # one bin is at most clip_limit * 256 levels high, gamma steepens that 1.2 times,
        # and storing rounds to half a level.
        assert difference.max() <= (2 * 1.2 + 0.5) / 255 * 1.02
        assert difference.mean() < 0.3 / 255


def test_equals_the_plain_composition_on_noise():
    raw = RNG.integers(0, 256, (200, 320)).astype(np.uint8)
    recipe = small(64, 80, clahe=Clahe(), gamma=0.9, dtype="float32")
    ours, _ = prepare(raw, np.zeros(raw.shape, np.uint8), recipe)
    difference = abs(ours[..., 0] - plain_scikit_image(raw, (64, 80), 0.9))
    # A pixel on the border of two bins changes what its tile does to both of them; all else
    # is the same to a rounding of whole levels.
    assert (difference > 3 / 2**14).mean() < 0.05
    assert difference.mean() < 0.05 / 255


# ---- order and switches


def test_default_only_stretches():
    image, label = prepare(IMAGE, LABEL, Preprocessing())
    low, high = IMAGE.min(), IMAGE.max()
    expected = np.rint((IMAGE.astype(float) - low) / (high - low) * 255)
    assert abs(image[..., 0] - expected).max() <= 1
    assert image.dtype == np.uint8
    assert label is LABEL


def test_steps_run_in_the_published_order(monkeypatch):
    names = [step.__name__ for step in module.STEPS]
    assert names == ["_pixels", "_invert", "_normalise", "_clahe", "_gamma", "_quantise"]


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
    base, _ = prepare(IMAGE, LABEL, small())
    other, label = prepare(
        IMAGE, LABEL, Preprocessing.model_validate({**small().model_dump(), **keys})
    )
    assert label.shape == other.shape[:2]
    assert base.shape != other.shape or base.dtype != other.dtype or (base != other).any()


def test_invert_gives_the_negative():
    bright = np.where(LABEL == 1, 40, 220).astype(np.uint8)
    bright[:40] = 220
    recipe = {"invert": "bright_background"}
    ours, _ = prepare(bright, LABEL, small(**recipe))
    negative, _ = prepare(255 - bright, LABEL, small(**recipe))
    assert abs(ours.astype(int) - negative).max() <= 1
    unchanged, _ = prepare(255 - bright, LABEL, small())
    assert (unchanged == negative).all()


def test_label_follows_by_nearest_neighbour():
    _, label = prepare(IMAGE, LABEL, small(interpolation="bicubic"))
    assert label.tolist() == LABEL[2::4, 2::4].tolist()


def test_objects_keep_their_numbers():
    objects = np.zeros((64, 48), np.uint16)
    objects[:32, :24], objects[40:, 30:] = 7, 40000
    _, label = prepare(IMAGE, objects, small())
    assert label.dtype == np.uint16
    assert np.unique(label).tolist() == [0, 7, 40000]


@pytest.mark.parametrize("channels", ["grey", "rgb"])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_blank_images_are_safe(channels, value):
    recipe = small(channels=channels, clahe=Clahe(), gamma=0.5, invert="bright_background")
    image, _ = prepare(np.full((64, 48), value, np.uint8), LABEL, recipe)
    assert (image == 0).all()


def test_pixels_that_are_no_numbers_do_not_spread():
    image = np.full((64, 48), 0.25)
    image[::2] = 0.75
    image[5, 5], image[40, 40] = np.nan, np.inf
    clean = np.where(np.isfinite(image), image, 0.25)
    recipe = small(clahe=Clahe(), dtype="float32")
    ours, _ = prepare(image, LABEL, recipe)
    assert np.isfinite(ours).all()
    assert (ours == prepare(clean, LABEL, recipe)[0]).all()


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
    result, label = prepare(image, image, recipe)
    assert result.shape == (height, width, 3 if channels == "rgb" else 1)
    assert result.dtype == np.uint8
    assert label.shape == (height, width)


# ---- bad input


def test_mask_of_another_size():
    with pytest.raises(SegbenchError, match=r"\(64, 48\) and its label \(48, 64\)"):
        prepare(IMAGE, LABEL.T, small())


def test_empty_image():
    with pytest.raises(SegbenchError, match="no pixels"):
        prepare(np.zeros((0, 4)), np.zeros((0, 4), np.uint8), small())


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"dtype": "uint8"}, "dtype: uint8"),
        ({"dtype": "float32", "gamma": 2}, "gamma"),
        ({"dtype": "float32", "clahe": {}}, "clahe"),
    ],
)
def test_zscore_clashes(keys, named):
    with pytest.raises(SegbenchError, match=named):
        prepare(IMAGE, LABEL, small(normalise="zscore", **keys))


def test_values_that_integers_cannot_hold():
    with pytest.raises(SegbenchError, match="values lie in"):
        prepare(IMAGE.astype(float), LABEL, small(normalise="none"))


# ---- the way back


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
def test_sizes_come_back_exactly(height, width, new_height, new_width):
    label = np.arange(height * width, dtype=np.uint16).reshape(height, width)
    _, small_label = prepare(np.zeros((height, width)), label, small(new_height, new_width))
    assert resize_label(small_label, (height, width)).shape == (height, width)
    maps = np.zeros((new_height, new_width, 3), np.float16)
    assert to_original(maps, (height, width)).shape == (height, width, 3)


def test_smooth_labels_come_back_nearly_whole():
    y, x = np.mgrid[:1024, :1002]
    label = (((y - 500) ** 2 + (x - 400) ** 2) < 200**2).astype(np.uint8)
    label[800:, 700:] = 3
    _, at_grid = prepare(label, label, small(256, 256))
    back = resize_label(at_grid, label.shape)
    assert np.unique(back).tolist() == [0, 1, 3]
    assert (back != label).mean() < 0.004


def test_pixel_centres_stay_in_place():
    # The centre of mass of a disc must not move by the corner-alignment error of 3/8 pixels.
    y, x = np.mgrid[:512, :512]
    label = (((y - 200) ** 2 + (x - 311) ** 2) < 80**2).astype(np.uint8)
    _, at_grid = prepare(label, label, small(64, 64))
    back = resize_label(at_grid, (512, 512))
    centre = [float(axis[back == 1].mean()) for axis in (y, x)]
    assert centre == pytest.approx([200, 311], abs=0.6)
    smooth = to_original(at_grid[..., None].astype(np.float32), (512, 512))[..., 0]
    weighted = [float((axis * smooth).sum() / smooth.sum()) for axis in (y, x)]
    assert weighted == pytest.approx([200, 311], abs=0.6)


@settings(deadline=None)
@given(st.integers(0, 99), st.integers(1, 50), st.integers(1, 50))
def test_probabilities_stay_probabilities(seed, height, width):
    maps = np.random.default_rng(seed).random((12, 9, 4)).astype(np.float32)
    maps /= maps.sum(axis=2, keepdims=True)
    back = to_original(maps.astype(np.float16), (height, width))
    assert back.dtype == np.float32
    assert back.min() >= 0
    assert back.max() <= 1
    np.testing.assert_allclose(back.sum(axis=2), 1, atol=2e-3)


def test_same_size_changes_nothing():
    maps = RNG.random((5, 6, 2)).astype(np.float32)
    assert (to_original(maps, (5, 6)) == maps).all()
    assert (resize_label(LABEL, LABEL.shape) == LABEL).all()


def test_size_is_two_numbers():
    assert Size(height=3, width=2).height == 3
