"""Axes, spacing, origin and names of an image in an OME-Zarr store.

References
----------
OME-Zarr 0.4 and 0.5, https://ngff.openmicroscopy.org/0.5/, sections axes, multiscales, omero and
image-label. RFC 4, https://ngff.openmicroscopy.org/rfc/4/, axis orientation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.decoder import Choices
from segbench.decoders.ome_zarr_nodes import Node, find_node
from segbench.errors import SegbenchError

#: Millimetres in a unit of length; names as in UDUNITS-2, and those that programs write.
MILLIMETRES = {
    "angstrom": 1e-7, "picometer": 1e-9, "nanometer": 1e-6, "nm": 1e-6, "micrometer": 1e-3,
    "micron": 1e-3, "um": 1e-3, "µm": 1e-3, "μm": 1e-3, "millimeter": 1.0, "mm": 1.0,
    "centimeter": 10.0, "cm": 10.0, "decimeter": 100.0, "meter": 1000.0, "m": 1000.0,
    "inch": 25.4,
}  # fmt: skip

#: Orientation of an axis (RFC 4) -> row of an affine to right, anterior, superior; and sign.
ORIENTATIONS = {
    "left-to-right": (0, 1), "right-to-left": (0, -1), "posterior-to-anterior": (1, 1),
    "anterior-to-posterior": (1, -1), "inferior-to-superior": (2, 1),
    "superior-to-inferior": (2, -1),
}  # fmt: skip

#: Without orientations, ITK's readers of OME-Zarr take x to the left and y to the back.
UNORIENTED = {"x": (0, -1), "y": (1, -1), "z": (2, 1)}

#: Other axes than z, y, x and c do not get their letters.
_OTHERS = str.maketrans("zyxc", "????")

#: Names of three channels that are a colour picture.
COLOURS = (["red", "green", "blue"], ["r", "g", "b"])


@dataclass(frozen=True)
class Stored:
    """An array of a store and what its metadata say.

    Attributes
    ----------
    arrays : tuple of zarr.Array
        The chosen level and the smaller ones.
    letters : str
        Axes as stored: z, y, x, c, t, or ? for others.
    axes : tuple of dict
        The same as OME metadata: ``name``, ``type``, ``unit``.
    transforms : tuple of (ndarray, ndarray)
        Of each of these levels: along each axis the units from one element to the next, and of
        the first element. Empty: not said.
    ome : dict
        See `Node`.
    notes : tuple of str
    """

    arrays: tuple[Any, ...]
    letters: str
    axes: tuple[Mapping[str, Any], ...]
    transforms: tuple[tuple[np.ndarray, np.ndarray], ...] = ()
    ome: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def array(self) -> Any:
        """The chosen level."""
        return self.arrays[0]

    def millimetres(self) -> dict[str, tuple[float, float]] | None:
        """Spatial axis -> its scale and offset in millimetres; None: not said for all of them."""
        if not self.transforms:
            return None
        found = {}
        for letter, axis, scale, offset in zip(
            self.letters, self.axes, *self.transforms[0], strict=True
        ):
            if letter not in "zyx":
                continue
            unit = MILLIMETRES.get(str(axis.get("unit")))
            if unit is None or not 0 < scale < np.inf or not np.isfinite(offset):
                return None
            # 0.325 micrometres are meant to be 0.000325 mm, not 0.00032500000000000004.
            found[letter] = float(f"{scale * unit:.12g}"), float(f"{offset * unit:.12g}")
        return found

    def affine(self) -> np.ndarray | None:
        """Index (x, y, z, 1) to millimetres: right, anterior, superior; (4, 4) or None."""
        sides = self.millimetres()
        if sides is None:
            return None
        said = {
            letter: ORIENTATIONS.get(str((axis.get("orientation") or {}).get("value")), (-1, 0))
            for letter, axis in zip(self.letters, self.axes, strict=True)
            if letter in "zyx"
        }
        places = said if {row for row, _ in said.values()} == {0, 1, 2} else UNORIENTED
        affine = np.zeros((4, 4))
        affine[3, 3] = 1
        for column, letter in enumerate("xyz"):
            row, sign = places[letter]
            scale, offset = sides.get(letter, (1.0, 0.0))
            affine[row, column] = sign * scale
            affine[row, 3] = sign * offset
        return affine

    def channels(self) -> tuple[str, ...]:
        """Names of the channels, where all have one."""
        found = [one.get("label") for one in (self.ome.get("omero") or {}).get("channels", [])]
        count = self.array.shape[self.letters.index("c")] if "c" in self.letters else 1
        return tuple(map(str, found)) if len(found) == count and all(found) else ()

    def label_names(self) -> dict[int, str]:
        """Names of the values of a label image, from its properties."""
        properties = (self.ome.get("image-label") or {}).get("properties") or []
        found = {one["label-value"]: one.get("name", one.get("class")) for one in properties}
        return {int(value): name for value, name in found.items() if isinstance(name, str)}


def open_stored(path: Path, choices: Choices) -> Stored:
    """Open an array and read its metadata; no pixels.

    Raises
    ------
    SegbenchError
        The metadata are not those of OME-Zarr 0.4 or 0.5, or the array does not name its axes.
    """
    node = find_node(path, choices)
    stored = _of_image(path, node, choices) if node.ome else _of_array(path, node.item, choices)
    if stored.array.dtype.kind not in "biuf" or 0 in stored.array.shape:
        raise SegbenchError(
            f"{path}: holds {stored.array.dtype} values of shape {stored.array.shape}",
            "whole numbers or floats, of one pixel or more",
            "save the image as a plain array of numbers",
        )
    return stored


def _of_array(path: Path, array: Any, choices: Choices) -> Stored:
    """An array without OME metadata: its dimensions' names, or the user, say its axes."""
    _check_level(path, choices.level, [array])
    named = getattr(array.metadata, "dimension_names", None)
    named = named or array.attrs.asdict().get("_ARRAY_DIMENSIONS") or ()
    letters = choices.axes or "".join(_letter(str(name)) for name in named)
    sides = zip(letters, array.shape, strict=False)
    if not letters or any(letter not in "zyxct" and side > 1 for letter, side in sides):
        shape = " x ".join(map(str, array.shape))
        called = (
            f"calls its axes {', '.join(map(str, named))}" if named else "does not name its axes"
        )
        raise SegbenchError(
            f"{path}: a plain Zarr array ({shape}) that {called}",
            "OME-Zarr metadata, dimensions called z, y, x, c, or the axes in the dataset's config",
            "set `layout: {axes: ...}` in the dataset's config, in the same order, e.g. zyx or cyx",
        )
    letters = _padded(letters, array.shape)
    return Stored((array,), letters, tuple(map(_axis, letters)))


def _of_image(path: Path, node: Node, choices: Choices) -> Stored:
    multiscale = _checked(path, node)
    arrays = [_member(path, node, one.path) for one in multiscale.datasets]
    _check_level(path, choices.level, arrays)
    array, place = arrays[choices.level], multiscale.datasets[choices.level].path
    axes = tuple(one.model_dump(exclude_none=True) for one in multiscale.axes)
    if len(axes) != array.ndim:
        raise SegbenchError(
            f"{path}: names {len(axes)} axes, and the array {place} has {array.ndim}",
            "an axis in the metadata for each of the array",
            f"correct its metadata, or read the array without them: `layout: {{dataset: '{place}', "
            "axes: ...}` in the dataset's config",
        )
    letters = "".join(map(_letter_of, axes))
    letters = _padded(choices.axes, array.shape) if choices.axes else letters
    transforms = [_combined(multiscale, one, array.ndim) for one in multiscale.datasets]
    known = tuple(one for one in transforms if one is not None)
    known = known[choices.level :] if len(known) == len(transforms) else ()
    stored = Stored(tuple(arrays[choices.level :]), letters, axes, known, node.ome)
    return replace(stored, notes=_notes(stored))


def _member(path: Path, node: Node, name: str) -> Any:
    try:
        return node.item[name]
    except KeyError as error:
        raise SegbenchError(
            f"{path}: the array {name}, a level of the image, is not there",
            "all arrays that the metadata name",
            "copy the whole folder again",
        ) from error


def _notes(stored: Stored) -> tuple[str, ...]:
    """What is told where the size of a pixel cannot be known."""
    if not stored.transforms:
        return ("no spacing is known: the scale is stored as an array, which is not read",)
    if stored.millimetres() is not None or (stored.transforms[0][0] == 1).all():
        return ()
    units = [str(axis.get("unit")) for axis in stored.axes if axis.get("type") == "space"]
    return (f"no spacing is known: the axes have the units {', '.join(units)}",)


def _checked(path: Path, node: Node) -> Any:
    """The only entry of ``multiscales``, checked by ome-zarr-models."""
    from pydantic import ValidationError

    entries = node.ome["multiscales"]
    new = "ome" in node.item.attrs
    found = node.ome.get("version") if new else (entries or [{}])[0].get("version", "0.4")
    expected = "0.5" if new else "0.4"
    if len(entries) != 1 or found != expected:
        raise SegbenchError(
            f"{path}: holds {len(entries)} multiscale images of OME-Zarr {found}",
            "one, of version 0.4 or 0.5",
            "save it as OME-Zarr 0.5, e.g. with bioformats2raw or ome-zarr-py, each image as a "
            ".zarr of its own",
        )
    try:
        return _model(json.dumps(entries[0]), new)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise SegbenchError(
            f"{path}: its metadata break OME-Zarr {expected}: multiscales.{place}: {first['msg']}",
            "metadata that ome-zarr-models accepts",
            "correct them, or read an array without them: `layout: {dataset: '0', axes: ...}` in "
            "the dataset's config",
        ) from error


@lru_cache(maxsize=64)
def _model(text: str, new: bool) -> Any:
    """The model of an entry; windows of an image ask for the same one again and again."""
    from ome_zarr_models.v04.multiscales import Multiscale as Multiscale04
    from ome_zarr_models.v05.multiscales import Multiscale as Multiscale05

    return (Multiscale05 if new else Multiscale04).model_validate(json.loads(text))


def _combined(multiscale: Any, dataset: Any, count: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Scale and offset of a level; None where they are stored in a file of their own."""
    scale, offset = np.ones(count), np.zeros(count)
    for one in (*dataset.coordinateTransformations, *(multiscale.coordinateTransformations or ())):
        factors = getattr(one, one.type, None)
        if not isinstance(factors, list):
            return None
        if one.type == "scale":
            scale, offset = scale * factors, offset * factors
        else:
            offset = offset + factors
    return scale, offset


def _check_level(path: Path, level: int, arrays: Sequence[Any]) -> None:
    if level >= len(arrays):
        sizes = ", ".join(f"{n}: {' x '.join(map(str, a.shape))}" for n, a in enumerate(arrays))
        raise SegbenchError(
            f"{path}: has no level {level}",
            f"one of {sizes}",
            "correct `layout: {level: ...}` in the dataset's config",
        )


def _letter(name: str) -> str:
    """The letter of an axis: its name, or for others than z, y, x, c one that stands for them."""
    name = name.lower()
    return name if name in ("z", "y", "x", "c") else name[:1].translate(_OTHERS) or "?"


def _letter_of(axis: Mapping[str, Any]) -> str:
    if axis.get("type") in ("channel", "time"):
        return str(axis["type"])[0]
    letter = _letter(str(axis.get("name")))
    return letter if letter in "zyx" and axis.get("type") == "space" else "?"


def _padded(letters: str, shape: Sequence[int]) -> str:
    """Axes that the user names, after leading axes of length 1 that are not named."""
    missing = len(shape) - len(letters)
    return (
        "?" * missing + letters if all(side == 1 for side in shape[: max(missing, 0)]) else letters
    )


def _axis(letter: str) -> dict[str, Any]:
    kind = {"c": "channel", "t": "time"}.get(letter, "space")
    return {"name": letter, "type": kind}
