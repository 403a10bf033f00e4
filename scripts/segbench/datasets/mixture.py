"""Images of one dataset that differ in what is taken to be the same for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from segbench.artefacts.samples import Sample
from segbench.errors import SegbenchError


def check_mixture(rows: Iterable[Sample], keeps_channels: bool, keeps_scale: bool) -> None:
    """Refuse images that differ in their axes, channels or units, where that matters.

    Parameters
    ----------
    rows : iterable of Sample
    keeps_channels : bool
        Whether a recipe has ``channels: all``; grey and RGB can be made of either.
    keeps_scale : bool
        Whether a recipe has ``normalise: none``; a stretch makes all scales equal.

    Raises
    ------
    SegbenchError
        With the number of samples of each kind and one of them.
    """
    rows = list(rows)
    _check(
        rows,
        lambda row: ("are images", "are volumes")[len(row.size) - 2],
        "samples are images and volumes",
        "images only or volumes only in a dataset",
        "make two datasets of them; or, if some volumes have a single slice, or files do not say "
        "their axes (.npy), set `layout: {axes: zyx}` (or yxc) in the dataset's config",
    )
    if keeps_channels:
        _check(
            rows,
            lambda row: f"have {row.channels} channel{'s' * (row.channels > 1)}",
            "images differ in their number of channels, and a preprocessing recipe keeps them all",
            "the same channels in all images with `channels: all`",
            "set `channels: grey` or `channels: rgb` in the preprocessing recipe, which grey and "
            "RGB pictures both can become",
        )
        _check(
            [row for row in rows if row.channel_names],
            lambda row: f"have {', '.join(row.channel_names)}",
            "images differ in the names or the order of their channels",
            "the same channels in the same order with `channels: all`",
            "save the images with their channels in one order, or make a dataset of each kind",
        )
    if keeps_scale:
        _check(
            rows,
            lambda row: f"have {row.dtype}",
            "images differ in their type of numbers, and a preprocessing recipe keeps their scale",
            "one type with `normalise: none`: integers are taken as parts of their type's largest "
            "value, floats as they are",
            "set `normalise: minmax`, `percentile` or `zscore` in the preprocessing recipe, or "
            "save all images with one type",
        )


def _check(
    rows: Iterable[Sample], kind: Callable[[Sample], str], what: str, expected: str, action: str
) -> None:
    """Raise an error if rows are of several kinds."""
    found: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: row.sample):
        found.setdefault(kind(row), []).append(row.sample)
    if len(found) > 1:
        counts = "; ".join(
            f"{len(samples)} {name} (e.g. {samples[0]})" for name, samples in found.items()
        )
        raise SegbenchError(f"{what}: {counts}", expected, action)
