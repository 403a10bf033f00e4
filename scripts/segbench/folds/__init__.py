"""Folds: who is trained on, who chooses the epoch, who is tested on; the checks before training."""

from __future__ import annotations

from segbench.folds.leaks import check_leaks
from segbench.folds.needs import check_needs
from segbench.folds.protocol import assign_roles, make_folds

__all__ = ["assign_roles", "check_leaks", "check_needs", "make_folds"]
