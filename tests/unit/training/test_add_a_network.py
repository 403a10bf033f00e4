"""The how-to docs/how-to/add-a-network.md, followed in a copy of the library."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from unit.pages import ROOT, copied, follow, page

#: Runs the tests of the copy and trains, in one process: TensorFlow is imported once.
CHILD = """
import csv, json, sys
import pytest

assert pytest.main(["-q", "-p", "no:cacheprovider", "tests/unit/models"]) == 0
from segbench.config.loader import load
from segbench.datasets.formats import FORMATS
from segbench.metrics import METRICS
from segbench.models.model_file import read_model
from segbench.resources.network import count
from segbench.training.loop import train

archive, folds = sys.argv[1:]
studies = {"kidney_input_size": {"models": ["plain"]}}
config = load("config/config.yaml", {"studies": studies}, formats=FORMATS)
recipe = config.models["plain"]
few = recipe.training.model_copy(update={"epochs": 2, "steps_per_epoch": 3, "patch": (32, 32)})
train([archive], folds, 0, recipe.model_copy(update={"training": few}), None, 0, "state",
      "model.keras", "history.csv")
with open("history.csv", newline="") as handle:
    losses = [float(row["loss"]) for row in csv.DictReader(handle)]
network = read_model("model.keras")
print("RESULT", json.dumps({
    "losses": losses,
    "weights": network.count_params(),
    "counted": count(recipe.network, 1, 1, (32, 32)).weights,
    "layers": [layer.name for layer in network.layers],
}))
"""


def python(copy, *arguments: str) -> str:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(copy / part) for part in ("scripts", "tests")),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def copy(tmp_path):
    """A copy of the library in which the page was followed."""
    folder = copied(tmp_path / "copy")
    written = follow(page("add-a-network.md"), folder)
    assert written == [
        "scripts/segbench/models/networks/plain.py",
        "scripts/segbench/models/kinds.py",
        "tests/unit/models/networks/test_plain.py",
        "config/models/plain.yaml",
    ]
    shutil.copy(ROOT / "tests/unit/models/test_networks.py", folder / "tests/unit/models")
    return folder


def test_the_network_is_accepted_counted_built_and_trained(copy, discs):
    output = python(copy, "-c", CHILD, *map(str, discs))
    (line,) = [line for line in output.splitlines() if line.startswith("RESULT ")]
    found = json.loads(line.removeprefix("RESULT "))
    # depth 3, width 16, grey, one map
    expected = (9 * 16 + 16) + 2 * (9 * 16 * 16 + 16) + 3 * (4 * 16 * 16 + 16) + (16 + 1)
    assert found["weights"] == found["counted"] == expected
    assert found["layers"][0] == "image"
    assert found["layers"][-1] == "head"
    first, last = found["losses"]
    assert 0 < last < first < 2


def test_the_references_list_it(copy):
    python(copy, "-m", "segbench.config", "--root", ".")
    schema = json.loads((copy / "config/schema.json").read_text(encoding="utf-8"))
    kinds = schema["$defs"]["Model"]["properties"]["network"]["discriminator"]["mapping"]
    assert kinds["plain"] == "#/$defs/Plain"
    reference = (copy / "docs/reference/configuration.md").read_text(encoding="utf-8")
    assert "### `network (kind: plain)`" in reference
    assert "| `width` | `16` | an integer >= 1 | Filters of every level. |" in reference
