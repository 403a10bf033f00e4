"""Which text a cell of a tab-separated table can hold."""

from __future__ import annotations

import re

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
