"""Symbols whose module is only known when a job runs: a dataset's reader, a model's network.

The digest of a rule's code cannot follow a name that is made at run time. A rule that reaches
`load_symbol` tells the digest which modules are meant (`segbench.provenance.code`), and the
digest covers, of these, the symbols that are asked for here by name.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def load_symbol(module: str, name: str) -> Any:
    """A symbol of a module.

    Parameters
    ----------
    module : str
        Dotted name of a module of the library.
    name : str
        The symbol. It must be written out as a literal where this is called.

    Examples
    --------
    >>> load_symbol("segbench.datasets.rle", "encode").__name__
    'encode'
    """
    return getattr(import_module(module), name)
