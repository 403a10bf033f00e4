"""The labels of the classes in a folder's masks: values, colours, names of folders or cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from segbench.config.dataset import Background, Class, Ignore
from segbench.datasets.label_names import normalised_name
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
    said : mapping of int to str
        Label -> what the mask's file calls it.
    """

    by_colour: bool
    classes: dict[int, int]
    names: dict[int, str]
    said: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        classes: Sequence[Class],
        background: Background | None,
        ignore: Ignore | None = None,
        said: Mapping[int, str] | None = None,
        where: str = "",
    ) -> Labels:
        """Read them from a dataset's config, and from the file where it names its values.

        Parameters
        ----------
        classes, background, ignore
            As in the dataset's config.
        said : mapping of int to str, optional
            Names of the values in a mask's file (`segbench.decoders.decoder.Header.labels`).
            Labels that are names are looked up in it, and classes without labels by their own
            name if it holds one of them. Names that it lacks do not occur in the mask.
        where : str, optional
            How errors begin: the mask's file.

        Raises
        ------
        SegbenchError
            Values and colours are mixed, a label is neither, or one stands for two classes.
        """
        said = said or {}
        nothing = background.name if background is not None else "background"
        wanted: list[tuple[str, int, Sequence[str | int]]] = [
            *_labelled(classes, said),
            (nothing, 0, background.labels if background is not None else ()),
            ("not annotated", UNANNOTATED, ignore.labels if ignore is not None else ()),
        ]
        by_colour = any(
            isinstance(label, str) and (not said or _COLOUR.fullmatch(label))
            for *_, labels in wanted[: len(classes)]
            for label in labels
        )
        found: dict[int, int] = {}
        names: dict[int, str] = {}
        for class_name, value, labels in wanted:
            for label in labels:
                for number in _numbers(f"{where}classes: {class_name}", label, by_colour, said):
                    if number in names:
                        raise SegbenchError(
                            f"classes: the label {label!r} stands for {names[number]} and for "
                            f"{class_name}",
                            "each label in one class",
                            "remove it from the `labels` of one of them",
                        )
                    found[number], names[number] = value, class_name
        if not (background is not None and background.labels) and 0 not in found:
            # Without a word in the config, 0 (black) is the background.
            found[0], names[0] = 0, nothing
        return cls(by_colour, found, names, said)

    def shown(self, number: int) -> str:
        """A label as it stands in the config: its name, if the file has one."""
        if self.by_colour:
            return f"#{number:06x}"
        return repr(self.said[number]) if number in self.said else str(number)

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
    return frozenset(_number("classes: ignore", label, by_colour=False) for label in labels)


def _labelled(
    classes: Sequence[Class], said: Mapping[int, str]
) -> list[tuple[str, int, Sequence[str | int]]]:
    """Name, value and labels of each class; of one without labels its name or its value."""
    known = {normalised_name(name) for name in said.values()}
    by_name = any(normalised_name(one.name) in known for one in classes if not one.labels)
    return [
        (one.name, one.value, one.labels or ((one.name,) if by_name else (one.value,)))
        for one in classes
    ]


def _numbers(
    name: str, label: str | int, by_colour: bool, said: Mapping[int, str]
) -> Sequence[int]:
    if said and isinstance(label, str) and not by_colour:
        wanted = normalised_name(label)
        return [value for value, text in said.items() if normalised_name(text) == wanted]
    return [_number(name, label, by_colour)]


def _number(name: str, label: str | int, by_colour: bool) -> int:
    if by_colour and isinstance(label, str) and _COLOUR.fullmatch(label):
        return colour_number(label)
    if not by_colour and isinstance(label, int):
        return label
    raise SegbenchError(
        f"{name}: the label is {label!r}",
        "colours of all classes, such as '#00c800' (in quotes: # begins a comment), or values "
        "of all classes, such as 3; or names, if the files name their values",
        "correct `labels` in the dataset's config",
    )
