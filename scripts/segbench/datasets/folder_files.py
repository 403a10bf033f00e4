"""Find pictures and volumes by name and open them as arrays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from segbench.datasets.pixels import picture_size, read_pixels, read_tiff
from segbench.decoders.faults import naming
from segbench.decoders.listing import is_junk
from segbench.decoders.nifti import read_nifti, spatial_shape
from segbench.decoders.pictures import open_picture, verify_png
from segbench.errors import SegbenchError

#: Endings of files that are read; the longest match counts.
ENDINGS = (".nii.gz", ".nii", ".png", ".tif", ".tiff", ".jpg", ".jpeg", ".npy")

#: Endings that are refused by name, as the user may well mean them to be read.
REFUSED = {
    ".npz": "save each array as a file of its own with numpy.save (.npy)",
    ".mat": "save each array with numpy.save (.npy) or as TIFF",
    ".gif": "save the picture as PNG",
    ".bmp": "save the picture as PNG",
    ".webp": "save the picture as PNG",
    ".dcm": "convert the series to NIfTI (.nii.gz), e.g. with dcm2niix",
    ".mha": "convert the volume to NIfTI (.nii.gz)",
    ".nrrd": "convert the volume to NIfTI (.nii.gz)",
}

_PNG_16_BIT_COLOUR = {(16, 2), (16, 6)}


def ending_of(name: str) -> str:
    """Ending of a file's name as it is written; empty if it is none of those that are read.

    Examples
    --------
    >>> ending_of("a.b.NII.GZ"), ending_of("notes.txt")
    ('.NII.GZ', '')
    """
    for ending in ENDINGS:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[-len(ending) :]
    return ""


def listing(folder: Path) -> list[str]:
    """Files below a folder that are read, as POSIX paths relative to it, sorted.

    What operating systems leave behind (``._a.png``, ``Thumbs.db``, hidden folders) is passed
    over, and so are files of other kinds, e.g. texts.

    Raises
    ------
    SegbenchError
        A file is of a kind that is often meant to be read, and is not (npz, DICOM, ...).
    """
    found = []
    for path in walk(folder):
        if ending_of(path.name):
            found.append(path.relative_to(folder).as_posix())
        elif path.suffix.lower() in REFUSED:
            raise unsupported(path)
    return sorted(found)


def walk(folder: Path) -> Iterator[Path]:
    """All files below a folder but hidden ones and what operating systems leave behind."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_junk(name))
        yield from (Path(place) / name for name in files if not is_junk(name))


def unsupported(path: Path) -> SegbenchError:
    """The error for a file that is not read, with how to convert it."""
    suffix = path.suffix.lower()
    return SegbenchError(
        f"{path}: unsupported file format {suffix}",
        f"a file ending in {', '.join(ENDINGS)}",
        REFUSED.get(suffix, "save it as PNG, TIFF or NIfTI"),
    )


def read_array(path: Path, palette: bool = False) -> np.ndarray:
    """Open a file as it is stored.

    Parameters
    ----------
    path : Path
        PNG, JPEG, TIFF, .npy or NIfTI.
    palette : bool
        Pictures with a palette give their indices, not their colours.

    Returns
    -------
    ndarray
        (y, x), (y, x, channel), (z, y, x) or (z, y, x, channel); bool, integers or floats.

    Raises
    ------
    SegbenchError
        The file is absent, damaged, or holds something else than a picture or a volume.
    """
    ending = ending_of(path.name).lower()
    if ending in {".nii", ".nii.gz"}:
        array = read_nifti(path)
        return array[..., 0] if array.shape[-1] == 1 else array
    if ending == ".npy":
        return _read_npy(path)
    if ending in {".tif", ".tiff"}:
        return read_tiff(path)[0]
    return _read_picture(path, palette)


def _read_npy(path: Path) -> np.ndarray:
    with naming(path, "plain array of numbers (pickled objects are refused: they can run code)"):
        array = np.load(path, allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf" or not array.size:
        raise SegbenchError(
            f"{path}: holds {getattr(array, 'dtype', 'no')} values of shape "
            f"{getattr(array, 'shape', ())}",
            "an array of numbers with rows and columns",
            "save one picture or volume per file",
        )
    if not 2 <= array.ndim <= 4:
        raise SegbenchError(
            f"{path}: has {array.ndim} axes",
            "(y, x), (y, x, channel), (z, y, x) or (z, y, x, channel)",
            "save one picture or volume per file",
        )
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))


def _read_picture(path: Path, palette: bool) -> np.ndarray:
    verify_png(path)
    with open_picture(path) as image:
        if image.mode in {"P", "PA", "LA"}:
            wanted = {"P": "P" if palette else "RGB", "PA": "RGBA", "LA": "LA"}[image.mode]
            if image.mode == "P" and "transparency" in image.info and not palette:
                wanted = "RGBA"
            return np.asarray(image.convert(wanted))
    with path.open("rb") as handle:
        head = handle.read(26)
    if head.startswith(b"\x89PNG") and (head[24], head[25]) in _PNG_16_BIT_COLOUR:
        import cv2

        # Pillow would cut 16 bits per channel down to 8 without a word.
        with naming(path):
            pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            if pixels is None:
                raise ValueError("no picture is found in it")
        return np.ascontiguousarray(pixels[..., [2, 1, 0, 3][: pixels.shape[2]]])
    return read_pixels(path)


def read_image_file(path: Path) -> np.ndarray:
    """Open an image.

    Parameters
    ----------
    path : Path
        As in `read_array`. An array of three axes is (y, x, channel) if the last has at most
        4 entries, else (z, y, x).

    Returns
    -------
    ndarray
        (y, x, channel) or (z, y, x, channel); an alpha channel of 255 throughout is dropped,
        1-bit pictures become 0 and 255.

    Raises
    ------
    SegbenchError
        As `read_array`; or the picture is partly transparent, or holds no finite number.
    """
    ending = ending_of(path.name).lower()
    if ending in {".nii", ".nii.gz"}:
        from segbench.decoders.nifti import read_nifti

        return read_nifti(path)
    array = read_array(path)
    if array.dtype == bool:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.ndim == 2 or (array.ndim == 3 and array.shape[-1] > 4):
        return array[..., None]
    if ending != ".npy" and array.shape[-1] in {2, 4} and array.dtype.kind == "u":
        return without_alpha(path, array)
    return array


def without_alpha(path: Path, array: np.ndarray) -> np.ndarray:
    """A picture or mask without its last channel, which must be opaque throughout.

    Raises
    ------
    SegbenchError
        It is partly transparent: what counts, colour or opacity, cannot be known.
    """
    opaque = np.iinfo(array.dtype).max if array.dtype.kind in "ui" else 1
    clear = array[..., -1] != opaque
    if clear.any():
        raise SegbenchError(
            f"{path}: has an alpha channel, and {float(clear.mean()):.1%} of its pixels are "
            f"transparent; {np.unique(array[~clear][:, :-1], axis=0).shape[0]} colours are opaque",
            "a picture without transparency: what lies under it is not defined",
            "save it on a black background without an alpha channel (e.g. `convert in.png "
            "-background black -alpha remove -alpha off out.png`)",
        )
    return np.ascontiguousarray(array[..., :-1])


def size_of(path: Path) -> tuple[int, ...]:
    """Size of an image, (y, x) or (z, y, x), from the file's header where that is possible."""
    ending = ending_of(path.name).lower()
    if ending in {".nii", ".nii.gz"}:
        return spatial_shape(path)
    if ending in {".png", ".jpg", ".jpeg"}:
        return picture_size(path)
    return read_image_file(path).shape[:-1]
