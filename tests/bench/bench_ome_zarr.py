"""OME-Zarr stores read, against bare zarr; memory of a window of 2 GB."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import zarr

sys.path.insert(0, str(Path(__file__).parent))

from measuring import Row, alternately, micrograph, one_core, peak_memory_mb, row

from segbench.decoders.registry import read

#: Axes -> Zarr format, chunks, shards.
KINDS: dict[str, tuple[int, tuple[int, ...], tuple[int, ...] | None]] = {
    "yx": (2, (512, 512), None),
    "cyx": (3, (1, 512, 512), None),
    "zyx": (3, (1, 512, 512), (3, 2048, 2048)),
}
SIDE = 4096
CHUNK = 512
WINDOW = """
from pathlib import Path
from segbench.decoders.registry import NO_CHOICES, decoder_of
path = Path("PATH")
part = (slice(300, 2348), slice(300, 2348))
assert decoder_of(path).window(path, NO_CHOICES, part).shape == (2048, 2048, 3)
"""


def write_store(
    path: Path, axes: str, shape: tuple[int, ...], version: int, **settings: Any
) -> zarr.Array:
    """An OME-Zarr image without pixels yet."""
    kinds = {"c": "channel"}
    multiscale = {
        "axes": [{"name": axis, "type": kinds.get(axis, "space")} for axis in axes],
        "datasets": [
            {
                "path": "0",
                "coordinateTransformations": [{"type": "scale", "scale": [1.0] * len(axes)}],
            }
        ],
    }
    ome: dict[str, Any] = {"multiscales": [multiscale]}
    attributes = {"ome": {"version": "0.5", **ome}} if version == 3 else ome
    group = zarr.create_group(path, zarr_format=version, attributes=attributes)
    if version == 3:
        settings["dimension_names"] = list(axes)
    return group.create_array("0", shape=shape, dtype="uint8", **settings)


def whole(folder: Path) -> Iterator[Row]:
    """Whole stores: the same pixels in as many seconds."""
    grey, _ = micrograph(SIDE)
    planes = np.stack([grey, grey[::-1], 255 - grey])
    for axes, (version, chunks, shards) in KINDS.items():
        path, pixels = folder / f"{axes}.zarr", grey if axes == "yx" else planes
        stored = write_store(path, axes, pixels.shape, version, chunks=chunks, shards=shards)
        stored[...] = pixels
        found = read(path).pixels
        if not np.array_equal(np.moveaxis(found, -1, 0) if axes == "cyx" else found, pixels):
            raise AssertionError("the pixels are others")

        def bare(path: Path = path, channels: bool = axes == "cyx") -> np.ndarray:
            array = zarr.open_array(path / "0", mode="r")[...]
            return np.ascontiguousarray(np.moveaxis(array, 0, -1)) if channels else array

        ours, peers = alternately(lambda path=path: read(path), bare, 7)
        size = " x ".join(map(str, pixels.shape))
        what = f"reading an OME-Zarr of {size} px, {axes}, Zarr {version}"
        yield row(what, ours, "zarr", peers, 0.9, f"chunks of {CHUNK}; channels last in both")


def measure() -> list[Row]:
    """Measure reading stores and a window, and check that both give the same pixels.

    Returns
    -------
    list of dict
        name, ours_s, peer, peer_s, ratio (peer / ours), aim, note.
    """
    noise = np.random.default_rng(0).integers(0, 256, (3, CHUNK, 52 * CHUNK), np.uint8)
    with TemporaryDirectory() as folder, one_core():
        rows = list(whole(Path(folder)))
        peaks = []
        for side in (8 * CHUNK, 52 * CHUNK):
            path = Path(folder) / f"{side}.zarr"
            shape = (3, side, side)
            stored = write_store(path, "cyx", shape, 3, chunks=(1, CHUNK, CHUNK), compressors=None)
            for start in range(0, side, CHUNK):
                stored[:, start : start + CHUNK] = noise[..., :side]
            peaks.append(peak_memory_mb(WINDOW.replace("PATH", str(path))))
    few, many = peaks
    note = "three channels, chunks of 512, not compressed; with Python and its libraries"
    name = "peak memory, window of 2048 x 2048 px of an OME-Zarr of 2 GB"
    return [*rows, row(name, many, "of 50 MB", few, 0.9, note, "MB")]


if __name__ == "__main__":
    for line in measure():
        print(line)
