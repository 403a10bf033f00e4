"""Windows hold what the array holds, and only their tiles are decoded."""

from __future__ import annotations

import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.decoders.decoder import Choices
from segbench.decoders.tiff import DECODER
from unit.decoders.tiffs import PLAIN

CELLS = np.random.default_rng(5).integers(0, 60000, (4, 3, 50, 70)).astype(np.uint16)
STORED = {
    "mapped": {"metadata": {"axes": "ZCYX"}},
    "mapped big-endian": {"byteorder": ">", "metadata": {"axes": "ZCYX"}},
    "strips": {"compression": "zlib", "rowsperstrip": 7, "metadata": {"axes": "ZCYX"}},
    "tiles": {"compression": "lzw", "tile": (16, 32), "metadata": {"axes": "ZCYX"}},
    "plain tiles": {"tile": (16, 16), "metadata": {"axes": "ZCYX"}},
    "imagej": {"imagej": True, "metadata": {"axes": "ZCYX"}},
    "ome": {"ome": True, "compression": "zlib", "metadata": {"axes": "ZCYX"}},
    "rows of columns": {"compression": "zlib", "metadata": {"axes": "YCXZ"}},
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """One file of each storage, and its array."""
    folder = tmp_path_factory.mktemp("windows")
    found = {}
    for name, options in STORED.items():
        tifffile.imwrite(folder / f"{name}.tif", CELLS, photometric="minisblack", **options)
        found[name] = (folder / f"{name}.tif", DECODER.read(folder / f"{name}.tif", PLAIN).pixels)
    return found


@st.composite
def windows(draw, size):
    parts = []
    for side in size:
        start = draw(st.integers(0, side - 1))
        parts.append(slice(start, draw(st.integers(start + 1, side))))
    return tuple(parts)


@settings(max_examples=60)
@given(st.data())
def test_every_window_is_a_part_of_the_array(stored, data):
    path, pixels = stored[data.draw(st.sampled_from(sorted(STORED)))]
    window = data.draw(windows(pixels.shape[:3]))
    found = DECODER.window(path, PLAIN, window)
    assert found.dtype == pixels.dtype
    assert np.array_equal(found, pixels[window])


@settings(max_examples=30)
@given(st.integers(1, 8), st.sampled_from(["contig", "separate"]), st.booleans(), st.data())
def test_windows_are_upright(orientation, planar, tiled, data):
    pixels = CELLS[0].astype(np.uint8)
    if planar == "contig":
        pixels = np.moveaxis(pixels, 0, -1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tif"
        tifffile.imwrite(
            path, pixels, photometric="rgb", planarconfig=planar, compression="zlib",
            tile=(16, 16) if tiled else None, extratags=[(274, "H", 1, orientation, True)],
        )  # fmt: skip
        whole = DECODER.read(path, PLAIN).pixels
        window = data.draw(windows(whole.shape[:2]))
        assert np.array_equal(DECODER.window(path, PLAIN, window), whole[window])


def test_windows_of_jpeg_tiles_with_shared_tables(tmp_path):
    pixels = np.moveaxis(CELLS[0], 0, -1).astype(np.uint8)
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, photometric="rgb", compression="jpeg", tile=(16, 16)
    )
    whole = DECODER.read(tmp_path / "a.tif", PLAIN).pixels
    window = (slice(10, 37), slice(20, 70))
    assert np.array_equal(DECODER.window(tmp_path / "a.tif", PLAIN, window), whole[window])


def test_windows_of_appended_pages_and_of_axes_of_the_user(tmp_path):
    for page in CELLS[:, 0]:
        tifffile.imwrite(tmp_path / "a.tif", page, append=True)
    window = (slice(1, 3), slice(5, 40), slice(0, 70))
    assert np.array_equal(DECODER.window(tmp_path / "a.tif", PLAIN, window), CELLS[:, 0][window])
    found = DECODER.window(tmp_path / "a.tif", Choices(axes="cyx"), window[1:])
    assert np.array_equal(found, np.moveaxis(CELLS[:, 0], 0, -1)[window[1:]])


@pytest.mark.parametrize("options", [{}, {"compression": "zlib", "tile": (256, 256)}])
def test_memory_does_not_grow_with_the_file(tmp_path, options):
    window = (slice(100, 400), slice(300, 600))
    peaks = []
    for side in (1024, 4096):
        path = tmp_path / f"{side}.tif"
        tifffile.imwrite(path, np.full((side, side), 7, np.uint16), **options)
        DECODER.window(path, PLAIN, window)  # loads the libraries
        tracemalloc.start()
        found = DECODER.window(path, PLAIN, window)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (found == 7).all()
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 2 * 2**20
