"""Texts as they stand in YAML."""

from __future__ import annotations

import re

#: Texts that YAML takes as they are.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*( [A-Za-z0-9_.-]+)*")
_NO_TEXT = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})


def text_of(value: str) -> str:
    """A text as YAML takes it.

    Examples
    --------
    >>> text_of("left kidney"), text_of("no"), text_of("a: b")
    ('left kidney', '"no"', '"a: b"')
    """
    if _PLAIN.fullmatch(value) and value.lower() not in _NO_TEXT:
        return value
    return f'"{"".join(map(_escaped, value))}"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"
