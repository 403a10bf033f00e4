"""Files of the library that code reads: templates, style sheets, vocabularies.

The digest of a rule's code covers the content of every file that the code names with
`data_file`, so an edited template reruns what was made with it, and nothing else.
"""

from __future__ import annotations

from pathlib import Path

from segbench.errors import SegbenchError

LIBRARY = Path(__file__).resolve().parent


def data_file(name: str) -> Path:
    """Path of a data file of the library.

    Parameters
    ----------
    name : str
        Relative to the folder of the library. It must be written out as a literal where
        this is called: the digest of the code reads it there, without running anything.

    Returns
    -------
    Path
        Absolute.

    Raises
    ------
    SegbenchError
        There is no such file in the library.

    Examples
    --------
    >>> data_file("objects/shapes.ttl").name
    'shapes.ttl'
    """
    path = (LIBRARY / name).resolve()
    if not path.is_relative_to(LIBRARY) or not path.is_file():
        raise SegbenchError(
            f"{path}: there is no such data file",
            f"a file below {LIBRARY}",
            "restore the file, or correct the name in the call of data_file",
        )
    return path
