"""NIfTI files as arrays (z, y, x[, channel]), and masks like them.

A NIfTI array is (x, y, z) or (x, y, z, channel). Its axes are reversed here, nothing else:
no voxel is flipped, rotated or resampled, whatever the affine says. Reversing the axes of an
array and of a spacing therefore leads back to the file's own grid.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.decoder import Choices, Decoded, Decoder, Header
from segbench.decoders.faults import naming
from segbench.decoders.nifti_grids import grid_of
from segbench.decoders.volume_axes import Axes, axes_of
from segbench.errors import SegbenchError

#: First four bytes of a header, in both byte orders, and its length in bytes.
_HEADER_LENGTHS = {
    struct.pack(order + "i", length): length for order in "<>" for length in (348, 540)
}
_LONGEST = max(_HEADER_LENGTHS.values())

_GZIP_SIGNATURE = b"\x1f\x8b"

#: What a mask keeps of its image's header: where the voxels lie.
_PLACE = (
    "dim_info", "xyzt_units", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d",
    "qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z",
)  # fmt: skip


class NiftiDecoder(Decoder):
    """Reads NIfTI-1 and NIfTI-2 files in one file (.nii), compressed or not."""

    name = "NIfTI"
    mask_ending = ".nii.gz"

    def header(self, path: Path, choices: Choices) -> Header:
        """See `Decoder.header`."""
        with _naming(path):
            return _Layout.of(path, _beginning(path), choices).header

    def read(self, path: Path, choices: Choices) -> Decoded:
        """See `Decoder.read`."""
        with _naming(path):
            layout = _Layout.of(path, _beginning(path), choices)
            where = layout.stored, layout.count
            if _is_packed(path):
                size = layout.offset + layout.count * layout.stored.itemsize
                stored = np.frombuffer(_unpacked(path, size), *where, layout.offset)
            else:
                stored = np.fromfile(path, *where, offset=layout.offset)
            if len(stored) < layout.count:
                raise ValueError(f"{len(stored)} of {layout.count} values are there")
        return Decoded(layout.header, layout.values(layout.in_order(stored)))

    def window(self, path: Path, choices: Choices, window: tuple[slice, ...]) -> np.ndarray:
        """See `Decoder.window`: uncompressed files are read by windows."""
        with _naming(path):
            if _is_packed(path):
                return super().window(path, choices, window)
            layout = _Layout.of(path, _beginning(path), choices)
            stored = np.memmap(path, layout.stored, "r", layout.offset, (layout.count,))
            return np.array(layout.values(layout.in_order(stored)[window]))

    def write_mask(
        self,
        label: np.ndarray,
        path: Path,
        source: Path,
        choices: Choices,
        names: Mapping[int, str] = {},
    ) -> None:
        """See `Decoder.write_mask`; place, codes and units are those of the image's header."""
        import nibabel

        with _naming(source):
            image = _parsed(_beginning(source))
        flat = len(image.get_data_shape()) == 2
        stored = label.T if flat or label.ndim == 3 else label.T[..., None]
        header = type(image)()
        for name in _PLACE:
            header[name] = image[name]
        # The first is the handedness of the qform.
        header["pixdim"][:4] = np.nan_to_num(image["pixdim"][:4])
        header.set_data_dtype(label.dtype)
        kind: Any = nibabel.Nifti1Image if len(image.binaryblock) == 348 else nibabel.Nifti2Image
        path.write_bytes(_packed(kind(stored, None, header)))


@dataclass(frozen=True)
class _Layout:
    """Where a file's values are and what they mean."""

    header: Header
    axes: Axes
    stored: np.dtype
    offset: int
    count: int
    colours: int
    scale: tuple[float, float]

    @staticmethod
    def of(path: Path, data: bytes, choices: Choices) -> _Layout:
        """From the beginning of a file; exceptions of nibabel's are the caller's."""
        header = _parsed(data)
        dtype, colours = header.get_data_dtype(), 1
        if fields := dtype.fields:  # RGB24 and RGBA32
            dtype, colours = np.dtype(np.uint8), len(fields)
        if dtype.kind not in "iuf" or dtype.itemsize > 8:
            raise SegbenchError(
                f"{path}: holds {dtype} values",
                "whole numbers or floats of up to 64 bits, or colours",
                "save the file as a plain volume, e.g. the magnitude of complex values",
            )
        shape = tuple(map(int, header.get_data_shape()))
        axes = axes_of(path, shape, colours, choices.axes)
        slope, intercept = header.get_slope_inter()
        scale = (1.0, 0.0) if slope is None else (float(slope), float(intercept))
        values = dtype.newbyteorder("=")
        if scale != (1.0, 0.0):
            exact = dtype.itemsize < 4 or dtype == np.float32
            values = np.dtype(np.float32 if exact else np.float64)
        grid = grid_of(path, header, axes)
        described = Header(
            axes.names, axes.shape, values, grid.spacing_mm, grid.affine, grid.other_affine,
            colour=colours > 1, alpha=colours == 4, notes=grid.notes,
        )  # fmt: skip
        # Some writers leave it 0; the standard's own library then reads after the header.
        offset = max(int(header.get_data_offset()), int(header.single_vox_offset))
        count = int(np.prod(axes.stored, dtype=np.int64))
        return _Layout(described, axes, dtype, offset, count, colours, scale)

    def in_order(self, stored: np.ndarray) -> np.ndarray:
        """The file's values with the axes that are handed on, without a copy."""
        if self.colours == 1:
            return self.axes.in_order(stored.reshape(self.axes.stored, order="F"))
        spatial, colours = self.axes.stored[:3], self.axes.stored[3:]
        return self.axes.in_order(np.moveaxis(stored.reshape(colours + spatial, order="F"), 0, -1))

    def values(self, array: np.ndarray) -> np.ndarray:
        """Stored values as the header scales them, native and contiguous."""
        if self.scale == (1.0, 0.0):
            return np.ascontiguousarray(array, dtype=self.header.dtype)
        slope, intercept = map(self.header.dtype.type, self.scale)
        return np.ascontiguousarray(array.astype(self.header.dtype) * slope + intercept)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn what gzip, struct and nibabel raise into an error that names the file."""
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    faults = (ImageFileError, HeaderDataError, WrapStructError)
    with naming(path, "NIfTI file (.nii.gz or .nii)", *faults):
        yield


def _is_packed(path: Path) -> bool:
    """Whether a file is compressed, whatever its ending says."""
    with path.open("rb") as file:
        return file.read(2) == _GZIP_SIGNATURE


def _beginning(path: Path) -> bytes:
    """A file's header, unpacked."""
    opened = gzip.open if _is_packed(path) else open
    with opened(path, "rb") as file:
        return bytes(file.read(_LONGEST))


def _unpacked(path: Path, size: int) -> bytes | np.ndarray:
    """Unpack all of a file of this size, so that a wrong checksum at the end is seen."""
    import imagecodecs

    decode: Any = imagecodecs.gzip_decode  # takes arrays, too; much faster than Python's
    data = path.read_bytes()
    if int.from_bytes(data[-4:], "little") == size % 2**32:
        with suppress(imagecodecs.DeflateError):
            unpacked = np.empty(size, np.uint8)
            if len(decode(data, out=unpacked)) == size:
                return unpacked
    # Several members, more than the header says, or damage, of which this says what it is.
    return gzip.decompress(data)


def _parsed(data: bytes) -> Any:
    """The Nifti1Header or Nifti2Header at the beginning of a file."""
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    length = _HEADER_LENGTHS.get(data[:4], 0)
    if not length or len(data) < length:
        raise ValueError("it does not begin with a NIfTI header")
    kind: Any = Nifti1Header if length == 348 else Nifti2Header
    header = kind.from_fileobj(BytesIO(data[:_LONGEST]), check=False)
    # nibabel would make voxels of 0 mm 1 mm large.
    header["pixdim"][1:4][header["pixdim"][1:4] == 0] = np.nan
    header.check_fix()
    if header["magic"] == header.pair_magic:
        raise ValueError("its header is one of a pair of files (.hdr and .img)")
    return header


def _packed(image: Any) -> bytes:
    """A compressed file without a name or a clock in it: equal images give equal bytes."""
    return gzip.compress(image.to_bytes(), compresslevel=6, mtime=0)


def nifti_bytes(array: np.ndarray, affine: np.ndarray) -> bytes:
    """A compressed NIfTI-1 file; equal arrays give equal bytes.

    Parameters
    ----------
    array : ndarray
        (z, y, x) or (z, y, x, channel).
    affine : ndarray, (4, 4)
        Of the voxels (x, y, z, 1), in millimetres.

    Returns
    -------
    bytes
        Content of a ``.nii.gz`` file.
    """
    import nibabel

    make: Any = nibabel.Nifti1Image
    image = make(array.transpose(2, 1, 0, *range(3, array.ndim)), affine)
    image.header.set_xyzt_units("mm", "sec")
    return _packed(image)


#: The decoder of this module.
DECODER = NiftiDecoder()
