"""Pictures of every mode come back as they were, whichever library reads them."""

from __future__ import annotations

import io
import struct
import zlib
from functools import partial

import cv2
import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from segbench.decoders import pictures
from segbench.decoders.pictures import DECODER, verify_png
from segbench.errors import SegbenchError
from unit.decoders import agreeing
from unit.decoders.agreeing import ANY
from unit.decoders.pngs import chunk, oriented, png, put

read, refused = partial(agreeing.read, DECODER), partial(agreeing.refused, DECODER)
GREY = np.arange(20, dtype=np.uint8).reshape(4, 5)
RGB = np.dstack([GREY, GREY + 50, GREY + 100])

#: Endings and modes that keep every value.
LOSSLESS = [
    *[(".bmp", mode) for mode in ("1", "L", "P", "RGB")],
    *[(".webp", mode) for mode in ("RGB", "RGBA")],
    (".gif", "P"),
]

#: Colour type of PNG -> its depths and number of channels.
KINDS = {0: ((1, 2, 4, 8, 16), 1), 2: ((8, 16), 3), 4: ((8, 16), 2), 6: ((8, 16), 4)}


# ---- PNG


@given(st.data())
def test_png_of_every_kind_is_read_as_stored(tmp_path_factory, data):
    colour = data.draw(st.sampled_from(list(KINDS)))
    depths, channels = KINDS[colour]
    bits, interlaced = data.draw(st.sampled_from(depths)), data.draw(st.booleans())
    shape = data.draw(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    stored = rng.integers(0, 2**bits, (*shape, channels) if channels > 1 else shape)
    content = png(stored, bits, colour, interlaced=interlaced)
    found = read(put(tmp_path_factory.mktemp("png") / "a.png", content))
    dtype = bool if bits == 1 else np.uint16 if bits == 16 else np.uint8
    wanted = (stored * {2: 85, 4: 17}.get(bits, 1)).astype(dtype)
    assert found.pixels.dtype == dtype
    assert np.array_equal(found.pixels, wanted)
    assert found.header.alpha == (colour in {4, 6})
    assert found.header.colour == (colour in {2, 6})
    assert found.palette is None
    _others_agree(content, np.asarray(found.pixels))


def _others_agree(content, pixels):
    """imagecodecs and OpenCV, and Pillow where it keeps all bits."""
    full = pixels * np.uint8(255) if pixels.dtype == bool else pixels
    assert np.array_equal(imagecodecs.png_decode(content), full)
    theirs = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if theirs.ndim == 3:
        channels = [2, 1, 0, 3] if pixels.shape[2] != 2 else [0, 3]
        theirs = theirs[..., channels[: pixels.shape[2]]]
    assert np.array_equal(theirs, full)
    if pixels.ndim == 2 or pixels.dtype == np.uint8:
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), pixels)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes_give_indices_and_colours(tmp_path, bits):
    colours = np.random.default_rng(bits).integers(0, 256, (min(2**bits, 20), 3), np.uint8)
    stored = GREY % len(colours)
    content = png(stored, bits, 3, chunk(b"PLTE", colours.tobytes()))
    found = read(put(tmp_path / "a.png", content))
    assert np.array_equal(found.pixels, stored)
    assert np.array_equal(found.palette, colours)
    assert np.array_equal(found.palette[found.pixels], imagecodecs.png_decode(content))
    assert not found.header.alpha


def test_a_palette_with_opacity(tmp_path):
    colours = np.arange(60, dtype=np.uint8).reshape(20, 3)
    before = chunk(b"PLTE", colours.tobytes()) + chunk(b"tRNS", bytes([0, 255, 7]))
    content = png(GREY, 8, 3, before)
    found = read(put(tmp_path / "a.png", content))
    assert np.array_equal(found.pixels, GREY)
    assert found.palette[:4].tolist() == [
        [0, 1, 2, 0], [3, 4, 5, 255], [6, 7, 8, 7], [9, 10, 11, 255],
    ]  # fmt: skip
    assert np.array_equal(found.palette[found.pixels], imagecodecs.png_decode(content))


@pytest.mark.parametrize(("bits", "key"), [(1, 1), (2, 3), (8, 7), (16, 7)])
def test_a_grey_that_is_transparent_becomes_an_alpha_channel(tmp_path, bits, key):
    stored = GREY.astype(np.int32) % 2**bits
    content = png(stored, bits, 0, chunk(b"tRNS", struct.pack(">H", key)))
    found = read(put(tmp_path / "a.png", content))
    top = 65535 if bits == 16 else 255
    assert found.header.alpha
    assert np.array_equal(found.pixels[..., 0], stored * {1: 255, 2: 85}.get(bits, 1))
    assert np.array_equal(found.pixels[..., 1], np.where(stored == key, 0, top))


@pytest.mark.parametrize("bits", [8, 16])
def test_a_colour_that_is_transparent_becomes_an_alpha_channel(tmp_path, bits):
    stored = RGB.astype(np.uint16) * (257 if bits == 16 else 1)
    content = png(stored, bits, 2, chunk(b"tRNS", struct.pack(">HHH", *stored[1, 2])))
    found = read(put(tmp_path / "a.png", content))
    assert np.array_equal(found.pixels[..., :3], stored)
    assert np.argwhere(found.pixels[..., 3] == 0).tolist() == [[1, 2]]
    assert found.pixels[..., 3].max() == (65535 if bits == 16 else 255)


def test_profiles_and_gamma_are_not_applied(tmp_path):
    before = chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"sRGB", b"\0")
    assert np.array_equal(read(put(tmp_path / "a.png", png(RGB, 8, 2, before))).pixels, RGB)


def test_a_loss_of_depth_is_refused(tmp_path, monkeypatch):
    path = put(tmp_path / "a.png", png(RGB.astype(np.uint16) * 257, 16, 2))
    monkeypatch.setattr(imagecodecs, "png_decode", lambda _: RGB)
    with pytest.raises(SegbenchError, match=r"a\.png: decoded to uint8") as caught:
        DECODER.read(path, ANY)
    assert caught.value.expected.startswith("uint16 values of shape (4, 5, 3)")


# ---- other formats


@pytest.mark.parametrize("array", [GREY, GREY > 7, RGB], ids=["grey", "bit", "rgb"])
def test_bmp(tmp_path, array):
    Image.fromarray(array).save(tmp_path / "a.bmp")
    found = read(tmp_path / "a.bmp")
    assert found.pixels.dtype == array.dtype
    assert np.array_equal(found.pixels, array)
    theirs = cv2.imread(str(tmp_path / "a.bmp"), cv2.IMREAD_UNCHANGED)
    theirs = theirs[..., ::-1] if array.ndim == 3 else theirs
    assert np.array_equal(theirs, array * np.uint8(255) if array.dtype == bool else array)


@given(st.data())
def test_random_pictures_come_back(tmp_path_factory, data):
    ending, mode = data.draw(st.sampled_from(LOSSLESS))
    channels = {"1": (), "L": (), "P": (), "RGB": (3,), "RGBA": (4,)}[mode]
    shape = data.draw(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    array = rng.integers(0, 256, (*shape, *channels), np.uint8)
    array = array > 127 if mode == "1" else array
    image = Image.fromarray(array, mode if mode == "P" else None)
    colours = rng.integers(0, 256, (256, 3), np.uint8)
    if mode == "P":
        image.putpalette(colours.tobytes())
    options = {"lossless": True, "exact": True} if ending == ".webp" else {}
    path = tmp_path_factory.mktemp("any") / f"a{ending}"
    image.save(path, **options)
    found = read(path)
    if found.palette is not None:
        assert np.array_equal(found.palette[found.pixels], colours[array])
    else:
        assert found.pixels.dtype == array.dtype
        assert np.array_equal(found.pixels, array)
    assert (found.palette is not None) == (mode == "P")


@pytest.mark.parametrize("ending", [".gif", ".bmp"])
def test_palettes_of_formats_without_grey(tmp_path, ending):
    """A palette of greys is how they store grey."""
    image = Image.fromarray(GREY, "P")
    image.putpalette([value for grey in range(20) for value in [grey * 3] * 3])
    image.save(tmp_path / f"grey{ending}")
    found = read(tmp_path / f"grey{ending}")
    assert np.array_equal(found.pixels, GREY * 3)
    assert found.palette is None
    colours = np.arange(60, dtype=np.uint8).reshape(20, 3)
    image.putpalette(colours.tobytes())
    image.save(tmp_path / f"colour{ending}")
    found = read(tmp_path / f"colour{ending}")
    assert np.array_equal(found.palette[found.pixels], colours[GREY])


def test_a_transparent_grey_of_a_gif(tmp_path):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = Image.fromarray(ramp, "P")
    image.putpalette([value for grey in range(256) for value in [grey] * 3])
    image.save(tmp_path / "a.gif", transparency=7, optimize=False)
    found = read(tmp_path / "a.gif")
    assert found.header.alpha
    assert np.array_equal(found.pixels[..., 0], ramp)
    assert np.array_equal(found.pixels[..., 1], np.where(ramp == 7, 0, 255))


@pytest.mark.parametrize("array", [RGB, np.dstack([RGB, 255 - GREY])], ids=["rgb", "rgba"])
def test_webp(tmp_path, array):
    Image.fromarray(array).save(tmp_path / "a.webp", lossless=True, exact=True)
    found = read(tmp_path / "a.webp")
    assert np.array_equal(found.pixels, array)
    assert np.array_equal(imagecodecs.webp_decode((tmp_path / "a.webp").read_bytes()), array)
    assert found.header.alpha == (array.shape[2] == 4)
    assert found.header.colour


@pytest.mark.parametrize("array", [GREY, RGB], ids=["grey", "rgb"])
@pytest.mark.parametrize("progressive", [True, False])
def test_jpeg_is_what_other_libraries_read(tmp_path, array, progressive):
    path = tmp_path / "a.JPG"
    Image.fromarray(array).resize((50, 40)).save(path, "JPEG", progressive=progressive)
    found = read(path)
    assert np.array_equal(found.pixels, imagecodecs.jpeg8_decode(path.read_bytes()))
    assert found.header.axes == ("yx" if array.ndim == 2 else "yxc")


def test_jpeg_without_loss(tmp_path):
    path = put(tmp_path / "a.jpg", imagecodecs.jpeg8_encode(RGB, lossless=True))
    assert np.array_equal(read(path).pixels, RGB)


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("array", [GREY, RGB], ids=["grey", "rgb"])
def test_jpeg_of_12_bits_is_refused_by_name(tmp_path, lossless, array):
    content = imagecodecs.jpeg8_encode(
        array.astype(np.uint16) * 16, bitspersample=12, lossless=lossless
    )
    refused(put(tmp_path / "a.jpg", content), "more than 8 bits per channel", "16-bit PNG or TIFF")


def test_colours_for_printing_are_refused(tmp_path):
    Image.fromarray(np.dstack([RGB, GREY]), "CMYK").save(tmp_path / "a.jpg")
    refused(tmp_path / "a.jpg", "mode CMYK", "save the picture as RGB")


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.jpg"])
def test_several_pictures_in_a_file_are_refused(tmp_path, name):
    kind = {"format": "MPO"} if name == "a.jpg" else {}
    frames = [Image.fromarray(255 - RGB), Image.fromarray(RGB[::-1].copy())]
    Image.fromarray(RGB).save(tmp_path / name, save_all=True, append_images=frames, **kind)
    refused(tmp_path / name, "holds 3 pictures", "as one TIFF file")


def test_previews_of_a_camera_are_no_further_pictures(tmp_path):
    path = tmp_path / "a.jpg"
    frames = [Image.fromarray(RGB[:2, :2].copy())]
    Image.fromarray(RGB).save(path, format="MPO", save_all=True, append_images=frames)
    content, size = path.read_bytes(), Image.open(path).mpinfo[0xB002][0]["Size"]
    first = struct.pack("<LL", 0x030000, size)
    second = content.index(first) + 16
    path.write_bytes(content[:second] + struct.pack("<L", 0x010002) + content[second + 4 :])
    assert Image.open(path).format == "MPO"
    assert np.array_equal(read(path).pixels, np.asarray(Image.open(path)))


def test_the_content_counts_not_the_ending(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "a.jpg", format="PNG")
    assert np.array_equal(read(tmp_path / "a.jpg").pixels, RGB)
    Image.fromarray(RGB).save(tmp_path / "b.png", format="TIFF")
    refused(tmp_path / "b.png", "a picture of the format TIFF", "rename the file")


# ---- size and damage


def test_too_many_pixels_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 19)
    refused(put(tmp_path / "a.png", png(GREY, 8, 0)), "4 x 5 pixels", "OME-Zarr")


def test_large_pictures_are_no_bombs(tmp_path):
    """Pillow refuses pictures of more than 179 million pixels unless it is told otherwise."""
    content = bytearray(png(GREY, 8, 0))
    content[16:24] = struct.pack(">II", 20000, 20000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    assert DECODER.header(put(tmp_path / "a.png", content), ANY).shape == (20000, 20000)


def test_absent_and_empty_files_are_named(tmp_path):
    refused(tmp_path / "gone.png", "there is no such file")
    refused(put(tmp_path / "a.jpg", b""), "cannot be decoded")
    refused(put(tmp_path / "b.png", b"<html>not found</html>"), "cannot be decoded")


def _small(ending, tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / f"a{ending}"
    array = np.random.default_rng(0).integers(0, 256, (20, 15, 3), dtype=np.uint8)
    Image.fromarray(array).save(path)
    return path.read_bytes()


@given(st.data(), st.sampled_from([".png", ".jpg", ".bmp", ".webp"]))
def test_no_truncated_file_passes(tmp_path_factory, data, ending):
    content = _small(ending, tmp_path_factory)
    length = data.draw(st.integers(0, len(content) - 4))  # a row of BMP ends with 3 idle bytes
    path = put(tmp_path_factory.mktemp("cut") / f"a{ending}", content[:length])
    with pytest.raises(SegbenchError, match=rf"a\{ending}"):
        DECODER.read(path, ANY)


@given(st.data())
def test_no_flipped_bit_of_a_png_passes(tmp_path_factory, data):
    """Decoders do not check the pixel data's checksum; the reader does."""
    broken = bytearray(png(RGB, 8, 2))
    broken[data.draw(st.integers(0, len(broken) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path = put(tmp_path_factory.mktemp("flip") / "a.png", bytes(broken))
    with pytest.raises(SegbenchError, match=r"a\.png"):
        DECODER.read(path, ANY)


def test_checksums_of_other_formats_are_not_looked_for(tmp_path):
    assert verify_png(put(tmp_path / "a.tif", b"II*\0")) == b""
    whole = png(GREY, 8, 0)
    assert verify_png(put(tmp_path / "a.png", whole)) == whole


# ---- masks


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_masks_are_png_files_that_lie_on_the_upright_image(tmp_path, dtype):
    source = tmp_path / "a.jpg"
    oriented(source, RGB, 6)
    mask = np.arange(20, dtype=dtype).reshape(5, 4) * np.iinfo(dtype).max
    for name in ("m", "n"):
        DECODER.write_mask(mask, tmp_path / name, source, ANY)
    assert (tmp_path / "m").read_bytes() == (tmp_path / "n").read_bytes()
    found = read((tmp_path / "m").rename(tmp_path / "m.png"))
    assert found.pixels.dtype == dtype
    assert np.array_equal(found.pixels, mask)
    assert found.header.size == DECODER.header(source, ANY).size
    assert DECODER.mask_ending == ".png"


@pytest.mark.parametrize("mask", [np.full((4, 5), 70000, np.uint32), np.zeros((2, 4, 5), np.uint8)])
def test_masks_that_do_not_fit_are_refused(tmp_path, mask):
    with pytest.raises(SegbenchError, match=r"a\.jpg: its mask has uint") as caught:
        DECODER.write_mask(mask, tmp_path / "m", tmp_path / "a.jpg", ANY)
    assert "TIFF" in caught.value.action
