"""What differs between two sets of parameters, and between two lists of files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

#: Stands for a value that is not there.
ABSENT = "(absent)"

#: Values are cut at this length where people read them.
_SHOWN = 60


class Difference(NamedTuple):
    """One value that differs.

    Attributes
    ----------
    path : tuple of str
        Keys that lead to it; an index of a list is a key, too.
    old, new : object
        The values; `ABSENT` where there is none.
    """

    path: tuple[str, ...]
    old: Any
    new: Any


def differences(old: Any, new: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """All values that differ, as deep as can be.

    Parameters
    ----------
    old, new : JSON-able
        Of lists, only those of as many records are compared one by one; other lists are
        values, because ``[32, 32] -> [64, 64]`` says more than two numbers.
    path : tuple of str
        Where they are.

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
    """Data as they come back from JSON: tuples are lists, paths are text."""
    return json.loads(json.dumps(data, default=str))


def shown(value: Any, length: int | None = _SHOWN) -> str:
    """A value for people to read, on one line.

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
    """A row of a list of files that differs.

    Attributes
    ----------
    sample, path : str
        The sample, or the image itself; and the file, relative to the raw tree.
    old, new : str or None
        SHA-256; None where the file is not in the list.
    """

    sample: str
    path: str
    old: str | None
    new: str | None


def list_changes(old: str, new: str) -> list[FileChange]:
    """Rows that differ between two lists of files.

    Parameters
    ----------
    old, new : str
        Tab-separated, as the inventory writes them: with the columns ``path`` (or
        ``image``) and ``sha256``, and ``sample`` where a sample has several files.
    """
    before, after = _rows(old), _rows(new)
    return [
        FileChange(*key, before.get(key), after.get(key))
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]


def _rows(text: str) -> dict[tuple[str, str], str]:
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {
        (row.get("sample") or row.get("image") or "", row.get("path") or row.get("image") or ""): (
            row.get("sha256") or ""
        )
        for row in rows
    }
