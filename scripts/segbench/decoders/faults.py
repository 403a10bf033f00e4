"""Errors and warnings of decoders in the user's terms: the file is named."""

from __future__ import annotations

import logging
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path

from segbench.errors import SegbenchError

log = logging.getLogger(__name__)

#: How the optional packages of the rarer formats are installed.
INSTALL = (
    "install them: make formats; in another environment pip install --require-hashes "
    "-r envs/formats.lock"
)


@contextmanager
def naming(path: Path, kind: str = "picture file", *faults: type[Exception]) -> Iterator[None]:
    """Turn a decoder's exceptions into a SegbenchError that names the file.

    Parameters
    ----------
    path : Path
        The file that is decoded.
    kind : str
        What it should be, for the error.
    *faults : type
        Exceptions of the decoder's own; the usual ones are known.
    """
    usual: tuple[type[Exception], ...] = (
        OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError, struct.error,
        zlib.error,
    )  # fmt: skip
    try:
        yield
    except FileNotFoundError as error:
        raise SegbenchError(
            f"{path}: there is no such file", f"a {kind}", "fetch the dataset again"
        ) from error
    except (*usual, *faults) as error:
        raise SegbenchError(
            f"{path}: cannot be decoded ({error})",
            f"a whole, undamaged {kind}",
            "fetch this file again",
        ) from error


def check_packages(path: Path, kind: str, packages: tuple[str, ...]) -> None:
    """Refuse a file whose optional packages are not installed, with the command that does it.

    Parameters
    ----------
    path : Path
    kind : str
        Name of the format.
    packages : tuple of str
        Names of distributions.
    """
    missing = [name for name in packages if not _installed(name)]
    if missing:
        raise SegbenchError(
            f"{path}: {kind} files need the Python package {' and '.join(missing)}",
            "the packages of envs/formats.in",
            INSTALL,
        )


@cache
def _installed(package: str) -> bool:
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True


@cache
def warn_once(text: str) -> None:
    """Log a warning that names a file, once a process: the file is opened several times."""
    log.warning(text)
