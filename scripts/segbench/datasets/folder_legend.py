"""The labels of the classes in a folder's masks: values, colours, names of folders or cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from segbench.config.dataset import Background, Class, Ignore
from segbench.errors import SegbenchError
from segbench.unannotated import UNANNOTATED

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
        Label -> the class's value; 0 for the background, `UNANNOTATED` for what is ignored.
    names : dict of int to str
        Label -> name of its class.
    """

    by_colour: bool
    classes: dict[int, int]
    names: dict[int, str]

    @classmethod
    def of(
        cls,
        classes: Sequence[Class],
        background: Background | None,
        ignore: Ignore | None = None,
    ) -> Labels:
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
        hidden = ("not annotated", UNANNOTATED, ignore.labels if ignore is not None else ())
        found: dict[int, int] = {}
        names: dict[int, str] = {}
        for class_name, value, labels in (*wanted, (name, 0, other), hidden):
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


def ignored_values(ignore: Ignore | None) -> frozenset[int]:
    """Values that mark what was not annotated, in masks of one class and numbered objects.

    Raises
    ------
    SegbenchError
        A label is no value.
    """
    labels = ignore.labels if ignore is not None else ()
    return frozenset(_number("ignore", label, by_colour=False) for label in labels)


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
