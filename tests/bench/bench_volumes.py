"""NIfTI, NRRD and MetaImage: our decoders against nibabel and SimpleITK."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel
import numpy as np
import SimpleITK
from scipy.ndimage import gaussian_filter

from bench.measuring import Row, alternately, one_core, row
from segbench.decoders.decoder import Choices
from segbench.decoders.registry import decoder_of, header_of, read

SHAPE = (80, 240, 240)
AIM = 0.9


def by_nibabel(path: Path) -> np.ndarray:
    """The array in memory, as nibabel reads it; channels, which it puts first, last."""
    array = np.array(nibabel.load(path).dataobj)
    return array if array.ndim == 3 else np.ascontiguousarray(array.transpose(2, 1, 0, 3))


def by_simpleitk(path: Path) -> np.ndarray:
    """The array, as SimpleITK reads it."""
    return np.asarray(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))))


def volumes() -> dict[str, np.ndarray]:
    """A noisy scan, a label map, and a scan of four channels (z, y, x, channel)."""
    rng = np.random.default_rng(0)
    smooth = gaussian_filter(rng.normal(size=SHAPE).astype(np.float32), 4)
    scan = (smooth / smooth.std() * 300 + rng.normal(0, 20, SHAPE) + 1000).astype(np.int16)
    return {
        "scan": scan,
        "label map": (smooth > smooth.std()).astype(np.uint8),
        "four channels": np.stack([scan[:40].astype(np.float32)] * 4, axis=-1),
    }


def made(folder: Path) -> Iterator[tuple[Path, np.ndarray]]:
    """Each kind of file, and its array."""
    affine = np.diag([0.5, 0.7, 3.0, 1.0])
    for name, array in volumes().items():
        for ending in (".nii.gz", ".nii"):
            path = folder / f"{name}{ending}"
            stored = array.transpose(2, 1, 0, *range(3, array.ndim))
            nibabel.save(nibabel.Nifti1Image(stored, affine), path)
            yield path, array
        image = SimpleITK.GetImageFromArray(array, isVector=array.ndim == 4)
        for ending, packed in ((".nrrd", True), (".mha", True), (".mhd", False)):
            path = folder / f"{name}{ending}"
            SimpleITK.WriteImage(image, str(path), useCompression=packed)
            yield path, array


def measure() -> Iterator[Row]:
    """One row a file, then headers and a window."""
    with TemporaryDirectory() as name, one_core():
        for path, array in made(Path(name)):
            nifti = ".nii" in path.name
            bare, library = (by_nibabel, "nibabel") if nifti else (by_simpleitk, "SimpleITK")
            if not np.array_equal(read(path).pixels, array):
                raise AssertionError(f"{path.name} is read wrongly")
            ours, peers = alternately(lambda: read(path), lambda: bare(path), 15)  # noqa: B023
            shape = " x ".join(map(str, array.shape))
            yield row(f"read {path.name}", ours, library, peers, AIM, f"{shape} {array.dtype}")
        path = Path(name) / "scan.nii.gz"
        ours, peers = alternately(lambda: header_of(path), lambda: nibabel.load(path), 50)
        yield row("header of scan.nii.gz", ours, "nibabel", peers, None, "compared in mm, too")
        path, window = Path(name) / "scan.nii", (slice(10, 20), slice(0, 64), slice(0, 64))
        ours, peers = alternately(
            lambda: decoder_of(path).window(path, Choices(), window),
            lambda: np.array(nibabel.load(path).dataobj[:64, :64, 10:20]),
            20,
        )
        yield row("10 x 64 x 64 of scan.nii", ours, "nibabel", peers, AIM, "a window")
