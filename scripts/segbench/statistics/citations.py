"""Published rows as they are cited in a table: numbered, figures of classes together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from segbench.config.study import Published, Study


@dataclass(frozen=True)
class Citation:
    """One published result.

    Attributes
    ----------
    number : int
        From 1, in the order of the study.
    row : Published
        The row, or the first of those of its classes.
    classes : dict of str to Published
        Class -> its row; empty where the figure is of all classes together.
    """

    number: int
    row: Published
    classes: dict[str, Published] = field(default_factory=dict)

    @property
    def definition(self) -> str:
        """How the figures are defined; of classes that were defined each in its own words, all."""
        return "; ".join(dict.fromkeys(row.definition for row in self.classes.values())) or (
            self.row.definition
        )


def cite(study: Study) -> tuple[Citation, ...]:
    """Number a study's published rows; figures of classes of one source share a number."""
    found: list[Citation] = []
    together: dict[tuple[str, ...], Citation] = {}
    for row in study.published:
        if row.of_class is None:
            found.append(Citation(len(found) + 1, row))
            continue
        key = (row.method, row.metric, row.source)
        if key not in together:
            together[key] = Citation(len(found) + 1, row)
            found.append(together[key])
        together[key].classes[row.of_class] = row
    return tuple(found)


def in_order(classes: Iterable[str], study: Study) -> list[str]:
    """Classes in the order in which they were published; others behind them, by name."""
    published = list(dict.fromkeys(row.of_class for row in study.published if row.of_class))
    names = sorted(classes)
    return [n for n in published if n in names] + [n for n in names if n not in published]
