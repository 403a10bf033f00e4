"""Measure the objects of an image, and keep them as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from segbench.errors import SegbenchError
from segbench.files import atomic_path
from segbench.objects.columns import INTENSITY, Column, columns
from segbench.objects.layers import Layer, layers
from segbench.objects.pixels import intensities, sum_pixels
from segbench.objects.planar import planar
from segbench.objects.solid import solid

if TYPE_CHECKING:
    from pandas import DataFrame

#: How a region came to be.
SOURCES = ("predicted", "manual")

_EMPTY = {"float": np.float64, "int": np.int64, "bool": bool, "str": object}


def measure(
    label: np.ndarray,
    image: np.ndarray | None,
    classes: Mapping[str, int],
    task: str,
    spacing_mm: Sequence[float] | None = None,
    sample: str = "",
    *,
    dataset: str = "",
    source: str = "predicted",
) -> DataFrame:
    """Measure every object of one image or volume.

    Parameters
    ----------
    label : ndarray
        By task: semantic (y, x) or (z, y, x), values of classes, whose connected pieces are
        the objects; overlapping the same with a last axis of one mask per class; instances
        (y, x) or (z, y, x), numbered objects.
    image : ndarray or None
        The ORIGINAL image, (y, x), (y, x, channel), (z, y, x) or (z, y, x, channel), any
        integers or floats; None: intensities are left empty.
    classes : mapping of str to int
        Name -> value.
    task : {"semantic", "overlapping", "instances"}
    spacing_mm : sequence of float, optional
        Size of a pixel (y, x) or voxel (z, y, x); for a plane the last two count. None:
        physical columns are left empty.
    sample : str
        Id of the image.
    source : {"predicted", "manual"}

    Returns
    -------
    DataFrame
        One row per object, sorted by class (in their order) and number; see
        `segbench.objects.columns.columns`.

    Raises
    ------
    SegbenchError
        The label does not fit the task, or the image the label.

    Examples
    --------
    >>> found = measure(np.array([[0, 1, 1]]), None, {"nucleus": 1}, "semantic", sample="a")
    >>> found[["roi", "area_px", "bbox_x0_px"]].values.tolist()
    [['a/nucleus/1', 2.0, 1]]
    """
    import pandas as pd

    if source not in SOURCES:
        raise SegbenchError(f"source {source!r}", f"one of {', '.join(SOURCES)}", "correct it")
    dimensions = label.ndim - (task == "overlapping")
    of_image = {"dataset": dataset, "sample": sample, "source": source}
    spacing = None if spacing_mm is None else tuple(spacing_mm)
    if spacing is not None and not all(np.isfinite(s) and s > 0 for s in spacing):
        raise SegbenchError(
            f"sample {sample!r}: a spacing of {spacing} mm",
            "positive sizes of a pixel",
            "correct the spacing of the dataset, or leave it out",
        )
    parts, channels = [], 1
    for layer in layers(label, classes, task):
        part, channels = _measure_layer(layer, image, spacing, of_image)
        parts.append(part)
    wanted = columns(dimensions, channels)
    data = {
        c.name: np.concatenate([np.empty(0, _EMPTY[c.type]), *(part[c.name] for part in parts)])
        for c in wanted
    }
    return pd.DataFrame(data)


def _measure_layer(
    layer: Layer,
    image: np.ndarray | None,
    spacing: tuple[float, ...] | None,
    of_image: Mapping[str, str],
) -> tuple[dict[str, np.ndarray], int]:
    """The columns of one class, and the number of channels."""
    count = layer.count
    pixels = sum_pixels(layer.numbers, count)
    shape = planar if layer.numbers.ndim == 2 else solid
    found = shape(layer.numbers, pixels, spacing)
    grey = intensities(pixels, image, layer.numbers.shape)
    for channel, values in enumerate(grey):
        ending = f"_c{channel}" if len(grey) > 1 else ""
        found |= {name + ending: column for name, column in values.items()}
    numbers = layer.original.tolist()
    head = f"{of_image['sample']}/{layer.class_name}/"
    found |= {name: np.full(count, value, object) for name, value in of_image.items()}
    found["class"] = np.full(count, layer.class_name, object)
    found["number"] = np.asarray(layer.original, np.int64)
    found["roi"] = np.array([f"{head}{number}" for number in numbers], object)
    return found, len(grey)


def columns_of(frame: DataFrame) -> tuple[Column, ...]:
    """The columns that a table of objects has.

    Raises
    ------
    SegbenchError
        It has others, or not all of them.
    """
    dimensions = 3 if "volume_vx" in frame.columns else 2
    endings = {name.rsplit("_c", 1)[1] for name in frame.columns if name.startswith("intensity_")
               and name not in {c.name for c in INTENSITY}}  # fmt: skip
    wanted = columns(dimensions, max(1, len(endings)))
    names = [column.name for column in wanted]
    if list(frame.columns) != names:
        strange = sorted(set(names) ^ set(frame.columns)) or ["their order"]
        raise SegbenchError(
            f"a table of objects differs in {', '.join(strange[:5])}",
            "the columns of docs/reference/objects.md",
            "measure again",
        )
    return wanted


def join(frames: Sequence[DataFrame]) -> DataFrame:
    """One table of the objects of several images.

    Parameters
    ----------
    frames : sequence of DataFrame
        From `measure`; at least one, all of planes or all of volumes.

    Raises
    ------
    SegbenchError
        They have different columns.

    Notes
    -----
    Images without objects do not say how many channels they have; the others decide.
    """
    import pandas as pd

    filled = [frame for frame in frames if len(frame)] or list(frames[:1])
    names = list(filled[0].columns)
    for frame in filled:
        if list(frame.columns) != names:
            raise SegbenchError(
                "images with different numbers of channels or axes in one table",
                "images of one kind",
                "measure them apart",
            )
    return pd.concat(filled, ignore_index=True)


def write_objects(frame: DataFrame, path: str | Path) -> None:
    """Write objects as Parquet: sorted, without pandas' metadata, the same bytes again.

    Parameters
    ----------
    frame : DataFrame
        From `measure` or `join`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    types: dict[str, Any] = {
        "float": pa.float64(), "int": pa.int64(), "bool": pa.bool_(), "str": pa.string()
    }  # fmt: skip
    wanted = columns_of(frame)
    ordered = frame.sort_values(["dataset", "sample", "class", "number"], kind="stable")
    data = {
        c.name: pa.array(ordered[c.name].to_numpy(), types[c.type], from_pandas=True)
        for c in wanted
    }
    schema = pa.schema([(c.name, types[c.type]) for c in wanted])
    with atomic_path(path) as beside:
        pq.write_table(pa.table(data, schema=schema), beside, compression="zstd")


def read_objects(path: str | Path) -> DataFrame:
    """Read a table of objects.

    Raises
    ------
    SegbenchError
        It cannot be read, or is no such table.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        frame: DataFrame = pq.read_table(path).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})",
            "a table of objects",
            "delete it and run the same command again",
        ) from error
    columns_of(frame)
    return frame
