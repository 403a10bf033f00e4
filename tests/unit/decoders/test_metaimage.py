"""MetaImages: axes, place, checksums, data files."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from segbench.decoders.decoder import Choices
from segbench.decoders.listing import list_images
from segbench.errors import SegbenchError
from unit.decoders.itk_files import write_meta

sitk = pytest.importorskip("SimpleITK")

from segbench.decoders.metaimage import DECODER  # noqa: E402

NO_CHOICES = Choices()
VOLUME = np.arange(2 * 3 * 4, dtype="<i2").reshape(2, 3, 4)
PLACE = ("TransformMatrix = 0 1 0 -1 0 0 0 0 1", "Offset = 1 2 3", "ElementSpacing = 0.5 0.7 3")


def test_place_and_voxel_size(tmp_path):
    path = write_meta(tmp_path / "a.mha", VOLUME, *PLACE)
    found = DECODER.read(path, NO_CHOICES)
    np.testing.assert_array_equal(found.pixels, VOLUME)
    assert found.header.spacing_mm == (3.0, 0.7, 0.5)
    # x runs to posterior, y to the right: MetaImage says left and posterior, one axis a row.
    want = [[0, 0.7, 0, -1], [-0.5, 0, 0, -2], [0, 0, 3, 3], [0, 0, 0, 1]]
    np.testing.assert_allclose(found.header.affine, want)


def test_what_is_not_said_is_none(tmp_path):
    path = write_meta(tmp_path / "a.mha", VOLUME)
    assert DECODER.header(path, NO_CHOICES).spacing_mm is None
    path = write_meta(tmp_path / "b.mha", VOLUME, "ElementSize = 1 1 2")
    found = DECODER.header(path, NO_CHOICES)
    assert (found.spacing_mm, found.affine) == ((2.0, 1.0, 1.0), None)


def test_channels_are_last_and_pictures_are_pictures(tmp_path):
    stored = np.arange(48, dtype=np.uint8).reshape(2, 3, 4, 2)
    found = DECODER.read(write_meta(tmp_path / "a.mha", stored, values=2), NO_CHOICES)
    assert found.header.axes == "zyxc"
    np.testing.assert_array_equal(found.pixels, stored)
    found = DECODER.read(write_meta(tmp_path / "b.mha", VOLUME[0]), NO_CHOICES)
    assert found.header.axes == "yx"
    np.testing.assert_array_equal(found.pixels, VOLUME[0])


@pytest.mark.parametrize("big", [False, True])
def test_the_checksum_of_compressed_pixels_is_looked_at(tmp_path, big):
    stored = np.arange(4000, dtype="<i2").reshape(10, 20, 20)
    packed = zlib.compress((stored.byteswap() if big else stored).tobytes())
    fields = (
        "CompressedData = True", f"CompressedDataSize = {len(packed)}",
        f"BinaryDataByteOrderMSB = {big}",
    )  # fmt: skip
    path = write_meta(tmp_path / "a.mha", stored, *fields, data=packed)
    np.testing.assert_array_equal(DECODER.read(path, NO_CHOICES).pixels, stored)
    for place in (len(packed) // 2, len(packed) - 1):
        broken = bytearray(packed)
        broken[place] ^= 1
        write_meta(path, stored, *fields, data=bytes(broken))
        with pytest.raises(SegbenchError, match=r"a\.mha: cannot be decoded .*checksum"):
            DECODER.read(path, NO_CHOICES)


def test_files_cut_short_are_refused_by_name(tmp_path):
    path = write_meta(tmp_path / "a.mha", VOLUME, data=VOLUME.tobytes()[:-3])
    with pytest.raises(SegbenchError, match=r"a\.mha: cannot be decoded") as caught:
        DECODER.read(path, NO_CHOICES)
    assert "No such file" not in str(caught.value)
    path.write_bytes(b"")
    with pytest.raises(SegbenchError, match=r"a\.mha: cannot be decoded"):
        DECODER.header(path, NO_CHOICES)


def test_a_header_and_its_data_are_one_image(tmp_path):
    path = write_meta(tmp_path / "a.mhd", VOLUME, *PLACE)
    entries, others = list_images(tmp_path)
    assert [(one.name, one.parts, one.stem) for one in entries] == [
        ("a.mhd", ("a.mhd", "a.raw"), "a")
    ]
    assert others == []
    np.testing.assert_array_equal(DECODER.read(path, NO_CHOICES).pixels, VOLUME)


def test_a_mask_keeps_place_and_unit(tmp_path):
    path = write_meta(tmp_path / "a.mhd", VOLUME, *PLACE, "DistanceUnits = um")
    image = DECODER.header(path, NO_CHOICES)
    assert image.spacing_mm == (0.003, 0.0007, 0.0005)
    label = (VOLUME % 5).astype(np.uint8)
    for name in ("m.mha", "n.mha"):
        DECODER.write_mask(label, tmp_path / name, path, NO_CHOICES)
    found = DECODER.read(tmp_path / "m.mha", NO_CHOICES)
    np.testing.assert_array_equal(found.pixels, label)
    np.testing.assert_allclose(found.header.affine, image.affine)
    assert (tmp_path / "m.mha").read_bytes() == (tmp_path / "n.mha").read_bytes()
