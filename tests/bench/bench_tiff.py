"""A published image of 27 MB: read as an uncompressed TIFF, against Pillow."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tifffile
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from measuring import Row, alternately, one_core, row

from segbench.datasets.published import read_colour

SIDE = 3000


def measure() -> list[Row]:
    """Measure reading one file, and check that both give the same pixels.

    Returns
    -------
    list of dict
        name, ours_s, peer, peer_s, ratio (peer / ours), aim, note.
    """
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    with TemporaryDirectory() as folder, one_core():
        path = Path(folder) / "a.tiff"
        tifffile.imwrite(path, pixels, photometric="rgb")
        if not (read_colour(path) == np.asarray(Image.open(path))).all():
            raise AssertionError("Pillow and ours disagree")
        ours, peers = alternately(
            lambda: read_colour(path), lambda: np.asarray(Image.open(path)), 5
        )
    what = f"reading an RGB TIFF of {SIDE} x {SIDE} px"
    return [row(what, ours, "Pillow", peers, 2.0, "same pixels, read from the page cache")]


if __name__ == "__main__":
    for line in measure():
        print(line)
