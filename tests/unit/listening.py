"""Reads what a training logs, and can kill it when it reports an epoch."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class Killed(BaseException):
    """As a kill between two epochs."""


class _Listener(logging.Handler):
    def __init__(self, said: list[str], stop_after: int | None, echo: bool) -> None:
        super().__init__(logging.INFO)
        self.said, self.stop_after, self.echo = said, stop_after, echo

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        self.said.append(line)
        if self.echo:
            print(line, flush=True)
        if line.startswith(f"epoch {self.stop_after}/"):
            raise Killed


@contextmanager
def listening(stop_after: int | None = None, *, echo: bool = False) -> Iterator[list[str]]:
    """Give the lines that are logged inside; raise `Killed` when an epoch is reported."""
    logger = logging.getLogger("segbench")
    said: list[str] = []
    listener, level = _Listener(said, stop_after, echo), logger.level
    logger.addHandler(listener)
    logger.setLevel(logging.INFO)
    try:
        yield said
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)
