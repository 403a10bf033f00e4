"""A study's table as the HTML fragment that the report takes in as it is."""

from __future__ import annotations

from html import escape
from pathlib import Path

from markupsafe import Markup

from segbench.data_files import data_file
from segbench.errors import SegbenchError
from segbench.statistics.grid import Table
from segbench.templating import environment

FILES = {"table.html": data_file("statistics/templates/table.html")}
_START, _END = '<div class="study">', "</div>\n"


def _text(text: str) -> Markup:
    """Make text safe between tags; quotes stay as they are."""
    return text if isinstance(text, Markup) else Markup(escape(text, quote=False))


def render(table: Table) -> str:
    """Write a table as a ``div`` without styles, scripts or links, its text escaped.

    Each table stands in a frame that scrolls. Rows carry the classes ``ours`` or ``published``, and
    ``best`` or ``tied``; cells of figures ``figure``. Title and question are left to the page.
    """
    templates = environment(FILES, finalize=_text, keep_trailing_newline=True)
    templates.filters["attribute"] = lambda text: Markup(escape(text))
    return templates.get_template("table.html").render(table=table)


def read_fragment(path: str | Path) -> str:
    """Read what `render` wrote.

    Raises
    ------
    SegbenchError
        The file is unreadable or not a whole fragment.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        reason = "" if text.startswith(_START) and text.endswith(_END) else "cut short"
    except (OSError, UnicodeDecodeError) as error:
        reason = str(error)
    if reason:
        raise SegbenchError(
            f"{path}: not the table of a study ({reason})",
            "the HTML fragment that the table stage writes",
            "delete it and run again",
        )
    return text
