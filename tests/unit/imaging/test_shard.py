"""What a shard consists of: its inventory, its rows, and the raw files that are there."""

from __future__ import annotations

import pytest

from segbench.artefacts.inventory import RawFile, write_inventory
from segbench.artefacts.samples import Sample, write_samples
from segbench.config.dataset import Dataset
from segbench.datasets.base import RawSample, Reader
from segbench.errors import SegbenchError
from segbench.imaging import shard
from segbench.imaging.shard import ShardSample, shard_samples

RAWS = {name: RawSample(name, (f"{name}.png",), (f"{name}_mask.png",)) for name in "abcd"}


class Listed(Reader):
    """A reader of the files that are there."""

    def __init__(self, names: str) -> None:
        self.names = names

    def scan(self, root):
        return iter(RAWS[name] for name in self.names)


@pytest.fixture
def listed(tmp_path, monkeypatch):
    def make(inventory="abc", rows="abcd", there="abcd"):
        monkeypatch.setattr(shard, "reader_of", lambda _: Listed(there))
        files = [RawFile(n, path, 1, "0") for n in inventory for path in RAWS[n].files]
        write_inventory(files, tmp_path / "shard-0.tsv")
        samples = [Sample(n, "g", "test" if n == "b" else "train", spacing_mm=(2, 1)) for n in rows]
        write_samples(samples, tmp_path / "samples.tsv")
        tables = tmp_path / "shard-0.tsv", tmp_path / "samples.tsv"
        return list(shard_samples(Dataset.model_construct(), tmp_path, *tables))

    return make


def test_the_samples_of_the_inventory_with_their_rows(listed):
    assert listed("cab") == [
        ShardSample(RAWS["a"], "train", (2.0, 1.0)),
        ShardSample(RAWS["b"], "test", (2.0, 1.0)),
        ShardSample(RAWS["c"], "train", (2.0, 1.0)),
    ]


def test_an_empty_shard(listed):
    assert listed("", rows="") == []


def test_files_that_are_gone(listed):
    with pytest.raises(SegbenchError, match=r"shard-0\.tsv: sample 'c' is not as in"):
        listed(there="ab")


def test_a_sample_without_a_row(listed):
    with pytest.raises(SegbenchError, match=r"samples\.tsv: sample 'c' of .* has no row"):
        listed(rows="ab")
