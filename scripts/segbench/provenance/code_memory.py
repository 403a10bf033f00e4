"""What is known of the code from one run to the next.

::

    FOLDER/DIGEST.json     the parts behind a digest of code, so that a later run can say which
                           function, class, constant or package changed
    FOLDER/parsed.json     what was read from every module, by the content of its file

Written by real runs only, when their first job starts. All of it may be deleted: the next
run is slower by a second, and the changes of code before it cannot be named.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from segbench.files import sha256_of_bytes, write_text
from segbench.provenance import code, symbols

#: Modules that are remembered; those read last stay.
_KEPT = 2000

#: What reads a module: its own code is part of what was read.
_READERS = ("actions", "annotations", "names", "references", "symbols", "syntax")


@cache
def _version() -> str:
    """Version of what is remembered: of Python's syntax trees, and of the code that reads them."""
    folder = Path(__file__).parent
    code_of_readers = b"".join((folder / f"{name}.py").read_bytes() for name in _READERS)
    return f"{sys.version_info[:2]} {sha256_of_bytes(code_of_readers)[:16]}"


def recall(folder: Path) -> None:
    """Take up what earlier runs have read.

    Parameters
    ----------
    folder : Path
        Where `keep` wrote; a missing or damaged file is no error.
    """
    try:
        known = json.loads((folder / "parsed.json").read_bytes())
        if known["version"] == _version():
            symbols.MEMORY.update(known["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return


def keep(folder: Path) -> None:
    """Write down what this run has read, and the parts behind its digests.

    Parameters
    ----------
    folder : Path
        Made when missing. Two runs may write at once: a file is whole or absent. Where
        nothing can be written there is no memory, and the run goes ahead.
    """
    with suppress(OSError):
        for digest, parts in code.PARTS.items():
            path = folder / f"{digest}.json"
            if not path.exists():
                write_text(path, json.dumps(parts, indent=0) + "\n")
        if symbols.PARSED:
            files = {name: module.plain() for name, module in symbols.PARSED.items()}
            symbols.MEMORY.update(files)
            symbols.PARSED.clear()
            known = {"version": _version(), "files": dict(list(symbols.MEMORY.items())[-_KEPT:])}
            write_text(folder / "parsed.json", json.dumps(known, separators=(",", ":")))


def parts_of(digest: str, folder: Path) -> dict[str, str] | None:
    """The parts behind a digest: of this run, else of an earlier one; None: not known.

    Parameters
    ----------
    digest : str
        From `segbench.provenance.code.code_digest`.
    folder : Path
        Where `keep` wrote.
    """
    if digest in code.PARTS:
        return code.PARTS[digest]
    try:
        parts: dict[str, str] = json.loads((folder / f"{digest}.json").read_bytes())
        return parts if isinstance(parts, dict) else None
    except (OSError, ValueError):
        return None
