"""The typed configuration: what may be asked of segbench, and reading it from YAML.

`segbench.config.load` reads and checks everything. The names below are resolved on
first use: a stage that needs one recipe type imports that module alone, so that an
edit of the loader or of a check is not an edit of the stage's code.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: Public name -> module that defines it.
_HOME = {
    "Config": "loader",
    "ConfigError": "problems",
    "load": "loader",
}

__all__ = ["Config", "ConfigError", "load"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
