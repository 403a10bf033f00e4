"""Where the store of finished work is: the environment, the configuration, or the default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

#: Environment variable that names the store; it wins over the configuration.
STORE_VARIABLE = "SEGBENCH_STORE"
#: Where the store is when nothing names it, relative to the project.
STORE_DEFAULT = ".segbench/store"


def store_location(
    configured: str | None = None,
    root: Path = Path(),
    environment: Mapping[str, str] | None = None,
) -> Path:
    """The folder of the store.

    Parameters
    ----------
    configured : str, optional
        ``store:`` of the configuration.
    root : Path, optional
        A relative location is below this folder.
    environment : mapping, optional
        Environment variables; those of the process by default.

    Examples
    --------
    >>> store_location("/shared/store", environment={}).as_posix()
    '/shared/store'
    >>> store_location("/shared/store", environment={"SEGBENCH_STORE": "/mine"}).as_posix()
    '/mine'
    """
    environment = os.environ if environment is None else environment
    location = environment.get(STORE_VARIABLE) or configured or STORE_DEFAULT
    return root / Path(location).expanduser()


def export_store(folder: Path) -> None:
    """Tell the jobs of this run where the store is, whatever folder they run in."""
    os.environ[STORE_VARIABLE] = str(folder.absolute())
