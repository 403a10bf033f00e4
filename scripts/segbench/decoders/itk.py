"""What the decoders of NRRD and MetaImage files share: reading and writing with SimpleITK."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from segbench.decoders.affines import check_orthogonal, is_affine
from segbench.decoders.decoder import Choices, Decoded, Decoder, Entry, Header
from segbench.decoders.faults import naming
from segbench.decoders.text_headers import TextHeader, parts_of, read_text_header
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
    """

    packages = ("SimpleITK",)
    reader: ClassVar[str]

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

    def verify(self, path: Path, text: TextHeader, pixels: np.ndarray) -> None:
        """Raise ValueError if pixels are not those that were written."""

    def entries(self, folder: Path, stems: Mapping[str, str]) -> list[Entry]:
        """See `Decoder.entries`: a header may name the files with its pixels."""
        found = []
        for entry in super().entries(folder, stems):
            with naming(folder / entry.name, f"{self.name} file"):
                found.append(entry._replace(parts=parts_of(folder / entry.name)))
        return found

    def header(self, path: Path, choices: Choices) -> Header:
        """See `Decoder.header`."""
        return self._open(path, choices).header

    def read(self, path: Path, choices: Choices) -> Decoded:
        """See `Decoder.read`."""
        opened = self._open(path, choices)
        with _naming(path, self.name):
            pixels = opened.pixels()
            self.verify(path, opened.text, pixels)
        pixels = opened.in_order(pixels)
        return Decoded(opened.header, self.converted(pixels, opened.header, opened.metadata))

    def window(self, path: Path, choices: Choices, window: tuple[slice, ...]) -> np.ndarray:
        """See `Decoder.window`; SimpleITK reads uncompressed MetaImages by windows."""
        opened = self._open(path, choices)
        if any(side.start >= side.stop for side in window):
            sides = [side.stop - side.start for side in window]
            return np.zeros((*sides, *opened.header.shape[len(sides) :]), opened.header.dtype)
        opened.narrow(window)
        with _naming(path, self.name):
            pixels = opened.in_order(opened.pixels())
        return self.converted(pixels, opened.header, opened.metadata)

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

    def _reader(self, path: Path) -> Any:
        import SimpleITK

        reader = SimpleITK.ImageFileReader()
        reader.SetImageIO(self.reader)
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        return reader

    def _open(self, path: Path, choices: Choices) -> _Opened:
        with _naming(path, self.name):
            text = read_text_header(path)
            reader = self._reader(path)
        dtype = _dtype(path, reader)
        size, values = reader.GetSize(), reader.GetNumberOfComponents()
        if max(size[3:], default=1) > 1 and set(choices.axes or "") != set("zyxc"):
            raise SegbenchError(
                f"{path}: has a fourth axis of {size[3]}, which is not named",
                "(x, y) or (x, y, z), with channels in each voxel",
                "if it counts channels, set `layout: {axes: zyxc}` in the dataset's config; of a "
                "series in time save each volume as a file of its own",
            )
        axes = axes_of(path, size, values, choices.axes)
        header = Header(axes.names, axes.shape, dtype, **_grid(path, reader, axes, self.said(text)))
        metadata = {key: reader.GetMetaData(key) for key in reader.GetMetaDataKeys()}
        return _Opened(reader, text, axes, metadata, self.named(path, header, metadata))


@dataclass(frozen=True)
class _Opened:
    """A file of which the header was read."""

    reader: Any
    text: TextHeader
    axes: Axes
    metadata: Mapping[str, str]
    header: Header

    def narrow(self, window: tuple[slice, ...]) -> None:
        """Read this window only."""
        named = dict(zip(self.axes.names.rstrip("c"), window, strict=True))
        whole = self.reader.GetSize()
        sides = [
            named.get(name, slice(0, side)) for name, side in zip("xyztu", whole, strict=False)
        ]
        self.reader.SetExtractIndex([side.start for side in sides])
        self.reader.SetExtractSize([side.stop - side.start for side in sides])

    def pixels(self) -> np.ndarray:
        """As stored: the axes of SimpleITK in reverse, values of a voxel last."""
        import SimpleITK

        return np.asarray(SimpleITK.GetArrayFromImage(self.reader.Execute()))

    def in_order(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels with the axes that are handed on."""
        if self.axes.names.endswith("c") and self.reader.GetNumberOfComponents() == 1:
            size = self.reader.GetSize()
            channels = next((axis for axis in range(3, len(size)) if size[axis] > 1), 2)
            pixels = np.moveaxis(pixels, -1 - channels, -1)
        # Axes of one entry before these are left out, or put there.
        sides = (1, *pixels.shape)[-len(self.axes.names) :]
        return np.ascontiguousarray(pixels.reshape(sides))


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


def _dtype(path: Path, reader: Any) -> np.dtype:
    import SimpleITK

    name = SimpleITK.GetPixelIDValueAsString(reader.GetPixelIDValue())
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


def _grid(path: Path, reader: Any, axes: Axes, said: Said) -> dict[str, Any]:
    """Fields of `Header`. SimpleITK's millimetres run to left, posterior, superior."""
    if not said.spacing:
        return {}
    unit = _MILLIMETRES.get(said.unit.lower())
    if unit is None:
        return {"notes": (f"its unit '{said.unit}' is not known: no voxel size is taken",)}
    count = min(reader.GetDimension(), 3)
    sides = np.array(reader.GetSpacing()[:count])
    affine = np.eye(4)
    affine[:count, :count] = _direction(reader)[:count, :count] * sides
    affine[:count, 3] = reader.GetOrigin()[:count]
    affine[:2] *= -1
    affine[:3] *= unit
    if not is_affine(affine):
        return {"notes": ("its axes give voxels no place of their own: no voxel size is taken",)}
    check_orthogonal(path, affine)
    # Lengths of turned axes differ from the number that was meant in the last digits.
    spacing = tuple(float(f"{side * unit:.9g}") for side in sides[::-1])
    return {
        "spacing_mm": spacing[-len(axes.names.rstrip("c")) :],
        "affine": affine if said.place else None,
    }
