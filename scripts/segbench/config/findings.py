"""What a check finds, before it is known in which file and line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segbench.config.documents import Document
from segbench.config.problems import ABSENT, Key, Problem


@dataclass(frozen=True)
class Finding:
    """One contradiction in a recipe; the fields are those of `Problem`."""

    key: Key
    what: str
    allowed: str = ""
    nearest: str = ""
    value: Any = ABSENT

    def problem(self, document: Document) -> Problem:
        """Say where it stands: `document` is what the recipe was made of."""
        place = document.placed(self.key)
        return Problem(*place, self.what, self.allowed, self.nearest, self.value)
