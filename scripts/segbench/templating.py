"""Templates that are files: what is asked of every one of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined


def environment(files: Mapping[str, Path], **options: Any) -> Environment:
    """Templates of which text is escaped, and a missing variable is an error.

    Parameters
    ----------
    files : mapping of str to Path
        Name -> file of each template that can be rendered or included. Name the files with
        `data_file`, so that the digest of the code covers them.
    options
        Further options of `jinja2.Environment`.
    """
    return Environment(
        loader=DictLoader({name: path.read_text(encoding="utf-8") for name, path in files.items()}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **options,
    )
