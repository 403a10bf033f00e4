"""The how-to docs/how-to/add-a-dataset.md, followed in a copy of the library."""

from __future__ import annotations

import json

import pytest

from unit.pages import copied, follow, page, python

PAGE = page("add-a-dataset.md")

#: Generates, lists and indexes the new dataset.
INDEX = """
import json
from pathlib import Path
from segbench.artefacts.samples import read_samples
from segbench.config.dataset import Dataset
from segbench.config.loader import load
from segbench.datasets import reader_of
from segbench.datasets.acquire import acquire
from segbench.datasets.formats import FORMATS
from segbench.datasets.index import index_shard
from segbench.datasets.inventory import write_shards
from segbench.metrics import METRICS

study = {"studies": {"kidney_input_size": {"dataset": "tiles", "protocol": "folds"}}}
dataset = load("config/config.yaml", study, formats=FORMATS).datasets["tiles"]
raw = Path("raw")
acquire(dataset, raw, Path("record.json"))
write_shards(reader_of(dataset), raw, {0: Path("inventory.tsv")}, 1, Path("side"))
index_shard(dataset, raw, Path("inventory.tsv"), 0, Path("samples.tsv"))
print(json.dumps([[row.sample, row.group, row.size, row.classes, row.dtype]
                  for row in read_samples("samples.tsv")]))
"""

#: Digests of the readers' code.
DIGESTS = """
from pathlib import Path
from segbench.provenance.code import code_digest
Path("probe.py").write_text("from segbench.datasets import reader_of as main\\n")
for name in ("tiles", "dsb2018"):
    modules = (f"segbench.datasets.{name}",)
    print(code_digest(Path("probe.py"), Path("scripts/segbench"), modules))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the library in which the page was followed."""
    folder = copied(tmp_path_factory.mktemp("copy"))
    assert follow(PAGE, folder) == [
        "scripts/segbench/datasets/tiles.py",
        "scripts/segbench/datasets/formats.py",
        "scripts/segbench/datasets/miniature/tiles.py",
        "config/datasets/tiles.yaml",
        "tests/unit/datasets/test_tiles.py",
    ]
    return folder


def test_the_new_dataset_is_generated_and_indexed(copy):
    rows = json.loads(python(copy, "-c", INDEX).splitlines()[-1])
    assert rows == [
        [f"tile_00{k}", f"tile_00{k}", [64, 64], ["disc"], "uint8"] for k in range(1, 7)
    ]
    record = json.loads((copy / "record.json").read_text(encoding="utf-8"))
    assert (record["format"], record["samples"]) == ("tiles", {"train": 6})


def test_an_edit_of_its_reader_touches_no_other_dataset(copy):
    before = python(copy, "-c", DIGESTS).split()
    reader = copy / "scripts/segbench/datasets/tiles.py"
    text = reader.read_text(encoding="utf-8")
    reader.write_text(text.replace("astype(np.uint8)", "astype(np.uint16)"), encoding="utf-8")
    after = python(copy, "-c", DIGESTS).split()
    reader.write_text(text, encoding="utf-8")
    assert len(set(before)) == 2
    assert (before[0] != after[0], before[1] == after[1]) == (True, True)


def test_its_own_test_passes(copy):
    test = "tests/unit/datasets/test_tiles.py"
    assert "2 passed" in python(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", test)
