"""What stands in masks: their values or colours, and what these seem to mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from segbench.decoders.decoder import Choices, Decoded
from segbench.decoders.registry import NO_CHOICES, read
from segbench.errors import SegbenchError
from segbench.inspection.survey import fault_lines, spread

#: At most so many masks are opened, evenly spread.
MASKS = 60
#: Values of a mask that are so many are no classes.
MANY = 30
#: Values that often mean that nobody annotated a pixel.
IGNORED = (255, 65535)


@dataclass
class Labels:
    """Labels of some masks.

    Attributes
    ----------
    opened : int
    pixels : Counter of int
        Value, or number of a colour (65536 red + 256 green + blue) -> pixels.
    masks : Counter of int
        The same -> masks that hold it.
    by_colour : bool
        Channels differ: the labels are colours.
    empty : list of str
        Masks of one value.
    jpegs : list of str
        Masks that were saved as JPEG.
    fractions : list of str
        Masks with values that are no whole numbers.
    numbered : int
        Masks whose values look like numbers of objects.
    names : dict of int to str
        Names of values that the files give.
    layers : tuple of str
        Names of the layers of masks that have several, which may overlap.
    faults : dict of str to SegbenchError
        Masks that cannot be read -> why.
    """

    opened: int = 0
    pixels: Counter[int] = field(default_factory=Counter)
    masks: Counter[int] = field(default_factory=Counter)
    by_colour: bool = False
    empty: list[str] = field(default_factory=list)
    jpegs: list[str] = field(default_factory=list)
    fractions: list[str] = field(default_factory=list)
    numbered: int = 0
    names: dict[int, str] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    faults: dict[str, SegbenchError] = field(default_factory=dict)

    @property
    def instances(self) -> bool:
        """Whether the values seem to be numbers of objects."""
        filled = self.opened - len(self.empty)
        return not self.by_colour and bool(filled) and 2 * self.numbered > filled

    @property
    def smeared(self) -> bool:
        """Whether there are too many values for classes, and they are no objects."""
        return not self.instances and len(self.pixels) > MANY

    def shown(self, label: int) -> str:
        """A label as it stands in the config."""
        return f"'#{label:06x}'" if self.by_colour else str(label)


def labels_in(folder: Path, names: Sequence[str], choices: Choices = NO_CHOICES) -> Labels:
    """Count what stands in masks.

    Parameters
    ----------
    folder : Path
    names : sequence of str
        Masks, relative to it.
    choices : Choices
        How they are opened.
    """
    found = Labels()
    for name in spread(names, MASKS):
        if name.lower().endswith((".jpg", ".jpeg")):
            found.jpegs.append(name)
        try:
            decoded = read(folder / name, choices)
        except SegbenchError as error:
            found.faults[name] = error
            continue
        _add(found, name, decoded)
    return found


def _add(found: Labels, name: str, decoded: Decoded) -> None:
    numbers, by_colour = _numbers(decoded)
    found.opened += 1
    layers = _layers(decoded)
    if len(layers) > len(found.layers):
        found.layers = layers
    if numbers.dtype.kind == "f":
        if not (np.isfinite(numbers) & (numbers == np.rint(numbers))).all():
            found.fractions.append(name)
            return
        numbers = numbers.astype(np.int64)
    values, counts = np.unique(numbers, return_counts=True)
    found.by_colour |= by_colour
    found.names |= dict(decoded.header.labels)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        found.pixels[value] += count
        found.masks[value] += 1
    if len(values) == 1:
        found.empty.append(name)
    elif not by_colour and _looks_numbered(numbers, [v for v in values.tolist() if v]):
        found.numbered += 1


def _layers(decoded: Decoded) -> tuple[str, ...]:
    """Names of the channels of a mask that are masks themselves; empty: they are not."""
    header = decoded.header
    count = header.shape[-1]
    if not header.axes.endswith("c") or header.colour or header.alpha or count == 1:
        return ()
    if count == 3 and not header.channels and decoded.pixels.max(initial=0) > 1:
        return ()  # an array of colours
    return header.channels or tuple(f"class {n}" for n in range(1, count + 1))


def _numbers(decoded: Decoded) -> tuple[np.ndarray, bool]:
    """Values of a mask, or numbers of its colours."""
    pixels = decoded.pixels
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8)
    if not decoded.header.axes.endswith("c"):
        return pixels, False
    if decoded.header.alpha:
        pixels = pixels[..., :-1]
    if all((pixels[..., k] == pixels[..., 0]).all() for k in range(1, pixels.shape[-1])):
        return pixels[..., 0], False
    if pixels.dtype != np.uint8 or pixels.shape[-1] != 3:
        return pixels[..., 0], False
    red, green, blue = (pixels[..., k].astype(np.int64) for k in range(3))
    return (red << 16) | (green << 8) | blue, True


def _looks_numbered(numbers: np.ndarray, values: list[int]) -> bool:
    """Whether each value is one piece, and there are more than a few, almost without gaps."""
    if numbers.ndim != 2 or len(values) < 4 or max(values) > 4 * len(values) or min(values) < 0:
        return False
    import cv2

    single = 0
    some = spread(values, 40)
    for value in some:
        mask = (numbers == value).astype(np.uint8)
        single += int(cv2.connectedComponents(mask, connectivity=8)[0] == 2)
    return single >= 0.9 * len(some)


def lines_of(found: Labels) -> list[str]:
    """The labels in words."""
    noun = "colours" if found.by_colour else "values"
    order = sorted(found.pixels, key=lambda label: (-found.pixels[label], label))
    shown = ", ".join(
        f"{found.shown(label)} ({found.pixels[label]} px in {found.masks[label]})"
        for label in order[:12]
    )
    more = f", and {len(order) - 12} more" if len(order) > 12 else ""
    head = f"  {noun} in {found.opened} masks: {shown}{more}"
    if found.layers:
        return [head, f"  layers of a mask, which may overlap: {', '.join(found.layers)}"]
    return [head, "  numbered objects, by their look"] if found.instances else [head]


def warnings_of(found: Labels) -> list[str]:
    """Usual mistakes in masks."""
    lines = fault_lines(found.faults)
    if found.jpegs:
        lines.append(
            f"{len(found.jpegs)} masks are JPEG (e.g. {found.jpegs[0]}), which does not keep "
            "labels: save them as PNG, from the program that made them"
        )
    elif found.smeared:
        lines.append(
            f"the masks hold {len(found.pixels)} {'colours' if found.by_colour else 'values'}: "
            "they were a JPEG once, or were resized with interpolation; save them anew as PNG"
        )
    if found.fractions:
        lines.append(
            f"{len(found.fractions)} masks hold fractions (e.g. {found.fractions[0]}): turn "
            "probabilities into classes first"
        )
    if found.by_colour and not found.smeared:
        lines.append("the masks are in colour: name the class of each colour in the config")
    values = set(found.pixels)
    others = values - {0}
    unmarked = others & set(IGNORED)
    if not found.by_colour and unmarked == others and len(others) == 1:
        (highest,) = others
        lines.append(
            f"the masks hold 0 and {highest}: the class is written as `labels: [{highest}]`"
        )
    total = sum(found.pixels.values())
    if len(others) == 1 and 0 in values and 2 * found.pixels[max(others)] > total:
        (only,) = others
        lines.append(
            f"{found.shown(only)} covers {found.pixels[only] / total:.0%} of the pixels: if 0 is "
            f"what you look for, write `labels: [0]` for the class and `background: {{labels: "
            f"[{found.shown(only)}]}}`"
        )
    elif len(others) > 1 and unmarked and not (found.by_colour or found.instances or found.smeared):
        lines.append(
            f"the value {max(unmarked)} often means 'not annotated': it is written "
            "as `ignore`; make it a class, or the background, if it is"
        )
    if not found.by_colour and values and 0 not in values:
        lines.append(
            "no pixel is 0: is one of the values the background? Then move it from `classes` to "
            "`background: {labels: [...]}`"
        )
    if len(found.empty) > len(found.jpegs) and 2 * len(found.empty) > found.opened:
        lines.append(
            f"{len(found.empty)} of {found.opened} masks have one value throughout (e.g. "
            f"{found.empty[0]})"
        )
    return lines
