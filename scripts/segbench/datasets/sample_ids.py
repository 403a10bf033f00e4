"""Ids of samples: names of files as they are, or made safe where a path needs it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from segbench.files import sha256_of_bytes

#: Longest id.
LONGEST = 128

# "--" is left out: amplified copies are called SOURCE--POSE.
_SAFE = re.compile(rf"(?!.*--)[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST - 1}}}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def ids_of(names: Iterable[str]) -> dict[str, str]:
    """The id of each name.

    Parameters
    ----------
    names : iterable of str
        Different ones; folders are separated by slashes.

    Returns
    -------
    dict of str to str
        A name that is safe is its own id, so that ids are stable whatever other names there are.
        Of others whose ids would be equal, each ends in a part of the name's SHA-256.

    Examples
    --------
    >>> ids_of(["a_1", "Image 01 (2)", "p1/a"])
    {'a_1': 'a_1', 'Image 01 (2)': 'Image_01_2', 'p1/a': 'p1.a'}
    """
    ids = {name: safe_id(name) for name in names}
    count = Counter(ids.values())
    return {
        name: found if found == name or count[found] == 1 else _told_apart(found, name)
        for name, found in ids.items()
    }


def safe_id(name: str) -> str:
    """A name as an id: letters, digits, ``.``, ``_`` and single ``-``, at most `LONGEST`.

    Slashes become dots, accents are dropped, other signs become ``_``. An id ends in a part of the
    name's SHA-256 where letters of other scripts, or the end of a long name, are lost.

    Examples
    --------
    >>> safe_id("Image 01 (2)"), safe_id("Zelle--ä"), safe_id("細胞 7")
    ('Image_01_2', 'Zelle-a', '7-d28a467c')
    """
    if _SAFE.fullmatch(name):
        return name
    parts = unicodedata.normalize("NFKD", name.replace("/", "."))
    plain = "".join(sign for sign in parts if not unicodedata.combining(sign))
    found = re.sub("-{2,}", "-", _UNSAFE.sub("_", plain)).strip("._-")
    lost = any(sign.isalnum() and not sign.isascii() for sign in plain)
    if lost or not found or len(found) > LONGEST:
        return _told_apart(found, name)
    return found


def _told_apart(found: str, name: str) -> str:
    # Some systems store an accent as a sign of its own.
    composed = unicodedata.normalize("NFC", name)
    tail = sha256_of_bytes(composed.encode("utf-8", "surrogatepass"))[:8]
    start = found[: LONGEST - len(tail) - 1].rstrip("._-")
    return f"{start}-{tail}" if start else tail
