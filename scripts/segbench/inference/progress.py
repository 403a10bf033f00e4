"""Progress: a bar on a terminal, a line per image in the log."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import IO, Any, Self


class Progress:
    """Tells of images as they are done.

    Parameters
    ----------
    total : int
        Images.
    say : callable
        Takes a line for the log.
    terminal : file, optional
        Where a bar is drawn if it is a terminal; else nothing is drawn.
    """

    def __init__(
        self, total: int, say: Callable[[str], None], terminal: IO[str] | None = None
    ) -> None:
        self._total, self._say, self._done = total, say, 0
        self._bar: Any = None
        if terminal is not None and terminal.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, file=terminal, unit="image", desc="apply", leave=False)

    def step(self, image: str, what: str) -> None:
        """One image is done: computed, restored or failed."""
        self._done += 1
        self._say(f"{self._done} of {self._total}: {image}: {what}")
        if self._bar is not None:
            self._bar.update()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()
