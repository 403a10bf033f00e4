"""Masks as OME-Zarr labels, in a store of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from segbench.decoders.ome_zarr_metadata import Stored

#: Name of the label in the group that is written.
LABEL = "segbench"

#: Longest side of a chunk along an axis.
CHUNK = {"z": 16, "y": 512, "x": 512}


def write_labels(
    label: np.ndarray, path: Path, source: Stored, names: Mapping[int, str] = {}
) -> None:
    """Write a mask as a group of labels with one label, on the grid of an image.

    The folder can be moved to ``labels`` under the image, or its label into the ``labels`` there.

    Parameters
    ----------
    label : ndarray of unsigned integers, (y, x) or (z, y, x)
    path : Path
        Folder to write.
    source : Stored
        The image, whose axes, scales, levels and version the label gets.
    names : mapping of int to str
        Names of the label's values.
    """
    import zarr

    new = source.array.metadata.zarr_format == 3
    root = zarr.create_group(
        path, zarr_format=3 if new else 2, attributes=_attributes({"labels": [LABEL]}, new)
    )
    places = [n for n, letter in enumerate(source.letters) if letter != "c"]
    group = root.create_group(LABEL, attributes=_attributes(_metadata(source, places, names), new))
    whole = _as_stored(label, "".join(source.letters[n] for n in places))
    for level, array in enumerate(source.arrays):
        part = _resized(whole, tuple(array.shape[n] for n in places))
        axes = [source.letters[n] for n in places]
        settings: dict[str, Any] = {"dimension_names": _names(source, places)} if new else {}
        made = group.create_array(
            str(level), shape=part.shape, dtype=part.dtype, fill_value=0,
            chunks=tuple(min(CHUNK.get(a, 1), n) for a, n in zip(axes, part.shape, strict=True)),
            compressors=_compressor(new),
            chunk_key_encoding={"name": "default" if new else "v2", "separator": "/"},
            **settings,
        )  # fmt: skip
        made[...] = part


def _attributes(ome: dict[str, Any], new: bool) -> dict[str, Any]:
    return {"ome": {"version": "0.5", **ome}} if new else ome


def _names(source: Stored, places: list[int]) -> list[str]:
    return [str(source.axes[n]["name"]) for n in places]


def _metadata(source: Stored, places: list[int], names: Mapping[int, str]) -> dict[str, Any]:
    """Metadata of the label: the image's, without the channel axis."""
    new = source.array.metadata.zarr_format == 3
    version = {} if new else {"version": "0.4"}
    unknown = np.ones(len(source.letters)), np.zeros(len(source.letters))
    transforms = source.transforms or (unknown,) * len(source.arrays)
    datasets = []
    for level, (scale, offset) in enumerate(transforms):
        steps: list[dict[str, Any]] = [{"type": "scale", "scale": scale[places].tolist()}]
        if offset[places].any():
            steps.append({"type": "translation", "translation": offset[places].tolist()})
        datasets.append({"path": str(level), "coordinateTransformations": steps})
    label: dict[str, Any] = {**version, "source": {"image": "../../"}}
    if names:
        label["properties"] = [
            {"label-value": value, "name": name} for value, name in sorted(names.items())
        ]
    multiscale = {"name": LABEL, "axes": [dict(source.axes[n]) for n in places]}
    return {
        "multiscales": [{**version, **multiscale, "datasets": datasets}],
        "image-label": label,
    }


def _as_stored(label: np.ndarray, letters: str) -> np.ndarray:
    """A mask (y, x) or (z, y, x) with the axes of the image; a view."""
    axes = "zyx"[-label.ndim :]
    order = [axes.index(letter) for letter in letters if letter in axes]
    missing = [n for n, letter in enumerate(letters) if letter not in axes]
    return np.expand_dims(label.transpose(order), tuple(missing))


def _resized(label: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The nearest element for each of a smaller level."""
    if shape == label.shape:
        return label
    places = [
        ((np.arange(few) + 0.5) * many / few).astype(int)
        for few, many in zip(shape, label.shape, strict=True)
    ]
    return label[np.ix_(*places)]


def _compressor(new: bool) -> Any:
    if new:
        from zarr.codecs import ZstdCodec

        return ZstdCodec(level=5)
    from numcodecs import Zstd

    return Zstd(level=5)
