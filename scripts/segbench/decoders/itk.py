"""What the decoders of NRRD and MetaImage files share: reading and writing with SimpleITK."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from segbench.decoders.affines import check_orthogonal, is_affine
from segbench.decoders.decoder import Choices, Decoded, Decoder, Entry, Header
from segbench.decoders.faults import naming
from segbench.decoders.text_headers import TextHeader, check_files, parts_of, read_text_header
from segbench.decoders.volume_axes import Axes, axes_of
from segbench.errors import SegbenchError

#: Millimetres in the units that headers name; no unit is millimetres.
_MILLIMETRES: Mapping[str, float] = {
    "": 1.0, "?": 1.0, "mm": 1.0, "millimeter": 1.0, "millimeters": 1.0,
    "um": 1e-3, "micron": 1e-3, "microns": 1e-3, "micrometer": 1e-3, "micrometers": 1e-3,
    "nm": 1e-6, "cm": 10.0, "m": 1e3, "meter": 1e3,
}  # fmt: skip

_KINDS = {"unsigned integer": "u", "signed integer": "i", "float": "f"}


@dataclass(frozen=True)
class Said:
    """What a header says of the grid.

    Attributes
    ----------
    spacing : bool
        The size of voxels.
    place : bool
        Where they lie.
    unit : str
        Of lengths, as written.
    """

    spacing: bool
    place: bool
    unit: str


class ItkDecoder(Decoder):
    """Base of the decoders of formats that SimpleITK reads.

    Attributes
    ----------
    reader : str
        SimpleITK's name of the format.
    keys : tuple of str
        How the names of the format's own fields begin that `named` and `converted` look at.
    """

    packages = ("SimpleITK",)
    reader: ClassVar[str]
    keys: ClassVar[tuple[str, ...]] = ()

    def said(self, text: TextHeader) -> Said:
        """What the header says of the grid."""
        raise NotImplementedError

    def named(self, path: Path, header: Header, metadata: Mapping[str, str]) -> Header:
        """The header with what the format's own fields say of channels and labels."""
        return header

    def converted(
        self, pixels: np.ndarray, header: Header, metadata: Mapping[str, str]
    ) -> np.ndarray:
        """Pixels as `named` describes them."""
        return pixels

    def check(self, path: Path, text: TextHeader) -> None:
        """Refuse by name what SimpleITK does not read."""

    def verify(self, path: Path, text: TextHeader, pixels: np.ndarray) -> None:
        """Raise ValueError if pixels are not those that were written."""

    def entries(self, folder: Path, stems: Mapping[str, str]) -> list[Entry]:
        """See `Decoder.entries`: a header may name the files with its pixels."""
        found = []
        for name, stem in stems.items():
            parts: tuple[str, ...] = (name,)
            with suppress(SegbenchError), naming(folder / name):  # told when it is opened
                parts = parts_of(folder / name)
            found.append(Entry(name, parts, stem))
        return found

    def header(self, path: Path, choices: Choices) -> Header:
        """See `Decoder.header`."""
        with _naming(path, self.name):
            text = self._text(path)
            reader = self._reader(path)
            reader.ReadImageInformation()
        return self._described(path, choices, text, reader, reader.GetNumberOfComponents()).header

    def read(self, path: Path, choices: Choices) -> Decoded:
        """See `Decoder.read`."""
        with _naming(path, self.name):
            text = self._text(path)
            image = self._reader(path).Execute()
        file = self._described(path, choices, text, image, image.GetNumberOfComponentsPerPixel())
        pixels = np.asarray(_Held(image))
        with _naming(path, self.name):
            self.verify(path, file.text, pixels)
        pixels = self.converted(file.in_order(pixels), file.header, file.metadata)
        return Decoded(file.header, pixels)

    def window(self, path: Path, choices: Choices, window: tuple[slice, ...]) -> np.ndarray:
        """See `Decoder.window`; SimpleITK reads uncompressed MetaImages by windows."""
        with _naming(path, self.name):
            text = self._text(path)
            reader = self._reader(path)
            reader.ReadImageInformation()
        file = self._described(path, choices, text, reader, reader.GetNumberOfComponents())
        if any(side.start >= side.stop for side in window):
            sides = [side.stop - side.start for side in window]
            return np.zeros((*sides, *file.header.shape[len(sides) :]), file.header.dtype)
        named = dict(zip(file.axes.names.rstrip("c"), window, strict=True))
        whole = zip("xyztu", file.size, strict=False)
        sides = [named.get(name, slice(0, side)) for name, side in whole]
        reader.SetExtractIndex([side.start for side in sides])
        reader.SetExtractSize([side.stop - side.start for side in sides])
        with _naming(path, self.name):
            pixels = file.in_order(np.asarray(_Held(reader.Execute())))
        return self.converted(pixels, file.header, file.metadata)

    def write_mask(
        self,
        label: np.ndarray,
        path: Path,
        source: Path,
        choices: Choices,
        names: Mapping[int, str] = {},
    ) -> None:
        """See `Decoder.write_mask`; origin, spacing and direction are the image's."""
        import SimpleITK

        with _naming(source, self.name):
            text, image = read_text_header(source), self._reader(source)
            image.ReadImageInformation()
        axes = min(image.GetDimension(), 3)
        mask = SimpleITK.GetImageFromArray(label.reshape((1, *label.shape)[-axes:]))
        mask.SetOrigin(image.GetOrigin()[:axes])
        mask.SetSpacing(image.GetSpacing()[:axes])
        mask.SetDirection(_direction(image)[:axes, :axes].ravel().tolist())
        for key, value in self.fields(text, label, names).items():
            mask.SetMetaData(key, value)
        SimpleITK.WriteImage(mask, str(path), useCompression=True, imageIO=self.reader)

    def fields(
        self, text: TextHeader, label: np.ndarray, names: Mapping[int, str]
    ) -> dict[str, str]:
        """What a mask's header says of its unit, as its image's does (`text`), and values."""
        raise NotImplementedError

    def _text(self, path: Path) -> TextHeader:
        text = read_text_header(path)
        check_files(path, text.files)
        self.check(path, text)
        return text

    def _reader(self, path: Path) -> Any:
        import SimpleITK

        reader = SimpleITK.ImageFileReader()
        reader.SetImageIO(self.reader)
        reader.SetFileName(str(path))
        return reader

    def _described(
        self, path: Path, choices: Choices, text: TextHeader, found: Any, values: int
    ) -> _File:
        """From SimpleITK's image or, before the pixels are read, its reader."""
        dtype, size = _dtype(path, found.GetPixelIDValue()), found.GetSize()
        if max(size[3:], default=1) > 1 and set(choices.axes or "") != set("zyxc"):
            raise SegbenchError(
                f"{path}: has a fourth axis of {size[3]}, which is not named",
                "(x, y) or (x, y, z), with channels in each voxel",
                "if it counts channels, set `layout: {axes: zyxc}` in the dataset's config; of a "
                "series in time save each volume as a file of its own",
            )
        axes = axes_of(path, size, values, choices.axes)
        header = Header(axes.names, axes.shape, dtype, **_grid(path, found, axes, self.said(text)))
        keys = [key for key in found.GetMetaDataKeys() if key.startswith(self.keys)]
        metadata = {key: found.GetMetaData(key) for key in keys}
        return _File(text, axes, size, values, metadata, self.named(path, header, metadata))


@dataclass(frozen=True)
class _File:
    """What a file's header says.

    Attributes
    ----------
    text : TextHeader
    axes : Axes
    size : tuple of int
        (x, y[, z[, ...]]) as SimpleITK has it.
    values : int
        Of a voxel.
    metadata : mapping of str to str
        The format's own fields.
    header : Header
    """

    text: TextHeader
    axes: Axes
    size: tuple[int, ...]
    values: int
    metadata: Mapping[str, str]
    header: Header

    def in_order(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels with the axes that are handed on."""
        if self.axes.names.endswith("c") and self.values == 1:
            long = (axis for axis in range(3, len(self.size)) if self.size[axis] > 1)
            pixels = np.moveaxis(pixels, -1 - next(long, 2), -1)
        # Axes of one entry before these are left out, or put there.
        sides = (1, *pixels.shape)[-len(self.axes.names) :]
        return np.ascontiguousarray(pixels.reshape(sides))


class _Held:
    """The pixels of an image in its own memory, which lives as long as an array of them."""

    def __init__(self, image: Any) -> None:
        import SimpleITK

        view = SimpleITK.GetArrayViewFromImage(image)
        self.__array_interface__ = view.__array_interface__
        self.image = image


@contextmanager
def _naming(path: Path, name: str) -> Iterator[None]:
    """Turn SimpleITK's exceptions into an error that names the file, with their last line."""
    with naming(path, f"{name} file"):
        try:
            yield
        except RuntimeError as error:
            lines = [line for line in str(error).splitlines() if line.strip()]
            told = [line for line in lines if not line.startswith("Reason: No such file")]
            raise ValueError(re.sub(r"^.*ERROR: |\(0x\w+\)", "", told[-1])) from error


def _dtype(path: Path, kind: int) -> np.dtype:
    import SimpleITK

    name = SimpleITK.GetPixelIDValueAsString(kind)
    match = re.fullmatch(r"(?:vector of )?(\d+)-bit (.*)", name)
    if match is None or match[2] not in _KINDS:
        raise SegbenchError(
            f"{path}: holds values of the kind '{name}'",
            "whole numbers or floats",
            "save the file as a plain volume, e.g. the magnitude of complex values",
        )
    return np.dtype(f"{_KINDS[match[2]]}{int(match[1]) // 8}")


def _direction(image: Any) -> np.ndarray:
    return np.reshape(image.GetDirection(), (image.GetDimension(),) * 2)


def _grid(path: Path, found: Any, axes: Axes, said: Said) -> dict[str, Any]:
    """Fields of `Header`. SimpleITK's millimetres run to left, posterior, superior."""
    if not said.spacing:
        return {}
    unit = _MILLIMETRES.get(said.unit.lower())
    if unit is None:
        return {"notes": (f"its unit '{said.unit}' is not known: no voxel size is taken",)}
    count = min(found.GetDimension(), 3)
    sides = np.array(found.GetSpacing()[:count])
    affine = np.eye(4)
    affine[:count, :count] = _direction(found)[:count, :count] * sides
    affine[:count, 3] = found.GetOrigin()[:count]
    affine[:2] *= -1
    affine[:3] *= unit
    if not is_affine(affine):
        return {"notes": ("its axes give voxels no place of their own: no voxel size is taken",)}
    check_orthogonal(path, affine)
    # Lengths of turned axes differ from the number that was meant in the last digits.
    spacing = tuple(float(f"{side * unit:.9g}") for side in sides[::-1])
    spatial = len(axes.names.rstrip("c"))
    return {
        # A picture that is read as a slice does not say how thick it is.
        "spacing_mm": spacing[-spatial:] if count >= spatial else None,
        "affine": affine if said.place else None,
    }
