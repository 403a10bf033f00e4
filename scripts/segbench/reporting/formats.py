"""Numbers and references as text for the page."""

from __future__ import annotations

import math
import re

from markupsafe import Markup, escape

#: Printed where there is no number.
NONE = "\N{EN DASH}"

_LINK = re.compile(
    r"(?P<url>https?://[^\s<>\"']+)|(?:doi:\s*)?\b(?P<doi>10\.\d{4,9}/[^\s<>\"';,]+)", re.IGNORECASE
)


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def duration(seconds: object) -> str:
    """Print a span of time.

    Parameters
    ----------
    seconds : float or None
        None and NaN are printed as a dash.

    Examples
    --------
    >>> [duration(s) for s in (0.0312, 12.34, 245, 7384)]
    ['0.03 s', '12.3 s', '4 min 05 s', '2 h 03 min']
    """
    value = _finite(seconds)
    if value is None:
        return NONE
    if value < 1:
        return f"{value:.2f} s"
    if value < 59.95:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(round(value / 60), 60)
    return f"{hours} h {minutes:02d} min"


def memory(mebibytes: object) -> str:
    """Print an amount of memory.

    Examples
    --------
    >>> [memory(m) for m in (512.3, 4096)]
    ['512 MiB', '4.0 GiB']
    """
    value = _finite(mebibytes)
    if value is None:
        return NONE
    return f"{value:.0f} MiB" if value < 1024 else f"{value / 1024:.1f} GiB"


def energy(joules: object) -> str:
    """Print an amount of energy.

    Examples
    --------
    >>> [energy(j) for j in (360.0, 7.2e6)]
    ['0.1 Wh', '2.00 kWh']
    """
    value = _finite(joules)
    if value is None:
        return NONE
    hours = value / 3600
    return f"{hours:.1f} Wh" if hours < 1000 else f"{hours / 1000:.2f} kWh"


def percent(fraction: object) -> str:
    """Print a fraction as a percentage.

    Examples
    --------
    >>> percent(0.873)
    '87 %'
    """
    value = _finite(fraction)
    return NONE if value is None else f"{100 * value:.0f} %"


def number(value: object, digits: int = 0) -> str:
    r"""Print a number with thin spaces between thousands.

    Examples
    --------
    >>> [number(v) for v in (12, 12345)]
    ['12', '12\u202f345']
    """
    finite = _finite(value)
    if finite is None:
        return NONE
    return f"{finite:,.{digits}f}".replace(",", "\u202f")


def significant(value: object, digits: int = 3, factor: float = 1) -> str:
    """Print a number with so many significant digits; large and whole ones as integers.

    Parameters
    ----------
    value : float or None
        None and NaN are printed as a dash.
    digits : int, optional
    factor : float, optional
        The value is multiplied by it, e.g. by 100 for a percentage.

    Examples
    --------
    >>> significant(0.000123456), significant(12.3456), significant(12.0), significant(0.5, 3, 100)
    ('0.000123', '12.3', '12', '50')
    """
    finite = _finite(value)
    if finite is None:
        return NONE
    finite *= factor
    whole = abs(finite) >= 1000 or finite == int(finite)
    return number(finite) if whole else f"{finite:.{digits}g}"


def sort_value(value: object) -> str:
    """Print the number that a table column is sorted by; empty where there is none."""
    finite = _finite(value)
    return "" if finite is None else f"{finite:.6g}"


def linked(text: str) -> Markup:
    """Escape a text and turn its DOIs and web addresses into links.

    Examples
    --------
    >>> linked("A & B, doi:10.1000/x1.")
    Markup('A &amp; B, <a href="https://doi.org/10.1000/x1">doi:10.1000/x1</a>.')
    """
    parts: list[Markup] = []
    end = 0
    for match in _LINK.finditer(text):
        shown = match.group().rstrip(".,;:)")
        address = match.group("url") or f"https://doi.org/{match.group('doi')}"
        address = address.rstrip(".,;:)")
        parts.append(escape(text[end : match.start()]))
        parts.append(Markup('<a href="{}">{}</a>').format(address, shown))
        end = match.start() + len(shown)
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def slug(text: str) -> str:
    """Make a text a part of an anchor or a file name.

    Examples
    --------
    >>> slug("U-Net, 256 px <b>")
    'u-net-256-px-b'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "unnamed"
