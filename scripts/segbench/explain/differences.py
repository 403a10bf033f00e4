"""Differences between two sets of parameters and between two lists of files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from segbench.artefacts.inventory import parse_inventory

#: Stands for a missing value.
ABSENT = "(absent)"

#: Values are cut to this length in text.
_SHOWN = 60


class Difference(NamedTuple):
    """One value that differs.

    Attributes
    ----------
    path : tuple of str
        Keys that lead to it, indices of lists included.
    old, new : object
        The values, or `ABSENT`.
    """

    path: tuple[str, ...]
    old: Any
    new: Any


def differences(old: Any, new: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """All values that differ, at any depth.

    Parameters
    ----------
    old, new : JSON-able
        Lists of equally many records are compared record by record; other lists as values,
        because ``[32, 32] -> [64, 64]`` says more than two numbers.
    path : tuple of str
        Keys that lead to them.

    Examples
    --------
    >>> list(differences({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3}}))
    [Difference(path=('b', 'c'), old=2, new=3)]
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}, key=str):
            yield from differences(old.get(key, ABSENT), new.get(key, ABSENT), (*path, str(key)))
    elif _records(old) and _records(new) and len(old) == len(new):
        for number, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from differences(left, right, (*path, str(number)))
    elif shown(old, None) != shown(new, None):
        yield Difference(path, old, new)


def _records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def plain(data: Any) -> Any:
    """Data as JSON returns it: tuples become lists, paths text."""
    return json.loads(json.dumps(data, default=str))


def shown(value: Any, length: int | None = _SHOWN) -> str:
    """A value as text on one line.

    Examples
    --------
    >>> shown([1, "a"]), shown(ABSENT), shown("x" * 9, length=6)
    ('[1, "a"]', '(absent)', '"xx...')
    """
    if value is ABSENT:
        return str(ABSENT)
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return text if length is None or len(text) <= length else f"{text[: length - 3]}..."


class FileChange(NamedTuple):
    """A changed row of an inventory.

    Attributes
    ----------
    sample, path : str
        The sample, and the file relative to the raw tree.
    old, new : str or None
        SHA-256; None if the file is not in the inventory.
    """

    sample: str
    path: str
    old: str | None
    new: str | None


def list_changes(old: str, new: str) -> list[FileChange]:
    """Changed rows between the texts of two inventories."""
    before, after = (
        {(file.sample, file.path): file.sha256 for file in parse_inventory(text)}
        for text in (old, new)
    )
    return [
        FileChange(*key, before.get(key), after.get(key))
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]
