"""OME-Zarr stores for the tests, written with zarr alone."""

from __future__ import annotations

import numpy as np
import zarr

KINDS = {"t": "time", "c": "channel"}


def axes_of(letters, unit="micrometer"):
    return [
        {"name": letter, "type": KINDS[letter]}
        if letter in KINDS
        else {"name": letter, "type": "space", "unit": unit}
        for letter in letters
    ]


def multiscale(letters, scales, unit="micrometer", translation=None, **more):
    """An entry of `multiscales` with a level for each scale."""
    datasets = []
    for level, scale in enumerate(scales):
        steps = [{"type": "scale", "scale": list(scale)}]
        if translation is not None:
            steps.append({"type": "translation", "translation": list(translation)})
        datasets.append({"path": str(level), "coordinateTransformations": steps})
    return {"axes": axes_of(letters, unit), "datasets": datasets, **more}


def attributes(ome, new):
    return {"ome": {"version": "0.5", **ome}} if new else ome


def write_image(path, levels, letters, scales=None, new=True, array=(), ome=(), **more):
    """Write an image of one or more levels; `array` holds settings of zarr's `create_array`."""
    scales = scales or [[1.0] * len(letters)] * len(levels)
    entry = multiscale(letters, scales, **more)
    if not new:
        entry["version"] = "0.4"
    group = zarr.create_group(
        path,
        zarr_format=3 if new else 2,
        attributes=attributes({"multiscales": [entry], **dict(ome)}, new),
    )
    for level, pixels in enumerate(levels):
        put(group, str(level), pixels, letters, **dict(array))
    return group


def put(group, name, pixels, letters=None, **settings):
    pixels = np.asarray(pixels)
    if group.metadata.zarr_format == 3 and letters:
        settings.setdefault("dimension_names", list(letters))
    made = group.create_array(name, shape=pixels.shape, dtype=pixels.dtype, **settings)
    made[...] = pixels
    return made
