"""The examples in the docstrings of folds, metrics and statistics."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    ("name", "examples"),
    [
        ("folds.splitting", 1),
        ("metrics.dsb_map", 3),
        ("metrics.classification", 3),
        ("metrics.counts", 2),
        ("metrics.metric", 3),
        ("metrics.overlap", 6),
        ("metrics.registry", 1),
        ("metrics.stacks", 4),
        ("metrics.surface", 1),
        ("metrics.surfaces", 2),
        ("statistics.bootstrap", 1),
        ("statistics.comparison", 5),
        ("statistics.latex", 1),
        ("statistics.markdown", 1),
        ("statistics.wording", 2),
    ],
)
def test_examples_are_true(name, examples):
    result = doctest.testmod(importlib.import_module(f"segbench.{name}"))
    assert result.failed == 0
    assert result.attempted >= examples
