"""Preflight checks: report before a run what would fail later or with an obscure error."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from segbench.errors import SegbenchError
from segbench.os_errors import LONGEST_NAME, disk_full, explain, name_too_long

#: A disk with less free space is full: Snakemake's own metadata would not fit.
_MIN_FREE_BYTES = 256 << 10


def check_environment(checkout: Path, folder: Path, names: Iterable[str] = ()) -> None:
    """Check that a run can work here.

    Parameters
    ----------
    checkout : Path
        The folder of the Snakefile.
    folder : Path
        The folder of the outputs.
    names : iterable of str
        Names that files will have, without their endings.

    Raises
    ------
    SegbenchError
        It cannot: a brace in the path, a name too long, another encoding than UTF-8, a folder
        that cannot be written to, or a full disk.
    """
    _check_names(checkout, names)
    encoding = sys.getfilesystemencoding().lower()
    if encoding != "utf-8":
        raise SegbenchError(
            f"file names are encoded as {encoding}",
            "UTF-8, in which the outputs are written too",
            "unset PYTHONUTF8 and PYTHONCOERCECLOCALE, or export PYTHONUTF8=1 or LC_ALL=C.UTF-8",
        )
    _check_writable(folder)
    if shutil.disk_usage(folder).free < _MIN_FREE_BYTES:
        raise disk_full(folder.absolute())


def _check_names(checkout: Path, names: Iterable[str]) -> None:
    if any(mark in str(checkout) for mark in "{}"):
        raise SegbenchError(
            f"{checkout}: the path of the checkout has a brace in it",
            "no { or } there: Snakemake takes them for a wildcard",
            "rename that folder; all other characters are fine",
        )
    for name in names:
        if len(os.fsencode(name)) > LONGEST_NAME:
            raise name_too_long(Path(name))


def _check_writable(folder: Path) -> None:
    try:
        (folder / ".snakemake").mkdir(parents=True, exist_ok=True)
        trial = folder / ".snakemake" / f"trial-{os.getpid()}"
        trial.touch()
        trial.unlink()
    except OSError as error:
        explained = explain(error, [folder])
        if explained is None:
            raise
        raise explained from None
