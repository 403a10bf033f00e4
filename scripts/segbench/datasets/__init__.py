"""The dataset readers, by the name that `format:` gives them in config/datasets/NAME.yaml.

Readers and generators are found by name, and imported only then: a rule's code digest holds
the reader of its own dataset and no other (the workflow names the module), and the generator
of a miniature only where it is run.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from segbench.datasets.base import RawSample, Reader
from segbench.errors import SegbenchError
from segbench.late_import import load_symbol

if TYPE_CHECKING:
    from segbench.config.dataset import Dataset

__all__ = ["READERS", "RawSample", "Reader", "generator", "reader", "reader_of"]

#: Format -> module with a `READER`. A new format is one module and one line here.
READERS: dict[str, str] = {
    name: f"segbench.datasets.{name}"
    for name in (
        "ccp",
        "dsb2018",
        "folder",
        "kidney_mitochondria",
        "kidney_nuclei",
        "msd",
        "organ_crypts",
        "organ_tissue",
        "uw_madison",
    )
}


def reader_of(dataset: Dataset) -> Reader:
    """The reader of a dataset: its format's, told what the dataset's config says.

    Parameters
    ----------
    dataset : Dataset
        Its format, and what that format's reader uses of the rest (classes, layout).
    """
    known = reader(dataset.format)
    make = load_symbol(READERS[dataset.format], "make_reader", None)
    found: Reader = make(dataset) if make is not None else known
    return found


def reader(name: str) -> Reader:
    """The reader of a publisher's format, which knows nothing of any config.

    Parameters
    ----------
    name : str
        `format` of a dataset, a key of `READERS`.

    Raises
    ------
    SegbenchError
        There is no such format; the nearest name is suggested.
    """
    if name not in READERS:
        near = get_close_matches(name, READERS, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else "use one of them"
        raise SegbenchError(
            f"format {name!r} is unknown", f"one of {', '.join(sorted(READERS))}", hint
        )
    found: Reader = load_symbol(READERS[name], "READER")
    return found


def generator(name: str) -> Callable[[Path, int, int, int], None]:
    """The function that writes a miniature in a publisher's exact on-disk format.

    Parameters
    ----------
    name : str
        `format` of a dataset.

    Returns
    -------
    callable
        ``generate(root, samples, test_samples, seed)``; equal arguments, equal bytes.
    """
    found: Callable[[Path, int, int, int], None] = load_symbol(
        f"segbench.datasets.miniature.{name}", "generate"
    )
    return found
