"""HTML fragments of other stages, checked and fitted into the page.

The page must load nothing and run nothing that it does not bring along, whatever text a
fragment was built from. So a fragment is parsed and written anew from known tags.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from pathlib import Path

from markupsafe import Markup

from segbench.errors import SegbenchError

#: Tags that are taken over. Anything else is refused, not dropped: it may be meant.
TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr b br caption code col colgroup dd del div dl dt em figcaption figure h2 h3 h4 h5 h6"
        " i ins li mark ol p section small span strong sub sup table tbody td tfoot th thead"
        " tr ul var wbr",
    )
)
VOID = frozenset({"br", "col", "wbr"})
#: Attributes that are taken over; others are dropped.
ATTRIBUTES = frozenset(
    re.findall(
        r"[\w-]+",
        "abbr aria-hidden aria-label class colspan data-sort headers href id lang rowspan scope"
        " span title",
    )
)
#: Headings of a fragment stand below those of the page; its sections have none of their own.
RENAMED = {"h2": "h4", "h3": "h4", "section": "div"}

BADGE = '<span class="badge generated">generated data</span> '


class _Rewriter(HTMLParser):
    """Writes a fragment anew; `out` holds the pieces."""

    def __init__(self, source: str, prefix: str, label: str, generated: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.prefix = prefix
        self.label = label
        self.generated = generated
        self.out: list[str] = []
        self.open: list[str] = []
        self.table: int | None = None
        self.caption: int | None = None
        self.has_caption = False
        self.silent: int | None = None

    def refuse(self, what: str) -> SegbenchError:
        """Say what is wrong with the fragment."""
        return SegbenchError(
            f"{self.source}: line {self.getpos()[0]}: {what}",
            "an HTML fragment of text, figures and tables",
            "write the tables again",
        )

    def _attribute(self, name: str, value: str) -> str | None:
        if name not in ATTRIBUTES:
            return None
        if name == "id":
            value = f"{self.prefix}-{value}"
        elif name == "headers":
            value = " ".join(f"{self.prefix}-{part}" for part in value.split())
        elif name == "href" and value.startswith("#"):
            value = f"#{self.prefix}-{value[1:]}"
        elif name == "href" and not value.lower().startswith(("https://", "http://")):
            return None
        return f' {name}="{escape(value)}"'

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take over a tag; a table gets a frame of its own to scroll in."""
        if tag not in TAGS:
            raise self.refuse(f"the tag <{tag}> is not allowed")
        if tag == "table":
            if "table" in self.open:
                raise self.refuse("a table inside a table")
            self.out.append(
                f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(self.label)}">'
            )
        classes = (dict(attrs).get("class") or "").split()
        if tag == "p" and "question" in classes:
            self.silent = len(self.out)
        written = [self._attribute(name, value or "") for name, value in attrs]
        name = RENAMED.get(tag, tag)
        self.out.append(f"<{name}{''.join(part for part in written if part)}>")
        if tag == "table":
            self.table, self.has_caption = len(self.out), False
        if tag == "caption":
            self.has_caption = True
            self.out.append('<span class="stay">')
            self.caption = len(self.out)
        if tag == "p" and "answer" in classes and self.generated:
            self.out.append(BADGE)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close a tag."""
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            raise self.refuse(f"</{tag}> closes nothing that is open")
        self.open.pop()
        if tag == "p" and self.silent is not None:
            del self.out[self.silent :]
            self.silent = None
            return
        if tag == "caption" and self.caption is not None:
            words = "".join(self.out[self.caption :]).lower()
            if self.generated and "generated" not in words:
                self.out.insert(self.caption, BADGE)
            self.out.append("</span>")
        if tag == "table" and self.table is not None and not self.has_caption:
            badge = BADGE if self.generated else ""
            caption = f'<caption><span class="stay">{badge}{escape(self.label)}</span></caption>'
            self.out.insert(self.table, caption)
        self.out.append(f"</{RENAMED.get(tag, tag)}>" + ("</div>" if tag == "table" else ""))

    def handle_data(self, data: str) -> None:
        """Take over text."""
        self.out.append(escape(data, quote=False))


def fitted(path: str | Path, prefix: str, label: str, generated: bool) -> Markup:
    """Read a fragment and fit it into the page.

    Parameters
    ----------
    path : str or Path
        The fragment, UTF-8.
    prefix : str
        Put before its ids, so that they stay unique on the page.
    label : str
        What its tables show; the caption of a table that has none.
    generated : bool
        Whether captions must say that the data are generated.

    Returns
    -------
    Markup
        Only tags of `TAGS` and attributes of `ATTRIBUTES`; comments are dropped, tables
        stand in a frame that scrolls. A paragraph of class ``question`` is left out: the
        page asks it above. One of class ``answer`` says that the data are generated.

    Raises
    ------
    SegbenchError
        The file is unreadable, or holds another tag, or tags that do not close.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SegbenchError(
            f"{path}: cannot be read ({error})", "an HTML fragment", "write the tables again"
        ) from error
    rewriter = _Rewriter(str(path), prefix, label, generated)
    rewriter.feed(text)
    rewriter.close()
    if rewriter.open:
        raise rewriter.refuse(f"<{rewriter.open[-1]}> is never closed")
    return Markup("".join(rewriter.out))
