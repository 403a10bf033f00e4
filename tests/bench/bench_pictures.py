"""Pictures, NumPy arrays and HDF5: our decoders against the bare library of each format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py
import imagecodecs
import numpy as np
from PIL import Image

from bench.measuring import Row, alternately, micrograph, one_core, row
from segbench.decoders.registry import header_of, read

SIDE = 1024
AIM = 0.9


def pillow(path: Path) -> np.ndarray:
    """What Pillow reads, and nothing else."""
    with Image.open(path) as image:
        return np.asarray(image)


def png_16(path: Path) -> np.ndarray:
    """Pillow would cut the channels down to 8 bits."""
    return np.asarray(imagecodecs.png_decode(path.read_bytes()))


def hdf5(path: Path) -> np.ndarray:
    """The dataset, as h5py reads it."""
    with h5py.File(path) as file:
        return np.asarray(file["raw"][()])


def write_hdf5(path: Path, volume: np.ndarray) -> None:
    """A volume in chunks, deflated, with named axes."""
    with h5py.File(path, "w") as file:
        made = file.create_dataset("raw", data=volume, chunks=True, compression="gzip")
        for place, axis in enumerate("zyx"):
            made.dims[place].label = axis


def made(folder: Path) -> Iterator[tuple[str, Path, str, Callable[[Path], np.ndarray]]]:
    """Each kind: what it is, its file, the bare library and how it reads."""
    grey, label = micrograph(SIDE)
    rgb = np.dstack([grey, grey[::-1], grey[:, ::-1]])
    pictures: dict[str, tuple[Any, dict[str, Any]]] = {
        "grey.png": (grey, {}),
        "RGB.png": (rgb, {}),
        "label map.png": (label, {}),
        "RGB.jpg": (rgb, {"quality": 92}),
        "grey.bmp": (grey, {}),
        "RGB.webp": (rgb, {"lossless": True}),
        "palette.gif": (Image.fromarray(rgb).quantize(64), {}),
    }
    for name, (pixels, options) in pictures.items():
        image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
        image.save(folder / name, **options)
        yield name, folder / name, "Pillow", pillow
    deep = folder / "RGB of 16 bits.png"
    deep.write_bytes(imagecodecs.png_encode(rgb.astype(np.uint16) * 257))
    yield deep.name, deep, "imagecodecs", png_16
    volume = np.stack([grey] * 16)
    np.save(folder / "volume.npy", volume)
    yield "volume.npy", folder / "volume.npy", "NumPy", np.load
    np.savez_compressed(folder / "volume.npz", image=volume)
    yield "volume.npz", folder / "volume.npz", "NumPy", lambda path: np.load(path)["image"]
    write_hdf5(folder / "volume.h5", volume)
    yield "volume.h5", folder / "volume.h5", "h5py", hdf5


def measure() -> Iterator[Row]:
    """One row a kind, and of the header of a PNG file."""
    with TemporaryDirectory() as name, one_core():
        for what, path, library, bare in made(Path(name)):
            same = np.array_equal(read(path).pixels, bare(path))
            if not same:
                raise AssertionError(f"{what}: {library} and ours disagree")
            ours, peers = alternately(lambda: read(path), lambda: bare(path), 9)  # noqa: B023
            yield row(f"read {what}", ours, library, peers, AIM, f"{path.stat().st_size:,} bytes")
        path = Path(name) / "RGB.png"
        ours, peers = alternately(lambda: header_of(path), lambda: Image.open(path).close(), 50)
        yield row("header of RGB.png", ours, "Pillow", peers, None, "and its EXIF orientation")
