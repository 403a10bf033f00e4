"""Scores of segmentations against the truth; every one carries the id of its definition."""

from __future__ import annotations

from segbench.definitions import DEFINITIONS, definition_id
from segbench.metrics.registry import METRICS, Case
from segbench.metrics.scoring import score

__all__ = ["DEFINITIONS", "METRICS", "Case", "definition_id", "score"]
