"""Keras's operations in modules that the configuration reads: importing Keras takes seconds."""

from __future__ import annotations

from typing import Any


class _Ops:
    """`keras.ops`, imported when an operation is first asked for."""

    def __getattr__(self, name: str) -> Any:
        import keras

        return getattr(keras.ops, name)


ops: Any = _Ops()
