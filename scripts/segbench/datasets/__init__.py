"""Readers of datasets, and generators of their miniatures, found by the name of the format.

A format is a module of this package and one of `miniature`, both called as `format:` in
config/datasets/NAME.yaml; `segbench.datasets.formats` lists them. Jobs import the reader of their
own dataset and no other: the digest of their code holds it, as the workflow names the module.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from segbench.datasets.base import RawSample, Reader
from segbench.late_import import load_symbol

if TYPE_CHECKING:
    from segbench.config.dataset import Dataset

__all__ = ["RawSample", "Reader", "generator", "reader_of"]


def reader_of(dataset: Dataset) -> Reader:
    """Make the reader of a dataset, see `segbench.datasets.base.Reader.of`."""
    kind: type[Reader] = load_symbol(f"segbench.datasets.{dataset.format}", "READER")
    return kind.of(dataset)


def generator(name: str) -> Callable[[Path, int, int, int], None]:
    """Find the function that writes the miniature of a format.

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
