"""TIFF files of several kinds read, against bare tifffile; memory of a window of 2 GB."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tifffile

sys.path.insert(0, str(Path(__file__).parent))

from measuring import Row, alternately, micrograph, one_core, peak_memory_mb, row

from segbench.decoders.registry import read

#: Name -> axes of the file, its options.
KINDS = {
    "RGB": ("YXS", {"photometric": "rgb"}),
    "RGB, LZW tiles": ("YXS", {"photometric": "rgb", "compression": "lzw", "tile": (256, 256)}),
    "ImageJ, channels": ("CYX", {"imagej": True, "metadata": {"axes": "CYX"}}),
    "OME, deflate": ("ZYX", {"ome": True, "compression": "zlib", "metadata": {"axes": "ZYX"}}),
}
#: About the size of the slides of the dataset organ_crypts.
SIDE = 4600
TILE = 512
WINDOW = """
from pathlib import Path
from segbench.decoders.registry import NO_CHOICES, decoder_of
path = Path("PATH")
part = (slice(300, 2348), slice(300, 2348))
assert decoder_of(path).window(path, NO_CHOICES, part).shape == (2048, 2048, 3)
"""


def write_tiles(path: Path, side: int) -> None:
    """An RGB file of tiles of noise, one after another."""
    tile = np.random.default_rng(0).integers(0, 256, (TILE, TILE, 3), np.uint8)
    tiles = (tile for _ in range((side // TILE) ** 2))
    tifffile.imwrite(
        path, tiles, shape=(side, side, 3), dtype=np.uint8, photometric="rgb", tile=(TILE, TILE),
        bigtiff=True,
    )  # fmt: skip


def whole(folder: Path) -> Iterator[Row]:
    """Whole files: the same pixels in as many seconds."""
    grey, _ = micrograph(SIDE)
    planes = np.stack([grey, grey[::-1], 255 - grey])
    for name, (axes, options) in KINDS.items():
        path = folder / "a.tif"
        tifffile.imwrite(path, np.moveaxis(planes, 0, -1) if axes == "YXS" else planes, **options)
        found = read(path)
        pixels = found.pixels if found.header.axes == "zyx" else np.moveaxis(found.pixels, -1, 0)
        if not np.array_equal(pixels, planes):
            raise AssertionError("the pixels are others")
        ours, peers = alternately(
            lambda path=path: read(path), lambda path=path: tifffile.imread(path), 7
        )
        what = f"reading a TIFF of 3 x {SIDE} x {SIDE} px, {name}"
        yield row(what, ours, "tifffile", peers, 0.9, "from the page cache")


def measure() -> list[Row]:
    """Measure reading files and a window, and check that both give the same pixels.

    Returns
    -------
    list of dict
        name, ours_s, peer, peer_s, ratio (peer / ours), aim, note.
    """
    with TemporaryDirectory() as folder, one_core():
        rows = list(whole(Path(folder)))
        peaks = []
        for side in (8 * TILE, 52 * TILE):
            path = Path(folder) / f"{side}.tif"
            write_tiles(path, side)
            peaks.append(peak_memory_mb(WINDOW.replace("PATH", str(path))))
            path.unlink()
    few, many = peaks
    note = "RGB, tiles of 512, not compressed; with Python and its libraries"
    name = "peak memory, window of 2048 x 2048 px of a TIFF of 2 GB"
    return [*rows, row(name, many, "of 50 MB", few, 0.9, note, "MB")]


if __name__ == "__main__":
    for line in measure():
        print(line)
