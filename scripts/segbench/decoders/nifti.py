"""NIfTI files as arrays (z, y, x, channel), and back.

A NIfTI array is (x, y, z) or (x, y, z, channel). Its axes are reversed here, nothing else:
no voxel is flipped, rotated or resampled, whatever the affine says. Reversing the axes of an
array and of a spacing therefore leads back to the file's own grid.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.decoder import Choices, Decoded, Decoder, Header
from segbench.decoders.faults import naming
from segbench.errors import SegbenchError

#: Endings of NIfTI files.
ENDINGS = (".nii.gz", ".nii")

#: Millimetres in the units that a header can name; without a unit it is millimetres.
_MILLIMETRES = {"mm": 1.0, "unknown": 1.0, "micron": 1e-3, "meter": 1e3}

#: First four bytes of a header, in both byte orders, and its length in bytes.
_HEADER_LENGTHS = {
    struct.pack(order + "i", length): length for order in "<>" for length in (348, 540)
}

_GZIP_SIGNATURE = b"\x1f\x8b"


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn what gzip, struct and nibabel raise into an error that names the file."""
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    faults = (ImageFileError, HeaderDataError, WrapStructError)
    with naming(path, "NIfTI file (.nii.gz or .nii)", *faults):
        yield


def read_nifti(path: Path) -> np.ndarray:
    """Read a NIfTI-1 or NIfTI-2 file; the checksum of compressed files is verified.

    Parameters
    ----------
    path : Path
        ``.nii.gz`` or ``.nii``, of two to four axes.

    Returns
    -------
    ndarray
        (z, y, x, channel); (y, x, channel) of a file that has one slice. In the file's own
        dtype, native and contiguous; float32 where the header scales the values.

    Raises
    ------
    SegbenchError
        The file is absent, damaged, or has other axes.
    """
    with _naming(path):
        data = path.read_bytes()
        if data.startswith(_GZIP_SIGNATURE):
            # All of it, so that a wrong checksum at the end is seen.
            data = gzip.decompress(data)
        header = _header(data)
        dtype, shape = header.get_data_dtype(), tuple(map(int, header.get_data_shape()))
        count = int(np.prod(shape, dtype=np.int64))
        stored = np.frombuffer(data, dtype, count, int(header.get_data_offset()))
        slope, intercept = header.get_slope_inter()
    if dtype.kind not in "iuf" or count == 0:
        raise SegbenchError(
            f"{path}: holds {dtype} values of shape {shape}",
            "whole numbers or floats, of one voxel or more",
            "save the file as a plain volume",
        )
    array = _reversed(path, stored.reshape(shape, order="F"))
    if slope is not None and (slope, intercept) != (1.0, 0.0):
        return np.asarray(array.astype(np.float32) * np.float32(slope) + np.float32(intercept))
    return np.ascontiguousarray(array, dtype=dtype.newbyteorder("="))


def _header(data: bytes) -> Any:
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    length = _HEADER_LENGTHS.get(data[:4], 0)
    if not length or len(data) < length:
        raise ValueError("it does not begin with a NIfTI header")
    kind: Any = Nifti1Header if length == 348 else Nifti2Header
    return kind.from_fileobj(BytesIO(data[:1024]), check=True)


def _reversed(path: Path, array: np.ndarray) -> np.ndarray:
    """Axes (x, y, z, channel) of a file as (z, y, x, channel), without a z of one slice."""
    shape = array.shape
    if array.ndim == 5 and shape[3] == 1:  # a vector image: the fourth axis is time
        array = array[:, :, :, 0]
    elif array.ndim == 2:
        array = array[:, :, None, None]
    elif array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4:
        raise SegbenchError(
            f"{path}: has the shape {shape}",
            "(x, y), (x, y, z) or (x, y, z, channel)",
            "save one volume per file",
        )
    array = array.transpose(2, 1, 0, 3)
    return array[0] if array.shape[0] == 1 else array


def spacing_mm(path: Path) -> tuple[float, ...] | None:
    """Size of a voxel as the header says it; reads the header only.

    Returns
    -------
    tuple of float or None
        (z, y, x) in millimetres, (y, x) of a file with one slice; None if the header holds
        no positive, finite numbers.
    """
    header = _open(path).header
    with _naming(path):
        shape = header.get_data_shape()
        unit = _MILLIMETRES.get(header.get_xyzt_units()[0], 1.0)
    # The header holds float32; 0.7 is meant where 0.69999999 is stored.
    zooms = [float(str(np.float32(zoom))) * unit for zoom in header.get_zooms()[:3]]
    if not all(0 < zoom < np.inf for zoom in zooms):
        return None
    if len(zooms) == 3 and shape[2] == 1:
        zooms = zooms[:2]
    return tuple(reversed(zooms))


def spatial_shape(path: Path) -> tuple[int, ...]:
    """Number of voxels (z, y, x), (y, x) of a file with one slice; reads the header only."""
    shape = tuple(map(int, _open(path).shape[:3]))
    if len(shape) == 3 and shape[2] == 1:
        shape = shape[:2]
    return shape[::-1]


def affine_of(path: Path) -> np.ndarray:
    """The file's affine: voxel (x, y, z, 1) to millimetres, right, anterior, superior.

    Returns
    -------
    ndarray of float64, (4, 4)
    """
    image = _open(path)
    return np.asarray(image.affine, np.float64)


def _open(path: Path) -> Any:
    import nibabel

    with _naming(path):
        return nibabel.load(path)


def nifti_bytes(array: np.ndarray, affine: np.ndarray) -> bytes:
    """A compressed NIfTI-1 file; equal arrays give equal bytes.

    Parameters
    ----------
    array : ndarray
        (z, y, x) or (z, y, x, channel).
    affine : ndarray, (4, 4)
        Of the voxels (x, y, z, 1), as `affine_of` gives it.

    Returns
    -------
    bytes
        Content of a ``.nii.gz`` file, without a name or a clock in it.
    """
    import nibabel

    make: Any = nibabel.Nifti1Image
    image = make(array.transpose(2, 1, 0, *range(3, array.ndim)), affine)
    image.header.set_xyzt_units("mm", "sec")
    return gzip.compress(image.to_bytes(), compresslevel=6, mtime=0)


class NiftiDecoder(Decoder):
    """Reads NIfTI-1 and NIfTI-2 files."""

    name = "NIfTI"
    mask_ending = ".nii.gz"

    def header(self, path: Path, choices: Choices) -> Header:
        """See `Decoder.header`."""
        return self.read(path, choices).header

    def read(self, path: Path, choices: Choices) -> Decoded:
        """See `Decoder.read`."""
        pixels = read_nifti(path)
        axes = "yxc" if pixels.ndim == 3 else "zyxc"
        if pixels.shape[-1] == 1:
            pixels, axes = pixels[..., 0], axes[:-1]
        header = Header(
            axes, pixels.shape, pixels.dtype, spacing_mm=spacing_mm(path), affine=affine_of(path)
        )
        return Decoded(header, pixels)

    def write_mask(
        self,
        label: np.ndarray,
        path: Path,
        source: Path,
        choices: Choices,
        names: Mapping[int, str] = {},
    ) -> None:
        """See `Decoder.write_mask`."""
        volume = label if label.ndim == 3 else label[None]
        path.write_bytes(nifti_bytes(volume, affine_of(source)))


#: The decoder of this module.
DECODER = NiftiDecoder()
