"""The task and classes of the labels that the networks were trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Labels:
    """The labels of a dataset.

    Attributes
    ----------
    task : {"semantic", "overlapping", "instances", "classification"}
    classes : dict of str to int
        Names and values, in the order of the maps.
    """

    task: str
    classes: dict[str, int]

    def plain(self) -> dict[str, Any]:
        """As JSON data that keeps the order of the classes."""
        return {"task": self.task, "classes": [[n, v] for n, v in self.classes.items()]}

    @property
    def attributes(self) -> dict[str, Any]:
        """As the attributes of an archive."""
        names, values = list(self.classes), list(self.classes.values())
        return {"task": self.task, "classes": names, "class_values": values}

    def name_of(self, value: int) -> str:
        """The name of the class with this value."""
        return next(name for name, number in self.classes.items() if number == value)
