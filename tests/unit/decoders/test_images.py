"""Images without palettes and opacity, whatever the file stores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segbench.decoders.decoder import Decoded, Header
from segbench.decoders.images import as_image, read_image, without_alpha
from segbench.errors import SegbenchError
from unit.decoders.pngs import chunk, png

PATH = Path("a.png")
GREY = np.arange(20, dtype=np.uint8).reshape(4, 5)
RGB = np.dstack([GREY, GREY + 50, GREY + 100])


def decoded(pixels, palette=None, alpha=False):
    axes = {2: "yx", 3: "yxc", 4: "zyxc"}[pixels.ndim]
    return Decoded(Header(axes, pixels.shape, pixels.dtype, alpha=alpha), pixels, palette)


def test_channels_are_last_and_one_bit_is_0_and_255():
    assert np.array_equal(as_image(PATH, decoded(GREY)), GREY[..., None])
    assert as_image(PATH, decoded(GREY > 7)).dtype == np.uint8
    assert np.array_equal(as_image(PATH, decoded(GREY > 7))[..., 0], np.where(GREY > 7, 255, 0))
    assert np.array_equal(as_image(PATH, decoded(RGB)), RGB)


def test_a_volume_of_slices():
    volume = np.stack([GREY, GREY + 1])
    header = Header("zyx", volume.shape, volume.dtype)
    assert np.array_equal(as_image(PATH, Decoded(header, volume)), volume[..., None])


def test_palettes_give_colours(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (20, 3), np.uint8)
    (tmp_path / "a.png").write_bytes(png(GREY, 8, 3, chunk(b"PLTE", colours.tobytes())))
    assert np.array_equal(read_image(tmp_path / "a.png"), colours[GREY])


def test_opacity_of_a_palette_counts_where_it_is_used():
    palette = np.full((21, 4), 255, np.uint8)
    palette[:, 0], palette[20, 3] = range(21), 0
    assert np.array_equal(as_image(PATH, decoded(GREY, palette))[..., 0], GREY)
    palette[3, 3] = 0
    with pytest.raises(SegbenchError, match=r"5\.0% of its pixels are transparent"):
        as_image(PATH, decoded(GREY, palette))


def test_values_beyond_the_palette_are_refused():
    with pytest.raises(SegbenchError, match=r"a\.png: has the value 19, and its palette has 19"):
        as_image(PATH, decoded(GREY, np.zeros((19, 3), np.uint8)))


@pytest.mark.parametrize(
    ("dtype", "opaque"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1), (np.int16, 32767)]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_opacity_of_the_highest_value_throughout_is_dropped(dtype, opaque, channels):
    pixels = np.dstack([RGB[..., :channels].astype(dtype), np.full(GREY.shape, opaque, dtype)])
    found = as_image(PATH, decoded(pixels, alpha=True))
    assert found.dtype == dtype
    assert np.array_equal(found, RGB[..., :channels])
    pixels[1, 2, -1] = 0
    with pytest.raises(SegbenchError, match=r"5\.0% of its pixels are transparent; 19 colours"):
        as_image(PATH, decoded(pixels, alpha=True))
    assert np.array_equal(as_image(PATH, decoded(pixels)), pixels)


def test_opacity_that_is_no_number_is_not_opaque():
    pixels = np.dstack([GREY, np.ones(GREY.shape)]).astype(np.float32)
    pixels[0, 0, 1] = np.nan
    with pytest.raises(SegbenchError, match="transparent"):
        without_alpha(PATH, pixels)


def test_a_transparent_colour_that_no_pixel_has(tmp_path):
    (tmp_path / "a.png").write_bytes(png(GREY, 8, 0, chunk(b"tRNS", b"\0\x63")))
    assert np.array_equal(read_image(tmp_path / "a.png"), GREY[..., None])
    (tmp_path / "a.png").write_bytes(png(GREY, 8, 0, chunk(b"tRNS", b"\0\x07")))
    with pytest.raises(SegbenchError, match="transparent"):
        read_image(tmp_path / "a.png")
