"""The one error type of segbench: what is wrong, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Iterable


class SegbenchError(Exception):
    """A failure that the user can act on.

    Parameters
    ----------
    what : str
        What is wrong, naming the file, the row or the key.
    expected : str
        What was expected instead.
    action : str
        What the user can do about it.

    Examples
    --------
    >>> print(SegbenchError("a.png: is empty", "a PNG image", "download it again"))
    a.png: is empty
      expected: a PNG image
      what to do: download it again
    """

    def __init__(self, what: str, expected: str, action: str) -> None:
        super().__init__(what, expected, action)
        self.what = what
        self.expected = expected
        self.action = action

    def __str__(self) -> str:
        return f"{self.what}\n  expected: {self.expected}\n  what to do: {self.action}"


def all_of(errors: Iterable[SegbenchError]) -> SegbenchError:
    """Make one error of one or more; each part is said once.

    Examples
    --------
    >>> print(all_of([SegbenchError(f"{n}.png: is empty", "a PNG", "fetch it") for n in "ab"]))
    a.png: is empty
    b.png: is empty
      expected: a PNG
      what to do: fetch it
    """
    parts = [(error.what, error.expected, error.action) for error in errors]
    what, expected, action = (dict.fromkeys(part) for part in zip(*parts, strict=True))
    return SegbenchError("\n".join(what), "; ".join(expected), "; ".join(action))
