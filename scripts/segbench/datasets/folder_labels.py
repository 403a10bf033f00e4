"""From the values or colours of a mask to the classes of a dataset."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segbench.config.dataset import Background, Class
from segbench.datasets import folder_diagnosis as diagnosis
from segbench.errors import SegbenchError

_COLOUR = re.compile("#[0-9a-fA-F]{6}")


def colour_number(colour: str) -> int:
    """Number of a colour: 65536 red + 256 green + blue.

    Examples
    --------
    >>> colour_number("#00c800")
    51200
    """
    return int(colour[1:], 16)


@dataclass(frozen=True)
class Labels:
    """What stands for each class in the masks.

    Attributes
    ----------
    by_colour : bool
        Labels are colours (numbered as `colour_number` does), not values.
    classes : dict of int to int
        Label -> the class's value; 0 for the background.
    names : dict of int to str
        Label -> name of its class.
    """

    by_colour: bool
    classes: dict[int, int]
    names: dict[int, str]

    @classmethod
    def of(cls, classes: Sequence[Class], background: Background | None) -> Labels:
        """Read them from a dataset's config.

        Raises
        ------
        SegbenchError
            Values and colours are mixed, a label is neither, or one stands for two classes.
        """
        wanted: list[tuple[str, int, Sequence[str | int]]] = [
            (one.name, one.value, one.labels or (one.value,)) for one in classes
        ]
        name = background.name if background is not None else "background"
        listed = [label for *_, labels in wanted for label in labels]
        by_colour = any(isinstance(label, str) for label in listed)
        other = background.labels if background is not None and background.labels else ()
        found: dict[int, int] = {}
        names: dict[int, str] = {}
        for class_name, value, labels in (*wanted, (name, 0, other)):
            for label in labels:
                number = _number(class_name, label, by_colour)
                if number in names:
                    raise SegbenchError(
                        f"classes: the label {label!r} stands for {names[number]} and for "
                        f"{class_name}",
                        "each label in one class",
                        "remove it from the `labels` of one of them",
                    )
                found[number], names[number] = value, class_name
        if not other and 0 not in found:
            # Without a word in the config, 0 (black) is the background.
            found[0], names[0] = 0, name
        return cls(by_colour, found, names)

    def shown(self, number: int) -> str:
        """A label as it stands in the config."""
        return f"#{number:06x}" if self.by_colour else str(number)

    def expected(self) -> str:
        """All labels with their classes."""
        return ", ".join(f"{self.shown(k)} ({self.names[k]})" for k in sorted(self.names))


def _number(name: str, label: str | int, by_colour: bool) -> int:
    if by_colour and isinstance(label, str) and _COLOUR.fullmatch(label):
        return colour_number(label)
    if not by_colour and isinstance(label, int):
        return label
    raise SegbenchError(
        f"classes: {name}: the label is {label!r}",
        "colours of all classes, such as '#00c800' (in quotes: # begins a comment), or values "
        "of all classes, such as 3",
        "correct `labels` in the dataset's config",
    )


def to_classes(path: Path, mask: np.ndarray, labels: Labels) -> np.ndarray:
    """Turn a mask into a label map.

    Parameters
    ----------
    path : Path
        For messages.
    mask : ndarray
        Values: (y, x) or (z, y, x). Colours: with a last axis of 3.
    labels : Labels
        What stands for what.

    Returns
    -------
    ndarray
        Without the axis of the channels, uint8.

    Raises
    ------
    SegbenchError
        The mask holds what is no label; the message says what it looks like.
    """
    numbers = as_colours(path, mask) if labels.by_colour else as_values(path, mask, labels)
    present, counts = _counted(numbers)
    unknown = [value for value in present if value not in labels.classes]
    if unknown:
        raise diagnosis.unknown_labels(path, dict(zip(present, counts, strict=True)), labels)
    table = np.array([labels.classes[value] for value in present], np.uint8)
    low = present[0] if present else 0
    if numbers.dtype == np.uint8:
        look = np.zeros(256, np.uint8)
        look[present] = table
        return np.asarray(look[numbers])
    if present and present[-1] - low < 1 << 16:
        look = np.zeros(present[-1] - low + 1, np.uint8)
        look[np.array(present) - low] = table
        return np.asarray(look[numbers.astype(np.int64) - low])
    return np.asarray(table[np.searchsorted(present, numbers)])


def _counted(numbers: np.ndarray) -> tuple[list[int], list[int]]:
    """Values that occur, ascending, and how often."""
    if numbers.dtype == np.uint8:
        counts = np.bincount(numbers.ravel(), minlength=256)
        present = np.flatnonzero(counts)
        return present.tolist(), counts[present].tolist()
    present, counts = np.unique(numbers, return_counts=True)
    return present.tolist(), counts.tolist()


def as_values(path: Path, mask: np.ndarray, labels: Labels | None = None) -> np.ndarray:
    """Whole numbers of a mask of one channel.

    Parameters
    ----------
    path : Path
        For messages.
    mask : ndarray
        (y, x) or (z, y, x); of pictures also with equal channels.
    labels : Labels, optional
        For messages.

    Returns
    -------
    ndarray
        bool as uint8, floats as int64, integers as they are.

    Raises
    ------
    SegbenchError
        The mask is in colour, partly transparent, or holds fractions.
    """
    if mask.ndim == 3 and mask.shape[-1] <= 4:
        mask = one_channel(path, mask, labels)
    if mask.dtype == bool:
        return mask.astype(np.uint8)
    if mask.dtype.kind == "f":
        whole = np.isfinite(mask) & (mask == np.rint(mask))
        if not whole.all():
            raise diagnosis.fractions(path, mask[~whole], mask.size)
        return mask.astype(np.int64)
    return mask


def one_channel(path: Path, mask: np.ndarray, labels: Labels | None) -> np.ndarray:
    """A mask whose channels are equal as one of them; an opaque alpha channel is dropped."""
    if mask.shape[-1] in {2, 4}:
        mask = diagnosis.opaque(path, mask)
    grey = mask[..., 0]
    if any((mask[..., k] != grey).any() for k in range(1, mask.shape[-1])):
        raise diagnosis.in_colour(path, mask, labels)
    return np.ascontiguousarray(grey)


def as_colours(path: Path, mask: np.ndarray) -> np.ndarray:
    """The colours of a mask as numbers, see `colour_number`.

    Returns
    -------
    ndarray
        Without the axis of the channels, int32.

    Raises
    ------
    SegbenchError
        The mask has other than 8 bits a channel, or is partly transparent.
    """
    if mask.dtype == bool:
        mask = mask.astype(np.uint8) * np.uint8(255)
    if mask.ndim == 3 and mask.shape[-1] in {2, 4}:
        mask = diagnosis.opaque(path, mask)
    if mask.ndim == 2 or mask.shape[-1] == 1:
        mask = np.repeat(mask.reshape(*mask.shape[:2], 1), 3, axis=2)
    if mask.dtype != np.uint8 or mask.ndim != 3 or mask.shape[-1] != 3:
        raise SegbenchError(
            f"{path}: {mask.dtype} values, {' x '.join(map(str, mask.shape))}",
            "a picture of 8 bits a channel: the classes' labels are colours",
            "save the mask as PNG in colour, or write values under `labels` in the config",
        )
    red, green, blue = (mask[..., k].astype(np.int32) for k in range(3))
    return np.asarray((red << 16) | (green << 8) | blue)


def to_objects(path: Path, mask: np.ndarray) -> np.ndarray:
    """Numbered objects, numbered from 1 without gaps.

    Returns
    -------
    ndarray
        (y, x), uint16.

    Raises
    ------
    SegbenchError
        The mask is in colour or negative, holds fractions or more than 65535 objects, or has
        one number for objects that do not touch, as a mask that is not numbered has.
    """
    numbers = as_values(path, mask)
    present, counts = _counted(numbers)
    diagnosis.check_numbers(path, numbers, dict(zip(present, counts, strict=True)))
    objects = [value for value in present if value]
    if len(objects) > np.iinfo(np.uint16).max:
        raise SegbenchError(
            f"{path}: {len(objects)} objects", "at most 65535", "cut the image into parts"
        )
    place = np.searchsorted(objects, numbers) + 1
    return np.asarray(np.where(numbers == 0, 0, place).astype(np.uint16))


def to_binary(path: Path, mask: np.ndarray) -> np.ndarray:
    """A mask of one class: 0, and one of 1 and 255 (or True) where it is; uint8, 0 or 1."""
    values = as_values(path, mask)
    present, counts = _counted(values)
    if set(present) - {0, 1} and set(present) - {0, 255}:
        raise diagnosis.not_binary(path, dict(zip(present, counts, strict=True)))
    return np.asarray(values != 0, np.uint8)


def names_of(classes: Iterable[Class]) -> dict[str, str]:
    """What a class's folder or cell may be called -> its name.

    Raises
    ------
    SegbenchError
        One spelling is listed for two classes.
    """
    found: dict[str, str] = {}
    for one in classes:
        for label in (one.name, *one.labels):
            if found.setdefault(str(label).casefold(), one.name) != one.name:
                raise SegbenchError(
                    f"classes: {label!r} stands for {found[str(label).casefold()]} and {one.name}",
                    "each label in one class",
                    "remove it from the `labels` of one of them",
                )
    return found
