"""A small, valid configuration that each test spoils in its own way."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from segbench.config.loader import Config, ConfigError, load
from segbench.config.problems import Problem, key_text
from segbench.datasets.formats import FORMATS

CELLS = {
    "title": "Cells",
    "format": "dsb2018",
    "task": "instances",
    "classes": [{"name": "cell", "value": 1}],
    "source": "generated",
    "generated": {"samples": 12, "test_samples": 4},
    "licence": "CC0",
    "citation": "nobody",
    "protocols": {
        "cv": {"folds": 3},
        "fixed": {"test": {"by": "publisher"}, "validation": {"by": "count", "count": 2}},
        "fixed-folds": {
            "test": {"by": "publisher"},
            "folds": 3,
            "validation": {"by": "none"},
        },
    },
}
TISSUE = {
    **CELLS,
    "title": "Tissue",
    "format": "kidney_nuclei",
    "task": "semantic",
    "protocols": copy.deepcopy(CELLS["protocols"]),
}
MODEL = {"network": {"depth": 3}, "training": {"patch": [64, 64]}}
STUDY = {
    "title": "Which?",
    "question": "Which is better?",
    "dataset": "tissue",
    "protocol": "cv",
    "preprocessing": ["small"],
    "augmentation": ["none", "copies"],
    "models": ["unet"],
    "metrics": ["iou", "dice"],
    "primary": "iou",
}
FILES: dict[str, dict[str, Any]] = {
    "config.yaml": {"studies": {"which": {}, "cells": None}},
    "datasets/cells.yaml": CELLS,
    "datasets/tissue.yaml": TISSUE,
    "preprocessing/small.yaml": {"resize": {"height": 64, "width": 64}},
    "preprocessing/native.yaml": {"normalise": "percentile"},
    "augmentation/none.yaml": {"description": "nothing"},
    "augmentation/copies.yaml": {"amplification": {}},
    "augmentation/jitter.yaml": {"jitter": {"flip_horizontal": 0.5}},
    "models/unet.yaml": MODEL,
    "models/split.yaml": {
        **MODEL,
        "target": "foreground_boundary",
        "instances": {"method": "watershed"},
    },
    "studies/which.yaml": STUDY,
    "studies/cells.yaml": {
        **STUDY,
        "dataset": "cells",
        "models": ["split"],
        "metrics": ["dsb_map", "iou"],
        "primary": "dsb_map",
    },
}


class Tree:
    """A project's folder `config/` under construction."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, data in FILES.items():
            self.write(name, data)

    def path(self, name: str) -> Path:
        return self.root / "config" / name

    def write(self, name: str, content: Any) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        path.write_text(text, encoding="utf-8")

    def set(self, name: str, key: str, value: Any) -> None:
        """Set `a.b.c` in a file; numbers are places in a list."""
        data = yaml.safe_load(self.path(name).read_text(encoding="utf-8"))
        *way, last = key.split(".")
        part = data
        for step in way:
            part = part[int(step)] if isinstance(part, list) else part.setdefault(step, {})
        part[int(last) if isinstance(part, list) else last] = value
        self.write(name, data)

    def load(
        self,
        overrides: dict[str, Any] | None = None,
        main: str = "config.yaml",
        command: list[str] | None = None,
    ) -> Config:
        return load(self.path(main), overrides, self.root, command, formats=FORMATS)

    def problems(
        self, overrides: dict[str, Any] | None = None, command: list[str] | None = None
    ) -> list[Problem]:
        with pytest.raises(ConfigError) as caught:
            self.load(overrides, command=command)
        return list(caught.value.problems)

    def only(self, file: str, key: str) -> Problem:
        """The one problem, which must be about this key of this file."""
        found = self.problems()
        assert [(p.file, key_text(p.key)) for p in found] == [(f"config/{file}", key)], "\n".join(
            map(str, found)
        )
        return found[0]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)
