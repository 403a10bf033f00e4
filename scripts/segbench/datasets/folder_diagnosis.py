"""Diagnosis of masks that do not fit the config: likely cause and remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from segbench.datasets.folder_legend import Labels
from segbench.errors import SegbenchError
from segbench.unannotated import UNANNOTATED

JPEG = frozenset({".jpg", ".jpeg"})
SAVE_PNG = "save the mask as PNG, from the program that made it"

#: A mask with at least so many unknown labels looks smeared.
SMEARED = 8
#: At most this many labels are listed; the rest are counted.
MAX_LABELS = 6


def counted(counts: Mapping[int, int], labels: Labels | None = None) -> str:
    """Values with their numbers of pixels, the commonest first.

    Examples
    --------
    >>> counted({0: 90, 254: 4, 255: 6})
    '0 (90 px), 255 (6 px), 254 (4 px)'
    """
    order = sorted(counts, key=lambda value: (-counts[value], value))
    name = labels.shown if labels is not None else str
    shown = ", ".join(f"{name(value)} ({counts[value]} px)" for value in order[:MAX_LABELS])
    more = len(order) - MAX_LABELS
    return shown + (f" and {more} more" if more > 0 else "")


def unknown_labels(path: Path, counts: Mapping[int, int], labels: Labels) -> SegbenchError:
    """Error for a mask with unknown labels, with the likely cause.

    Parameters
    ----------
    path : Path
        The mask.
    counts : mapping of int to int
        Label -> its number of pixels; all that occur.
    labels : Labels
        What there should be.
    """
    unknown = {value: n for value, n in counts.items() if value not in labels.classes}
    noun = "colours" if labels.by_colour else "values"
    if path.suffix.lower() in JPEG:
        return SegbenchError(
            f"{path}: a JPEG mask with {len(counts)} {noun}, smeared by the compression: "
            f"{counted(counts, labels)}",
            labels.expected(),
            f"{SAVE_PNG}: JPEG does not keep labels",
        )
    held = f"{path}: holds {noun} that belong to no class: {_nearest(unknown, labels)}"
    for action in (
        _full_range(counts, labels),
        _smeared(counts, unknown),
        _no_background(unknown, labels),
        _shifted(counts, unknown, labels),
    ):
        if action:
            return SegbenchError(held, labels.expected(), action)
    listed = _listed(unknown, labels)
    return SegbenchError(
        held,
        labels.expected(),
        f"say in the dataset's config what they are: `labels: {listed}` of a class; "
        f"{_no_class(unknown, labels)}; or correct the mask",
    )


def _listed(values: Iterable[int], labels: Labels) -> str:
    """Labels as a list of the config."""
    quote = "'" * labels.by_colour
    shown = [f"{quote}{labels.shown(value)}{quote}" for value in sorted(values)]
    return f"[{', '.join(shown[:MAX_LABELS])}{', ...' * (len(shown) > MAX_LABELS)}]"


def _no_class(unknown: Iterable[int], labels: Labels) -> str:
    """The keys for labels that are no class."""

    def with_those_of(number: int) -> str:
        # A list in the config replaces the one there is, and the background's 0.
        known = [value for value, found in labels.classes.items() if found == number]
        return f"{{labels: {_listed([*known, *unknown], labels)}}}"

    return (
        f"`background: {with_those_of(0)}` if nothing is there; "
        f"`ignore: {with_those_of(UNANNOTATED)}` if nobody annotated it"
    )


def _nearest(unknown: Mapping[int, int], labels: Labels) -> str:
    """Unknown labels; each colour with the class's colour that is nearest."""
    if not labels.by_colour:
        return counted(unknown, labels)
    order = sorted(unknown, key=lambda value: (-unknown[value], value))
    known = np.array(sorted(labels.names))
    shown = []
    for value in order[: MAX_LABELS // 2]:
        apart = [((known >> bits & 255) - (value >> bits & 255)) ** 2 for bits in (16, 8, 0)]
        near = int(known[int(np.argmin(sum(apart)))])
        shown.append(
            f"{labels.shown(value)} ({unknown[value]} px; nearest: {labels.shown(near)}, "
            f"{labels.names[near]})"
        )
    more = len(order) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _full_range(counts: Mapping[int, int], labels: Labels) -> str:
    """Advice if it is a mask of background and the highest value, for one class.

    Only if 0 is the background: where it is the class, the highest value is something else.
    """
    others = sorted(set(counts) - {0})
    names = [n for value, n in labels.names.items() if 0 < labels.classes[value] < UNANNOTATED]
    if labels.by_colour or labels.classes.get(0) != 0 or len(names) != 1:
        return ""
    if len(others) != 1 or others[0] not in {255, 65535} or others[0] in labels.classes:
        return ""
    return f"set `labels: [{others[0]}]` of the class {names[0]} in the dataset's config"


def _no_background(unknown: Mapping[int, int], labels: Labels) -> str:
    """Advice if every label of the config is a class, so that there is no background."""
    if 0 in labels.classes.values():
        return ""
    return (
        f"{labels.shown(0)} is a class, and no label is the background. Set in the dataset's "
        f"config {_no_class(unknown, labels)}"
    )


def _smeared(counts: Mapping[int, int], unknown: Mapping[int, int]) -> str:
    if len(unknown) < SMEARED or sum(unknown.values()) > sum(counts.values()) // 2:
        return ""
    return (
        "the edges are smeared: the mask was resized with interpolation, drawn with soft "
        f"brushes, or a JPEG once. {SAVE_PNG}; resize masks to the nearest pixel only"
    )


def _shifted(counts: Mapping[int, int], unknown: Mapping[int, int], labels: Labels) -> str:
    """Advice if the labels may be counted from 1, background included; they need not be."""
    if labels.by_colour or 0 in counts or not all(v - 1 in labels.classes for v in counts):
        return ""
    lines = ", ".join(
        f"{name}: [{value + 1}]" for value, name in sorted(labels.names.items()) if value
    )
    return (
        "no pixel is 0. If the labels are counted from 1, the background included, set "
        f"`background: {{labels: [1]}}` and the `labels` of the classes, {lines}. If they are as "
        f"the config says, set {_no_class(unknown, labels)}"
    )


def fractions(path: Path, wrong: np.ndarray, size: int) -> SegbenchError:
    """Error for a mask of fractions: a map of probabilities, or one that was resized."""
    shown = ", ".join(f"{value:.4g}" for value in np.unique(wrong)[:4])
    return SegbenchError(
        f"{path}: {wrong.size} of {size} values are not whole numbers: {shown}",
        "whole numbers, one for each class",
        "a map of probabilities must be turned into classes first (threshold, or largest), and "
        "a mask that was resized with interpolation made again"
        if np.isfinite(wrong).any()
        else "write a number where nothing is known, and list it in the dataset's config in "
        "`ignore: {labels: [...]}`, or in `background: {labels: [...]}` if no class is there",
    )


def beyond_64_bits(path: Path, values: np.ndarray) -> SegbenchError:
    """Error for floats that no integer of 64 bits holds."""
    return SegbenchError(
        f"{path}: holds values from {values.min():.6g} to {values.max():.6g}",
        "whole numbers of at most 64 bits",
        "save the labels as integers; a map of probabilities is no mask",
    )


def in_colour(path: Path, mask: np.ndarray, labels: Labels | None) -> SegbenchError:
    """Error for a mask in colour where values are expected."""
    expected = f"values: {labels.expected()}" if labels is not None else "one number per object"
    if path.suffix.lower() in JPEG:
        return SegbenchError(f"{path}: a JPEG mask in colour", expected, SAVE_PNG)
    if mask.dtype != np.uint8 or mask.shape[-1] != 3 or mask.max() <= 1:
        classes = {n for v, n in labels.names.items() if labels.classes[v]} if labels else set()
        return SegbenchError(
            f"{path}: the mask has {mask.shape[-1]} channels that differ",
            expected,
            "save the mask with one channel"
            + f"; or with one for each of the {len(classes)} class(es), in the config's order, and "
            "set `task: overlapping`" * bool(classes),
        )
    colours, counts = np.unique(mask.reshape(-1, 3), axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MAX_LABELS]
    found = [f"'#{r:02x}{g:02x}{b:02x}'" for r, g, b in colours[order].tolist()]
    return SegbenchError(
        f"{path}: the mask is in colour ({len(colours)} colours, the commonest: "
        f"{', '.join(found)})",
        expected,
        f"write the colours into the dataset's config: e.g. `labels: [{found[-1]}]` of a class, "
        f"and `background: {{labels: [{found[0]}]}}` where nothing is (black if not set); or save "
        "the mask with one channel"
        if labels is not None
        else "save a picture of one channel in which each object has its own number",
    )


def not_binary(path: Path, counts: Mapping[int, int]) -> SegbenchError:
    """Error for a mask of one class with more than two values."""
    smeared = path.suffix.lower() in JPEG
    return SegbenchError(
        f"{path}: {'a JPEG mask with' if smeared else 'holds'} the values {counted(counts)}",
        "0, and 255 (or 1) where the class is",
        SAVE_PNG
        if smeared or len(counts) > SMEARED
        else "save a mask of two values; or name the value of pixels that nobody annotated in the "
        "dataset's config: `ignore: {labels: [...]}`",
    )
