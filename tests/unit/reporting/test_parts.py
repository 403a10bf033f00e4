"""What the workflow hands to the report is plain data, checked when it is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from segbench.reporting.parts import ArmParts, ExplorationParts, StudyParts

PARTS = {
    "samples": "s.tsv",
    "folds": "f.tsv",
    "verdict": "v.json",
    "tables": {"csv": "t.csv"},
    "losses": "l.tsv",
    "pictures": {"curves": "c.svg"},
    "arms": [{"names": {"model": "m"}, "pictures": {"roc": "r.svg"}}],
}


def test_plain_data_comes_back_equal():
    parts = StudyParts.model_validate(PARTS)
    assert parts.arms == (ArmParts(names={"model": "m"}, pictures={"roc": Path("r.svg")}),)
    assert parts.pictures == {"curves": Path("c.svg")}
    assert parts.model_dump(mode="json") == PARTS


def test_a_part_that_is_unknown_or_missing_is_refused():
    with pytest.raises(ValidationError, match="overlay"):
        StudyParts.model_validate({**PARTS, "overlay": "o.png"})
    with pytest.raises(ValidationError, match="losses"):
        StudyParts.model_validate({k: v for k, v in PARTS.items() if k != "losses"})
    with pytest.raises(ValidationError, match="summary"):
        ExplorationParts.model_validate({"pictures": {}})
