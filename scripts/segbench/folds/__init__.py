"""Folds: who is trained on, who chooses the epoch, who is tested on; and the leak check."""

from __future__ import annotations

from segbench.folds.leaks import check_leaks
from segbench.folds.protocol import Assignment, assign_roles, make_folds
from segbench.folds.sheet import Sample, read_samples

__all__ = [
    "Assignment",
    "Sample",
    "assign_roles",
    "check_leaks",
    "make_folds",
    "read_samples",
]
