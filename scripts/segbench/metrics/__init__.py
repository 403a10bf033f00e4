"""Scores of segmentations against the truth; every one carries the id of its definition.

Importing the package fills `METRICS`: a new module of metrics is imported here.
"""

from __future__ import annotations

from segbench.metrics import classification, dsb_map, overlap, stacks, surface
from segbench.metrics.case import Case
from segbench.metrics.registry import DEFINITIONS, METRICS, PARTS, define, definition_id
from segbench.metrics.scoring import score

__all__ = [
    "DEFINITIONS",
    "METRICS",
    "PARTS",
    "Case",
    "classification",
    "define",
    "definition_id",
    "dsb_map",
    "overlap",
    "score",
    "stacks",
    "surface",
]
