"""A dataset in numbers: the content of ``summary.json``."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from segbench.artefacts.samples import Sample
from segbench.exploration.appearance import RULE, Grouping
from segbench.exploration.measure import ImageMeasures, LabelMeasures

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
#: Number of groups named in the summary, the largest first.
NAMED_GROUPS = 20
TIMES = "\N{MULTIPLICATION SIGN}"

Rows = Sequence[Sample]


@dataclass
class Measured:
    """All measurements of a dataset.

    Attributes
    ----------
    classes : list of str
    images : dict of str to ImageMeasures
        Of the opened samples.
    total, covered : int
        Pixels of all labels of which it is known whether they are of any class, and those
        that are.
    empty, judged : int
        Samples that hold no class, and those of which it is known whether they hold one: one
        is annotated and there, or all were annotated somewhere in the sample.
    pixels, annotated : ndarray of int64
        Pixels of each class, and those in which it was annotated.
    unseen : ndarray of int64
        Samples in which a class was not annotated at all.
    sizes, physical : list of list of ndarray
        For each class the sizes of its objects, one array per sample: in pixels; in mm² or
        mm³ where spacing is known.
    """

    classes: list[str]
    images: dict[str, ImageMeasures] = field(default_factory=dict)
    total: int = 0
    covered: int = 0
    empty: int = 0
    judged: int = 0

    def __post_init__(self) -> None:
        self.pixels = np.zeros(len(self.classes), np.int64)
        self.annotated = np.zeros(len(self.classes), np.int64)
        self.unseen = np.zeros(len(self.classes), np.int64)
        self.sizes: list[list[np.ndarray]] = [[] for _ in self.classes]
        self.physical: list[list[np.ndarray]] = [[] for _ in self.classes]

    def add_label(self, label: LabelMeasures, unit_mm: float | None) -> None:
        """Add a label; `unit_mm` is the area or volume of a pixel in mm, None if unknown."""
        self.total += label.total
        self.covered += label.covered
        whole = bool((label.annotated > 0).all())
        self.empty += whole and not label.covered
        self.judged += whole or label.covered > 0
        self.pixels += label.pixels
        self.annotated += label.annotated
        self.unseen += label.annotated == 0
        for number, sizes in enumerate(label.objects):
            if len(sizes):
                self.sizes[number].append(sizes)
                if unit_mm is not None:
                    self.physical[number].append(sizes * unit_mm)

    def objects(self, number: int) -> np.ndarray:
        """Sizes of all objects of a class, in pixels."""
        return np.concatenate(self.sizes[number]) if self.sizes[number] else np.zeros(0, np.int64)


def rounded(value: float, digits: int = 6) -> float | None:
    """Round a number for JSON to significant digits; None for NaN and infinity.

    Examples
    --------
    >>> rounded(0.123456789), rounded(float("nan"))
    (0.123457, None)
    """
    return float(f"{float(value):.{digits}g}") if math.isfinite(value) else None


def quantiles_of(values: np.ndarray | Sequence[float]) -> dict[str, float | None]:
    """Smallest, largest, mean and quantiles of all values but NaN; empty without any.

    Examples
    --------
    >>> quantiles_of([1, 2, 3])["0.5"]
    2.0
    """
    known = np.asarray(values, np.float64)
    known = known[~np.isnan(known)]
    if not known.size:
        return {}
    points = np.quantile(known, QUANTILES)
    return {
        "min": rounded(known.min()),
        "max": rounded(known.max()),
        "mean": rounded(known.mean()),
        **{f"{q:g}": rounded(p) for q, p in zip(QUANTILES, points, strict=True)},
    }


def channel_names(count: int, dtypes: set[str]) -> list[str]:
    """Name the channels of a dataset's images.

    Examples
    --------
    >>> channel_names(3, {"uint8"}), channel_names(1, {"uint16"}), channel_names(2, {"int16"})
    (['red', 'green', 'blue'], ['grey'], ['channel 1', 'channel 2'])
    """
    if count == 1:
        return ["grey"]
    if count == 3 and dtypes <= {"uint8", "uint16"}:
        return ["red", "green", "blue"]
    return [f"channel {number}" for number in range(1, count + 1)]


def size_of(row: Sample) -> tuple[int, ...]:
    """Depth (of a volume), height and width of a sample."""
    return row.size[1:] if len(row.size) == 3 and row.size[0] == 1 else row.size


def spacing_of(row: Sample) -> tuple[float, ...] | None:
    """Spacing in mm along (z,) y and x, of as many axes as the sample has; None: unknown."""
    axes = len(size_of(row))
    if row.spacing_mm is None or len(row.spacing_mm) < axes:
        return None
    return row.spacing_mm[-axes:]


def objects_of(rows: Rows) -> list[int]:
    """Objects of each sample of which anything was annotated."""
    return [row.objects or 0 for row in rows if row.ignored < 1]


def _counted(values: Counter[tuple[Any, ...]]) -> list[tuple[tuple[Any, ...], int]]:
    return sorted(values.items(), key=lambda item: (-item[1], item[0]))


def sizes_in(rows: Rows) -> list[dict[str, Any]]:
    """Distinct sizes, the most frequent first."""
    counts = _counted(Counter(size_of(row) for row in rows))
    return [
        {"size": f" {TIMES} ".join(map(str, size)), "axes": list(size), "samples": n}
        for size, n in counts
    ]


def spacings_in(rows: Rows) -> list[dict[str, Any]]:
    """Distinct spacings in mm, the most frequent first; null where unknown."""
    counts = Counter(spacing_of(row) or () for row in rows)
    return [{"spacing_mm": list(s) or None, "samples": n} for s, n in _counted(counts)]


def _share(part: float, whole: float) -> float | None:
    return rounded(part / whole) if whole else None


def classes_in(rows: Rows, measured: Measured, whole_images: bool) -> list[dict[str, Any]]:
    """The balance of the classes.

    Returns
    -------
    list of dict
        ``samples`` that hold the class, ``share_of_samples``, ``share_of_masks`` (of all
        non-empty masks, one per sample and class) and, unless whole images are classified,
        ``pixels``, ``share_of_pixels``, ``objects`` and quantiles of ``object_pixels`` and
        ``object_mm``.
    """
    holding = Counter(name for row in rows for name in row.classes)
    masks = sum(holding[name] for name in measured.classes)
    found = []
    for number, name in enumerate(measured.classes):
        entry: dict[str, Any] = {
            "name": name,
            "samples": holding[name],
            "share_of_samples": _share(holding[name], len(rows) - int(measured.unseen[number])),
            "share_of_masks": _share(holding[name], masks),
        }
        if not whole_images:
            physical = measured.physical[number]
            sizes = measured.objects(number)
            entry |= {
                "pixels": int(measured.pixels[number]),
                "share_of_pixels": _share(
                    int(measured.pixels[number]), int(measured.annotated[number])
                ),
                "objects": len(sizes),
                "object_pixels": quantiles_of(sizes),
                "object_mm": quantiles_of(np.concatenate(physical)) if physical else {},
            }
        found.append(entry)
    return found


def intensities_in(measured: Measured, names: list[str]) -> list[dict[str, Any]]:
    """Quantiles of each channel over the opened images, all of equal weight.

    None where no image has a value in the channel.
    """
    images = list(measured.images.values())
    found = []
    for channel, name in enumerate(names):
        having = [image for image in images if channel < image.values.shape[1]]
        if having:
            pooled = np.concatenate([image.values[:, channel] for image in having])
            exact = {
                "min": rounded(np.fmin.reduce([image.low[channel] for image in having])),
                "max": rounded(np.fmax.reduce([image.high[channel] for image in having])),
            }
            unknown = dict.fromkeys(["mean", *(f"{q:g}" for q in QUANTILES)])
            found.append({"channel": name, **(quantiles_of(pooled) or unknown), **exact})
    return found


def groups_in(rows: Rows) -> dict[str, Any]:
    """Samples per group, and the largest groups with their samples and objects."""
    counts = Counter(row.group for row in rows)
    objects: Counter[str] = Counter()
    for row in rows:
        objects[row.group] += row.objects or 0
    largest = sorted(counts, key=lambda name: (-counts[name], name))[:NAMED_GROUPS]
    return {
        "groups": len(counts),
        "samples_per_group": quantiles_of(list(counts.values())),
        "largest": [{"group": g, "samples": counts[g], "objects": objects[g]} for g in largest],
    }


def appearance_in(grouping: Grouping, measured: Measured) -> dict[str, Any]:
    """The groups of similar images, and the rule they follow."""
    members = Counter(grouping.clusters.values())
    clusters = []
    for cluster in sorted(members):
        chosen = [s for s, c in sorted(grouping.clusters.items()) if c == cluster]
        mean = np.mean([measured.images[sample].colour for sample in chosen], axis=0)
        hue = math.degrees(math.atan2(mean[1], mean[0])) % 360 if mean[2] > 0.01 else math.nan
        clusters.append(
            {
                "cluster": cluster,
                "samples": members[cluster],
                "hue_degrees": rounded(hue, 4),
                "saturation": rounded(mean[2], 4),
                "value": rounded(mean[4], 4),
            }
        )
    return {
        "rule": RULE,
        "silhouettes": {str(k): rounded(v, 4) for k, v in sorted(grouping.silhouettes.items())},
        "clusters": clusters,
    }


def summarise(
    name: str, task: str, rows: Rows, measured: Measured, grouping: Grouping, names: list[str]
) -> dict[str, Any]:
    """The content of summary.json; `names` are those of the channels."""
    whole = task == "classification"
    objects = objects_of(rows)
    background = _share(measured.total - measured.covered, measured.total)
    return {
        "dataset": name,
        "task": task,
        "samples": len(rows),
        "stacks": len({row.stack for row in rows if row.stack}),
        "splits": dict(sorted(Counter(row.split for row in rows).items())),
        "strata": dict(sorted(Counter(row.stratum for row in rows).items())),
        "empty": {"samples": measured.empty, "share": _share(measured.empty, measured.judged)},
        "sizes": sizes_in(rows),
        "spacing": spacings_in(rows),
        "dtypes": dict(sorted(Counter(row.dtype for row in rows).items())),
        "channels": dict(sorted(Counter(str(row.channels) for row in rows).items())),
        "images_opened": len(measured.images),
        "intensities": intensities_in(measured, names),
        "classes": classes_in(rows, measured, whole),
        "background_share": None if whole else background,
        "objects_per_sample": {} if whole else quantiles_of(objects),
        "objects": 0 if whole else sum(objects),
        "groups": groups_in(rows),
        "appearance": appearance_in(grouping, measured),
    }
