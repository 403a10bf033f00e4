"""Volumes resampled slice by slice: of the result no more than one slice is made at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segbench.errors import SegbenchError
from segbench.imaging.pixel_values import to_unit
from segbench.imaging.resampling import Interpolation, operator, resize_image


def resampled_size(
    size: tuple[int, ...], spacing_mm: tuple[float, ...], wanted_mm: tuple[float, ...]
) -> tuple[int, ...]:
    """How many voxels a volume has at another spacing: as many millimetres, to half a voxel.

    Parameters
    ----------
    size : tuple of int
        Voxels along z, y, x.
    spacing_mm, wanted_mm : tuple of float
        Of the volume as it is, and as it is wanted.

    Examples
    --------
    >>> resampled_size((30, 320, 320), (3.0, 0.5, 0.5), (1.0, 1.0, 1.0))
    (90, 160, 160)
    """
    if min(wanted_mm) <= 0:
        raise SegbenchError(
            f"preprocessing recipe: spacing_mm: {list(wanted_mm)}",
            "three lengths > 0",
            "correct the recipe",
        )
    return tuple(
        max(round(n * old / new), 1)
        for n, old, new in zip(size, spacing_mm, wanted_mm, strict=True)
    )


def resampled_slices(
    volume: np.ndarray,
    size: tuple[int, ...],
    interpolation: Interpolation = "bilinear",
    antialias: bool = True,
) -> Iterator[np.ndarray]:
    """Resize a volume with aligned voxel centres; give the slices of the result in turn.

    Parameters
    ----------
    volume : ndarray, (z, y, x, channel)
        Integers are brought to 0...1, see `segbench.imaging.pixel_values.to_unit`.
    size : (int, int, int)
        New depth, height and width.
    interpolation : {"nearest", "bilinear", "bicubic", "area"}
        Along each axis, as in `segbench.imaging.resampling.resize_image`; bilinear is
        trilinear here.
    antialias : bool
        Smooth along axes that shrink.

    Yields
    ------
    ndarray of float32, (y, x, channel)
        `size[0]` of them, within the range of the volume's values. May be a view of the
        volume where nothing changes.
    """
    depth, height, width = size
    if depth == volume.shape[0]:
        for part in volume:
            yield resize_image(part, (height, width), interpolation, antialias)
        return
    low, high = to_unit(volume.min()), to_unit(volume.max())
    along = operator(volume.shape[0], depth, interpolation, antialias)
    for start, stop in zip(along.indptr[:-1], along.indptr[1:], strict=True):
        blend: np.ndarray | None = None
        for index, weight in zip(along.indices[start:stop], along.data[start:stop], strict=True):
            part = to_unit(volume[index]) * weight
            blend = part if blend is None else np.add(blend, part, out=blend)
        assert blend is not None  # each row of the operator sums to 1
        result = resize_image(blend, (height, width), interpolation, antialias)
        yield np.clip(result, low, high, out=result)


def resample_volume(
    volume: np.ndarray,
    size: tuple[int, ...],
    interpolation: Interpolation = "bilinear",
    antialias: bool = True,
) -> np.ndarray:
    """Resize a volume with aligned voxel centres, see `resampled_slices`.

    Returns
    -------
    ndarray of float32, (*size, channel)

    Examples
    --------
    >>> ramp = np.arange(4, dtype=np.float32).reshape(4, 1, 1, 1)
    >>> resample_volume(ramp, (2, 1, 1), "area").ravel().tolist()
    [0.5, 2.5]
    """
    result = np.empty((*size, volume.shape[-1]), np.float32)
    for number, part in enumerate(resampled_slices(volume, size, interpolation, antialias)):
        result[number] = part
    return result
