from __future__ import annotations

import numpy as np
import pytest

from segbench.archives import ArchiveSet, ArchiveWriter
from segbench.prediction.sources import ArrayVolume, StoredVolume, image_of

VOLUME = np.random.default_rng(0).integers(0, 1000, (70, 66, 20, 2)).astype(np.uint16)


@pytest.fixture
def samples(tmp_path):
    with ArchiveWriter(tmp_path / "v.zarr.zip", {"axes": "zyxc", "image_scale": 0.5}) as writer:
        writer.add("v", {"image": VOLUME})
    return ArchiveSet([tmp_path / "v.zarr.zip"])


@pytest.fixture(params=["stored", "array"])
def source(request, samples):
    if request.param == "stored":
        return image_of(samples, "v", "zyxc")
    return ArrayVolume(VOLUME, np.float32(0.5))


@pytest.mark.parametrize(
    ("start", "stop"),
    [((0, 0, 0), (70, 66, 20)), ((60, 60, 3), (70, 66, 4)), ((5, 0, 1), (9, 1, 2))],
)
def test_windows_are_scaled_float32(source, start, stop):
    found = source.window(start, stop)
    assert source.shape == VOLUME.shape
    assert found.dtype == np.float32
    wanted = VOLUME[tuple(map(slice, start, stop))].astype(np.float32) * np.float32(0.5)
    np.testing.assert_array_equal(found, wanted)


def test_a_slab_is_read_once(samples):
    asked = []
    read = samples.read_window
    samples.read_window = lambda *window: (asked.append(window[2:]), read(*window))[1]
    volume = image_of(samples, "v", "zyxc")
    assert isinstance(volume, StoredVolume)
    for z in (0, 32):
        for y in (0, 20, 40):
            volume.window((z, y, 0), (z + 32, y + 20, 20))
    assert asked == [((0,), (32,)), ((32,), (64,))]


def test_images_are_read_whole(tmp_path):
    with ArchiveWriter(tmp_path / "i.zarr.zip", {"axes": "yxc"}) as writer:
        writer.add("i", {"image": VOLUME[0]})
    image = image_of(ArchiveSet([tmp_path / "i.zarr.zip"]), "i", "yxc")
    np.testing.assert_array_equal(image, VOLUME[0].astype(np.float32))
