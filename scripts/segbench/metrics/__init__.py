"""Scores of segmentations against the truth; every one carries the id of its definition."""

from __future__ import annotations

from segbench.definitions import DEFINITIONS, definition_id
from segbench.metrics.case import Case
from segbench.metrics.registry import METRICS
from segbench.metrics.scoring import score

__all__ = ["DEFINITIONS", "METRICS", "Case", "definition_id", "score"]
