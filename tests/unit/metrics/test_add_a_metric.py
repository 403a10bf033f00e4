"""The how-to docs/how-to/add-a-metric.md, followed in a copy of the library."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

from segbench.archives import ArchiveWriter
from segbench.artefacts.folds import Assignment, write_folds
from unit.pages import copied, follow, page, python

PAGE = page("add-a-metric.md")

SCORE = """
import json, sys
from segbench.metrics import score
score("seg.zarr.zip", ["truth.zarr.zip"], "folds.tsv", ["iou", "size_error"], "exclude",
      json.loads(sys.argv[1]), "scores.parquet")
"""

LABELS = {
    "dataset": "d",
    "preprocessing": "p",
    "augmentation": "none",
    "model": "unet",
    "seed": "0",
    "protocol": "cv",
    "fold": "0",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the library in which the page was followed."""
    folder = copied(tmp_path_factory.mktemp("copy"))
    assert follow(PAGE, folder) == [
        "scripts/segbench/metrics/size.py",
        "scripts/segbench/metrics/__init__.py",
        "tests/unit/metrics/test_size.py",
    ]
    return folder


def test_scores_hold_the_new_metric(copy):
    attributes = {"stage": "truth", "axes": "yx", "task": "semantic", "classes": ["cell"],
                  "class_values": [1]}  # fmt: skip
    for name, label in (("truth", [[1, 1, 1, 1, 0, 0]]), ("seg", [[0, 1, 1, 1, 1, 1]])):
        with ArchiveWriter(copy / f"{name}.zarr.zip", attributes) as writer:
            writer.add("a", {"label": np.array(label, np.uint8)}, {"source": "a"})
    write_folds([Assignment(0, "a", "g", "", "test")], copy / "folds.tsv")
    python(copy, "-c", SCORE, json.dumps(LABELS))
    rows = pq.read_table(copy / "scores.parquet").to_pylist()
    assert {row["metric"]: (row["value"], row["definition"]) for row in rows} == {
        "iou": (0.5, "iou/per-image/empty-excluded"),
        "size_error": (0.25, "size-error/truth-present"),
    }


def test_a_study_may_ask_for_it_and_the_references_list_it(copy):
    python(copy, "-m", "segbench.config", "--root", ".")
    schema = json.loads((copy / "config/schema.json").read_text(encoding="utf-8"))
    names = schema["$defs"]["Study"]["properties"]["metrics"]["items"]["enum"]
    assert "size_error" in names and "iou" in names
    reference = (copy / "docs/reference/configuration.md").read_text(encoding="utf-8")
    assert "| `size_error` | not needed | semantic, overlapping, instances | " in reference
    study = copy / "config/studies/kidney_input_size.yaml"
    (line,) = re.findall(r"^metrics: .*$", study.read_text(encoding="utf-8"), re.M)
    (wanted,) = re.findall(r"^```yaml\n(metrics: .*)$", PAGE, re.M)
    study.write_text(study.read_text(encoding="utf-8").replace(line, wanted), encoding="utf-8")
    load = (
        "from segbench.config.loader import load; from segbench.datasets.formats import FORMATS; "
        "config = load('config/config.yaml', formats=FORMATS); "
        "print(config.studies['kidney_input_size'].metrics)"
    )
    assert python(copy, "-c", load) == "('iou', 'size_error')\n"


def test_a_metric_that_is_not_imported_is_told_before_anything_runs(copy, tmp_path):
    shutil.copytree(copy, tmp_path / "copy")
    package = tmp_path / "copy/scripts/segbench/metrics/__init__.py"
    package.write_text(package.read_text().replace("overlap, size, stacks", "overlap, stacks"))
    check = (
        "from segbench.config.loader import ConfigError, load\n"
        "from segbench.datasets.formats import FORMATS\n"
        "try: load('config/config.yaml', {'studies': {'kidney_input_size': "
        "{'metrics': ['iou', 'size_error']}}}, formats=FORMATS)\n"
        "except ConfigError as error: print(error)"
    )
    told = python(tmp_path / "copy", "-c", check)
    assert 'metrics[1]\n    is not a metric (it is "size_error")\n' in told


def test_its_own_test_passes(copy):
    test = "tests/unit/metrics/test_size.py"
    assert "2 passed" in python(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", test)
