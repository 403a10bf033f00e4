"""What every decoder provides: what a file says of its array, the array, and masks like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from segbench.errors import SegbenchError

#: Axes of an array as it is handed on: spatial axes in this order, channels last.
AXES = ("yx", "yxc", "zyx", "zyxc")


@dataclass(frozen=True)
class Choices:
    """What the user says of files that do not say it themselves (`layout` of a dataset).

    Attributes
    ----------
    axes : str or None
        Axes of the array as stored, of the letters z, y, x, c; instead of what the file says.
    dataset : str or None
        Name of the array in a file that holds several (HDF5, ``.npz``).
    level : int
        Level of a pyramid; 0 is full size.
    """

    axes: str | None = None
    dataset: str | None = None
    level: int = 0


class Entry(NamedTuple):
    """An image or mask found in a folder: a file, several files, or a folder.

    Attributes
    ----------
    name : str
        What a decoder opens; POSIX path relative to the folder that was listed.
    parts : tuple of str
        All files it consists of, relative to the same folder, `name` among them if it is a file.
    stem : str
        What pairs an image and its mask: `name` without its ending; of a series its folder.
    """

    name: str
    parts: tuple[str, ...]
    stem: str


@dataclass(frozen=True)
class Header:
    """What a file says of its array.

    Attributes
    ----------
    axes : str
        One of `AXES`: the axes of the array that `Decoder.read` returns.
    shape : tuple of int
        Of that array.
    dtype : dtype
        Of that array: as stored (bool for one bit), native byte order.
    spacing_mm : tuple of float or None
        Size of a pixel (y, x) or voxel (z, y, x); None: the file does not say it.
    affine : ndarray of float64, (4, 4), or None
        Index (x, y, z, 1) to millimetres: right, anterior, superior; None: not said.
    other_affine : ndarray of float64, (4, 4), or None
        Another place that the file gives and some programs take (NIfTI's qform).
    channels : tuple of str
        Names of the channels (of a segmentation with layers: its segments); empty: not said.
    colour : bool
        The channels are red, green, blue (and opacity).
    alpha : bool
        The file marks its last channel as opacity.
    palette : bool
        The values are places in a palette, which `Decoder.window` does not give.
    labels : mapping of int to str
        Names of the values of a label map, where the file gives them.
    partial : bool
        A segmentation that covers a part of its image's grid; the rest is background.
    notes : tuple of str
        What the user should be told, e.g. that two fields of the header disagree.
    """

    axes: str
    shape: tuple[int, ...]
    dtype: np.dtype
    spacing_mm: tuple[float, ...] | None = None
    affine: np.ndarray | None = None
    other_affine: np.ndarray | None = None
    channels: tuple[str, ...] = ()
    colour: bool = False
    alpha: bool = False
    palette: bool = False
    labels: Mapping[int, str] = field(default_factory=dict)
    partial: bool = False
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, ...]:
        """The spatial axes' lengths: (y, x) or (z, y, x)."""
        return self.shape[: len(self.axes.rstrip("c"))]


@dataclass(frozen=True)
class Decoded:
    """A file's array as stored.

    Attributes
    ----------
    header : Header
    pixels : ndarray
        As `header` says.
    palette : ndarray of uint8, (n, 3) or with opacity (n, 4), or None
        Colours of the values, where the file shows them so.
    """

    header: Header
    pixels: np.ndarray
    palette: np.ndarray | None = None


class Decoder:
    """Reads and writes the files of one format; base of all decoders.

    A decoder's module loads the format's library inside its functions, so that listing a
    folder does not.

    Attributes
    ----------
    name : str
        Of the format, for messages.
    packages : tuple of str
        Optional packages (envs/formats.in) that it needs, as they are installed.
    mask_ending : str
        Ending of the masks that `write_mask` writes.
    names_axes : bool
        Files say what their axes are; if not, they are guessed from the shape.
    """

    name: ClassVar[str]
    packages: ClassVar[tuple[str, ...]] = ()
    mask_ending: ClassVar[str]
    names_axes: ClassVar[bool] = True

    def entries(self, folder: Path, stems: Mapping[str, str]) -> list[Entry]:
        """Group files of one folder into images; by default each file is one.

        Parameters
        ----------
        folder : Path
        stems : mapping of str to str
            Names in `folder` that have one of the format's endings, sorted -> the name without.

        Returns
        -------
        list of Entry
            Names, parts and stems relative to `folder`. An entry of several files has the name of
            its first, from which `header` and `read` find the others; where it is all that the
            folder holds, its stem is ``.``: it is called as the folder.

        Raises
        ------
        SegbenchError
            It cannot be known which files belong together.
        """
        return [Entry(name, (name,), stem) for name, stem in stems.items()]

    def arrays(self, path: Path) -> list[str]:
        """Names that `Choices.dataset` can take; empty where a file holds one image.

        Raises
        ------
        SegbenchError
            The file cannot be opened.
        """
        return []

    def header(self, path: Path, choices: Choices) -> Header:
        """What the file says, without reading its pixels where the format allows it.

        Raises
        ------
        SegbenchError
            The file is absent, damaged, or holds what cannot be known or handed on.
        """
        raise NotImplementedError

    def read(self, path: Path, choices: Choices) -> Decoded:
        """The array as stored.

        Raises
        ------
        SegbenchError
            As `header`.
        """
        raise NotImplementedError

    def window(self, path: Path, choices: Choices, window: tuple[slice, ...]) -> np.ndarray:
        """A part of the array; formats with tiles read only that part.

        Parameters
        ----------
        window : tuple of slice
            With start and stop, one for each spatial axis.
        """
        return self.read(path, choices).pixels[window]

    def write_mask(
        self,
        label: np.ndarray,
        path: Path,
        source: Path,
        choices: Choices,
        names: Mapping[int, str] = {},
    ) -> None:
        """Write a mask like an image of this format, where the image lies.

        Parameters
        ----------
        label : ndarray of unsigned integers, (y, x) or (z, y, x)
            On the grid of the image's array. Equal masks give equal bytes.
        path : Path
            File to write (the caller renames it into place); a folder for folder formats.
        source : Path
            The image, whose header the mask gets.
        choices : Choices
            Of the image.
        names : mapping of int to str
            Names of the label's values, for formats that keep them.
        """
        raise NotImplementedError


def check_axes(path: Path, axes: str, shape: tuple[int, ...]) -> None:
    """Refuse axes that are not handed on, naming those there are.

    Raises
    ------
    SegbenchError
    """
    if axes not in AXES or len(axes) != len(shape):
        raise SegbenchError(
            f"{path}: has the axes {axes.upper() or 'none'} ({' x '.join(map(str, shape))})",
            "rows and columns, and at most slices and channels",
            "save each time point or position as a file of its own; or, if the file names its "
            "axes wrongly, set `layout: {axes: ...}` in the dataset's config in the same order, "
            "e.g. zyx",
        )


def canonical(path: Path, array: np.ndarray, axes: str) -> tuple[np.ndarray, str]:
    """Bring the axes of an array as stored into the order in which they are handed on.

    Parameters
    ----------
    path : Path
        The file, for the error.
    array : ndarray
        As stored. An array of any value and this shape (`numpy.broadcast_to`) tells what `read`
        will return.
    axes : str
        A letter for each of its axes. Letters other than z, y, x, c may name axes of length 1,
        which are dropped.

    Returns
    -------
    array : ndarray
        A view.
    axes : str
        One of `AXES`.

    Raises
    ------
    SegbenchError
        There are other axes than these.

    Examples
    --------
    >>> array, axes = canonical(Path("a.npy"), np.zeros((3, 40, 50)), "cyx")
    >>> array.shape, axes
    ((40, 50, 3), 'yxc')
    """
    stored, shape = axes, array.shape
    axes = axes.lower()
    if len(axes) == array.ndim:
        sides = list(zip(axes, array.shape, strict=True))
        dropped = [n for n, (axis, side) in enumerate(sides) if axis not in "zyxc" and side == 1]
        array = array.squeeze(tuple(dropped))
        axes = "".join(axis for n, axis in enumerate(axes) if n not in dropped)
        array = array.transpose(sorted(range(len(axes)), key=lambda n: "zyxc".find(axes[n])))
        axes = "".join(sorted(axes, key="zyxc".find))
    if axes not in AXES or len(axes) != array.ndim:
        check_axes(path, stored, shape)
    return array, axes


def stored_window(axes: str, window: tuple[slice, ...]) -> tuple[slice, ...]:
    """What `window` of the array handed on is in an array stored with other axes.

    Parameters
    ----------
    axes : str
        As given to `canonical`.
    window : tuple of slice
        See `Decoder.window`.

    Examples
    --------
    >>> stored_window("cxy", (slice(0, 4), slice(2, 9)))
    (slice(None, None, None), slice(2, 9, None), slice(0, 4, None))
    """
    spatial = [letter for letter in "zyx" if letter in axes.lower()]
    named = dict(zip(spatial, window, strict=True))
    return tuple(named.get(letter, slice(None)) for letter in axes.lower())


def as_stored(label: np.ndarray, axes: str) -> np.ndarray:
    """A label map with its axes in the order of an array stored with `axes`, without channels.

    Examples
    --------
    >>> as_stored(np.zeros((3, 40, 50)), "xyzc").shape
    (50, 40, 3)
    """
    own = "zyx"[-label.ndim :]
    order = [own.index(letter) for letter in axes.lower() if letter in own]
    return np.ascontiguousarray(label.transpose(order))


def chosen(path: Path, arrays: Mapping[str, tuple[int, ...]], choices: Choices) -> str:
    """Name of the array to read of a file that may hold several.

    Parameters
    ----------
    path : Path
        The file, for the error.
    arrays : mapping of str to tuple of int
        The arrays of numbers with two or more axes: name -> shape.
    choices : Choices
        `dataset` is the name; None where there is one array.

    Raises
    ------
    SegbenchError
        There are several and none is chosen, or none of the name.
    """
    if choices.dataset is None and len(arrays) == 1:
        return next(iter(arrays))
    if choices.dataset is not None and choices.dataset in arrays:
        return choices.dataset
    shown = [f"{name} ({' x '.join(map(str, shape))})" for name, shape in arrays.items()]
    listed = ", ".join(shown[:10]) + (f" and {len(shown) - 10} more" if len(shown) > 10 else "")
    wanted = "" if choices.dataset is None else f" {choices.dataset}"
    raise SegbenchError(
        f"{path}: holds the arrays {listed}" if arrays else f"{path}: holds no array of numbers",
        f"one array with rows and columns, or the name{wanted} among them",
        "set `layout: {dataset: ...}` in the dataset's config to the name of the array (of masks "
        "mask_dataset)"
        if arrays
        else "save one picture or volume per file",
    )


def check_numbers(path: Path, dtype: np.dtype, shape: tuple[int, ...]) -> None:
    """Refuse arrays of other things than whole numbers, floats and truth values, and empty ones.

    Raises
    ------
    SegbenchError
    """
    if dtype.kind not in "biuf" or 0 in shape:
        raise SegbenchError(
            f"{path}: holds {dtype} values of shape {shape}",
            "an array of numbers with rows and columns",
            "save one picture or volume per file",
        )
