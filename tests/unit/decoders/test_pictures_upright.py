"""Pictures are upright, whatever says how they are to be turned."""

from __future__ import annotations

from functools import partial
from itertools import product

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

from segbench.decoders.pictures import DECODER, upright
from unit.decoders import agreeing
from unit.decoders.agreeing import ANY
from unit.decoders.pngs import chunk, oriented, png, put

read = partial(agreeing.read, DECODER)
GREY = np.arange(20, dtype=np.uint8).reshape(4, 5)
RGB = np.dstack([GREY, GREY + 50, GREY + 100])


@pytest.mark.parametrize(
    ("value", "name"),
    list(product(range(1, 9), ["a.jpg", "a.png", "a.webp", "g.png", "d.png"])),
)
def test_every_orientation_is_applied_alike(tmp_path, value, name):
    path = tmp_path / name
    array = {"g": GREY, "d": GREY.astype(np.uint16) * 1000}.get(name[0], RGB)
    options = {".webp": {"lossless": True}, ".jpg": {"quality": 95}}.get(path.suffix, {})
    oriented(path, array, value, **options)
    found = read(path)
    shown = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    assert np.array_equal(found.pixels, shown)
    assert found.header.size == shown.shape[:2] == ((4, 5) if value < 5 else (5, 4))
    window = (slice(1, 3), slice(2, 4))
    assert np.array_equal(DECODER.window(path, ANY, window), shown[window])
    if name == "a.jpg":
        assert np.array_equal(cv2.imread(str(path))[..., ::-1], shown)


@pytest.mark.parametrize("behind", [True, False])
@pytest.mark.parametrize("kind", ["eXIf", "iTXt", "tEXt"])
def test_orientation_in_each_chunk_of_png(tmp_path, behind, kind):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    raw = exif.tobytes()
    content = {
        "eXIf": raw.removeprefix(b"Exif\0\0"),
        "iTXt": b'XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta tiff:Orientation="6"/>',
        "tEXt": b"Raw profile type exif\0\nexif\n%8d\n%s\n" % (len(raw), raw.hex().encode()),
    }[kind]
    made = chunk(kind.encode(), content)
    other = chunk(b"tEXt", b"Comment\0behind the pixels")
    content = png(GREY, 8, 0, *((b"", other + made) if behind else (made, other)))
    found = read(put(tmp_path / "a.png", content))
    assert np.array_equal(found.pixels, np.rot90(GREY, -1))


def test_a_palette_is_turned_too(tmp_path):
    image = Image.fromarray(GREY, "P")
    image.putpalette(bytes(range(60)))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 8
    image.save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read(tmp_path / "a.png").pixels, np.rot90(GREY))


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_orientations_that_do_not_exist_turn_nothing(tmp_path, value):
    oriented(tmp_path / "a.png", GREY, value)
    assert np.array_equal(read(tmp_path / "a.png").pixels, GREY)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@given(st.binary(max_size=60), st.booleans())
def test_damaged_exif_data_is_told(tmp_path_factory, junk, begins_well):
    content = (b"II*\0\x08\0\0\0" if begins_well else b"") + junk
    path = put(tmp_path_factory.mktemp("exif") / "a.png", png(GREY, 8, 0, chunk(b"eXIf", content)))
    found = read(path)
    assert sorted(found.pixels.ravel()) == sorted(GREY.ravel())
    for note in found.header.notes:
        assert note.startswith("its EXIF data cannot be read")
        assert np.array_equal(found.pixels, GREY)


def test_exif_data_of_another_kind_is_told(tmp_path):
    found = read(put(tmp_path / "a.png", png(GREY, 8, 0, chunk(b"eXIf", b"no EXIF at all"))))
    assert np.array_equal(found.pixels, GREY)
    assert len(found.header.notes) == 1


def test_turning_and_turning_back():
    back = {6: 8, 8: 6}
    for value in range(10):
        assert np.array_equal(upright(upright(RGB, value), back.get(value, value)), RGB)
