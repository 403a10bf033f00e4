"""Which text a cell of a tab-separated table can hold, and which texts look the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

#: Control characters, Unicode's separators of lines and paragraphs, and lone surrogates, which
#: cannot be encoded. Tabs and line feeds are apart: they also make the table.
CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"

_UNFIT = re.compile(f"[\t\n{CONTROL}]")


def unfit(text: str) -> str:
    r"""Show the first character of a text that a cell cannot hold; empty if there is none.

    Examples
    --------
    >>> unfit("left\tlobe"), unfit('"NA", Größe ')
    ("'\\t'", '')
    """
    found = _UNFIT.search(text)
    return ascii(found[0]) if found else ""


def visible(text: str) -> str:
    r"""Give a text as it looks: composed letters, single blanks, no invisible characters.

    Examples
    --------
    >>> visible("left\u00a0 lung\u200b "), visible("A\u0308") == "\u00c4", visible("\ufeff")
    ('left lung', True, '')
    """
    shown = (c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) != "Cf")
    return " ".join("".join(shown).split())


def lookalikes(texts: Iterable[str]) -> list[tuple[str, str]]:
    r"""Pairs of different texts that look the same, in their order.

    Examples
    --------
    >>> lookalikes(["P 1", "P1", "P\u00a01", "P 1"])
    [('P 1', 'P\xa01')]
    """
    first: dict[str, str] = {}
    pairs = ((first.setdefault(visible(text), text), text) for text in dict.fromkeys(texts))
    return [(one, other) for one, other in pairs if one != other]
