"""Windows of a large image are prepared as the whole would be."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from segbench.config.preprocessing import Preprocessing
from segbench.decoders.decoder import Header
from segbench.decoders.registry import NO_CHOICES
from segbench.errors import SegbenchError
from segbench.imaging.pixel_values import image_scale
from segbench.imaging.prepare import prepare_image
from segbench.imaging.remarks import EQUAL_PERCENTILES, UNKNOWN
from segbench.inference import large_image
from segbench.inference.large_image import LARGE, LargeImage, is_large
from unit.decoders.zarr_stores import write_image

PIXELS = np.random.default_rng(0).integers(0, 200, (75, 50, 3)).astype(np.uint8)


def save(folder, kind):
    path = folder / f"a.{kind}"
    if kind == "zarr":
        write_image(path, [np.moveaxis(PIXELS, -1, 0)], "cyx", array={"chunks": (1, 16, 16)})
    elif kind == "tif":
        tifffile.imwrite(path, PIXELS, tile=(16, 16), photometric="rgb")
    else:
        Image.fromarray(PIXELS).save(path)
    return path


@pytest.fixture
def few_rows(monkeypatch):
    monkeypatch.setattr(large_image, "ROWS", 8)


@pytest.mark.parametrize("kind", ["zarr", "tif", "png"])
@pytest.mark.parametrize(
    "steps",
    [
        {"channels": "rgb", "normalise": "percentile"},
        {"channels": "grey", "normalise": "minmax", "gamma": 1.5, "dtype": "uint16"},
        {"channels": "all", "normalise": "none", "invert": "bright_background"},
        {"channels": "grey", "normalise": "zscore", "dtype": "float32"},
    ],
)
def test_windows_are_those_of_the_whole(tmp_path, kind, steps, few_rows):
    recipe = Preprocessing(**steps)
    image = LargeImage(save(tmp_path, kind), NO_CHOICES, recipe)
    whole = prepare_image(PIXELS, recipe).astype(np.float32) * np.float32(image_scale(recipe.dtype))
    assert image.shape == whole.shape
    for window in (np.s_[0:20, 0:16], np.s_[0:20, 30:50], np.s_[13:41, 5:21], np.s_[60:75, 0:50]):
        start, stop = ([getattr(one, end) for one in window] for end in ("start", "stop"))
        np.testing.assert_allclose(image.window(start, stop), whole[window], rtol=1e-6, atol=1e-6)
    assert np.array_equal(image.rows(13, 41), PIXELS[13:41])


def test_a_palette_gives_its_colours(tmp_path, few_rows):
    palette = np.random.default_rng(1).integers(0, 256, (3, 256)).astype(np.uint16)
    tifffile.imwrite(
        tmp_path / "a.tif", PIXELS[..., 0], photometric="palette", colormap=palette * 257,
        tile=(16, 16),
    )  # fmt: skip
    image = LargeImage(tmp_path / "a.tif", NO_CHOICES, Preprocessing(channels="rgb"))
    assert np.array_equal(image.rows(5, 30), palette.T[PIXELS[5:30, :, 0]])


def test_what_is_odd_about_its_pixels_is_remarked_as_of_the_whole(tmp_path, few_rows):
    pixels = np.zeros((60, 50), np.float32)
    pixels[3, 4], pixels[50, 6] = 1, np.nan
    tifffile.imwrite(tmp_path / "a.tif", pixels, tile=(16, 16))
    recipe, remarks = Preprocessing(normalise="percentile"), set()
    image = LargeImage(tmp_path / "a.tif", NO_CHOICES, recipe)
    image.window((0, 0), (60, 50))
    prepare_image(pixels, recipe, remarks)
    assert image.remarks == remarks == {UNKNOWN, EQUAL_PERCENTILES}


def test_only_the_parts_that_are_needed_are_read(tmp_path, few_rows):
    path = save(tmp_path, "zarr")
    recipe = Preprocessing(channels="all", normalise="none")
    (path / "0/c/0/4/0").write_bytes(b"damaged")
    image = LargeImage(path, NO_CHOICES, recipe)
    assert np.array_equal(image.rows(0, 60), PIXELS[:60])
    with pytest.raises(SegbenchError, match=r"a\.zarr"):
        image.rows(60, 70)


@pytest.mark.parametrize(
    ("steps", "key"),
    [({"resize": {"height": 8, "width": 8}}, "resize"), ({"neighbours": 1}, "neighbours"),
     ({"clahe": {}}, "clahe")],
)  # fmt: skip
def test_preprocessing_that_needs_the_whole_image_is_refused_by_name(tmp_path, steps, key):
    with pytest.raises(SegbenchError) as caught:
        LargeImage(save(tmp_path, "tif"), NO_CHOICES, Preprocessing(**steps))
    assert key in caught.value.what
    assert "smaller level" in caught.value.action


def test_large_is_a_number_of_pixels_of_a_picture():
    side = int(LARGE**0.5)
    assert not is_large(Header("yxc", (side, side, 3), np.dtype("u1")))
    assert is_large(Header("yxc", (side, side + 1, 1), np.dtype("u1")))
    assert not is_large(Header("zyx", (side, side, 3), np.dtype("u1"))), "volumes are read whole"
