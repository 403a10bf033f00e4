"""Statistics of a study and its table in four formats."""

from __future__ import annotations

from segbench.statistics.tables import write_tables

__all__ = ["write_tables"]
