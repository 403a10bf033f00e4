"""The dataset readers, by the name that `format:` gives them in config/datasets/NAME.yaml."""

from __future__ import annotations

from difflib import get_close_matches

from segbench.datasets.base import RawSample, Reader
from segbench.datasets.dsb2018 import Dsb2018
from segbench.datasets.kidney_nuclei import KidneyNuclei
from segbench.errors import SegbenchError

__all__ = ["READERS", "RawSample", "Reader", "reader"]

#: Every reader, by name. A new format is one class and one line here.
READERS: dict[str, Reader] = {
    "dsb2018": Dsb2018(),
    "kidney_nuclei": KidneyNuclei(),
}


def reader(name: str) -> Reader:
    """Give the reader of a publisher's format.

    Parameters
    ----------
    name : str
        `format` of a dataset, a key of `READERS`.

    Raises
    ------
    SegbenchError
        There is no such format; the nearest name is suggested.
    """
    if name in READERS:
        return READERS[name]
    near = get_close_matches(name, READERS, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else "use one of them"
    raise SegbenchError(f"format {name!r} is unknown", f"one of {', '.join(sorted(READERS))}", hint)
