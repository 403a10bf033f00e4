"""What is wrong with a configuration: all of it, in one message."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from segbench.errors import SegbenchError

#: The way to a key: mapping keys and list indices.
Key = tuple[str | int, ...]

#: Stands for "no value here".
ABSENT: Any = object()

#: Values are shown up to this many characters.
LONGEST_VALUE = 80


def key_text(key: Key) -> str:
    """Write a key path as users write it.

    Examples
    --------
    >>> key_text(("training", "patch", 0))
    'training.patch[0]'
    """
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def value_text(value: Any) -> str:
    """Write a value as YAML would, on one line, shortened.

    Examples
    --------
    >>> value_text([1, "a", None])
    '[1, "a", null]'
    """
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "..."


def nearest(name: Any, names: Iterable[str]) -> str:
    """Give the name that resembles `name` most; empty when none does.

    Examples
    --------
    >>> nearest("learning_rat", ["learning_rate", "momentum"])
    'learning_rate'
    >>> nearest("xyz", ["learning_rate", "momentum"])
    ''
    """
    by_lower = {candidate.lower(): candidate for candidate in sorted(names, reverse=True)}
    found = difflib.get_close_matches(str(name).lower(), sorted(by_lower), n=1, cutoff=0.5)
    return by_lower[found[0]] if found else ""


@dataclass(frozen=True)
class Problem:
    """One mistake in a configuration.

    Attributes
    ----------
    file : str
        The file to edit, or where else the value came from.
    line : int
        Line in that file, counted from 1; 0 where there is none.
    key : tuple
        The way to the key.
    what : str
        What is wrong with it.
    allowed : str
        What may stand there.
    nearest : str
        The valid name that was probably meant; empty where none is near.
    value : object
        The offending value.
    unread : bool
        The file says something here that is no data: there is no value to check.
    """

    file: str
    line: int
    key: Key
    what: str
    allowed: str = ""
    nearest: str = ""
    value: Any = ABSENT
    unread: bool = False

    def __str__(self) -> str:
        where = self.file + (f", line {self.line}" if self.line else "")
        lines = [where + (f": {key_text(self.key)}" if self.key else "")]
        value = "" if self.value is ABSENT else f" (it is {value_text(self.value)})"
        lines.append(f"    {self.what}{value}")
        if self.allowed:
            lines.append(f"    allowed: {self.allowed}")
        if self.nearest:
            lines.append(f"    did you mean: {self.nearest}")
        return "\n".join(lines)


class ConfigError(SegbenchError):
    """All mistakes of a configuration.

    Attributes
    ----------
    problems : tuple of Problem
        Sorted by file, line and key, without repetitions.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        unique = {str(problem): problem for problem in problems}
        self.problems = tuple(
            sorted(unique.values(), key=lambda p: (p.file, p.line, key_text(p.key), p.what))
        )
        count = len(self.problems)
        title = f"the configuration has {count} error{'s' if count != 1 else ''}"
        super().__init__(
            "\n\n".join([title + ":", *map(str, self.problems)]) + "\n",
            "the keys and values of docs/reference/configuration.md",
            "correct the above and run the same command again; nothing was computed",
        )
