from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from segbench.datasets.pixels import read_binary, read_pixels
from segbench.decoders import pictures
from segbench.decoders.pictures import verify_png
from segbench.errors import SegbenchError
from unit.datasets.helpers import write_picture

GREY = np.arange(20, dtype=np.uint8).reshape(4, 5)


@pytest.mark.parametrize(
    "pixels",
    [
        GREY,
        GREY > 7,
        np.dstack([GREY] * 3),
        np.dstack([GREY] * 4),
        GREY.astype(np.uint16) * 3000,
    ],
    ids=["grey", "1 bit", "rgb", "rgba", "16 bit"],
)
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_pixels_come_back_as_they_were(tmp_path, pixels, ending):
    path = write_picture(tmp_path / f"a.{ending}", pixels)
    found = read_pixels(path)
    assert found.dtype == pixels.dtype
    assert np.array_equal(found, pixels)


def test_palettes_are_refused(tmp_path):
    Image.fromarray(GREY).convert("P").save(tmp_path / "a.png")
    with pytest.raises(SegbenchError, match=r"a\.png: pictures of mode P"):
        read_pixels(tmp_path / "a.png")


@pytest.mark.parametrize("top", [1, 255])
def test_masks_of_two_values(tmp_path, top):
    path = write_picture(tmp_path / "m.png", (GREY > 7).astype(np.uint8) * np.uint8(top))
    assert np.array_equal(read_binary(path), GREY > 7)


def test_one_bit_masks_are_booleans_and_not_0_255(tmp_path):
    mask = read_binary(write_picture(tmp_path / "m.png", GREY > 7))
    assert mask.dtype == bool
    assert mask.sum() == 12


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (GREY, "the mask holds the values 0, 1, 2, 3, 4, 5, ..."),
        (np.array([[0, 128, 255]], np.uint8), "the mask holds the values 0, 128, 255"),
        (np.array([[0, 7]], np.uint8), "the mask holds the values 0, 7"),
        (np.dstack([GREY] * 3), "the mask has 3 channels"),
    ],
)
def test_masks_of_other_values_are_refused(tmp_path, pixels, message):
    path = write_picture(tmp_path / "m.png", pixels)
    with pytest.raises(SegbenchError) as error:
        read_binary(path)
    assert error.value.what == f"{path}: {message}"


def test_missing_file_is_named(tmp_path):
    with pytest.raises(SegbenchError, match=r"gone\.png: there is no such file"):
        read_pixels(tmp_path / "gone.png")


def test_empty_file_is_named(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(SegbenchError, match=r"a\.png: cannot be decoded \(the file is empty\)"):
        read_pixels(tmp_path / "a.png")


def test_text_in_a_picture_file_is_named(tmp_path):
    (tmp_path / "a.png").write_text("<html>not found</html>")
    with pytest.raises(SegbenchError, match=r"a\.png: cannot be decoded"):
        read_pixels(tmp_path / "a.png")


def test_bombs_are_refused(tmp_path, monkeypatch):
    path = write_picture(tmp_path / "a.png", np.zeros((100, 100), np.uint8))
    monkeypatch.setattr(pictures, "MAX_PIXELS", 1000)
    with pytest.raises(SegbenchError, match=r"a\.png: 100 x 100 pixels"):
        read_pixels(path)


@pytest.fixture(scope="module")
def png(tmp_path_factory) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30), dtype=np.uint8)
    return write_picture(tmp_path_factory.mktemp("png") / "a.png", pixels).read_bytes()


@given(st.data())
def test_no_flipped_bit_passes(png, tmp_path_factory, data):
    """Decoders do not check the pixel data's checksum; the reader does."""
    position = data.draw(st.integers(0, len(png) - 1))
    bit = data.draw(st.integers(0, 7))
    broken = bytearray(png)
    broken[position] ^= 1 << bit
    path = tmp_path_factory.mktemp("flip") / "a.png"
    path.write_bytes(broken)
    with pytest.raises(SegbenchError, match=r"a\.png"):
        read_pixels(path)


@given(st.data())
def test_no_truncated_file_passes(png, tmp_path_factory, data):
    length = data.draw(st.integers(0, len(png) - 1))
    path = tmp_path_factory.mktemp("cut") / "a.png"
    path.write_bytes(png[:length])
    with pytest.raises(SegbenchError, match=r"a\.png"):
        read_pixels(path)


def test_verify_leaves_other_formats_alone(tmp_path):
    verify_png(write_picture(tmp_path / "a.tif", GREY))
