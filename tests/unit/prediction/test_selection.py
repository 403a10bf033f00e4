from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from segbench.archives import ArchiveSet, ArchiveWriter
from segbench.errors import SegbenchError
from segbench.prediction.selection import samples_to_test as choose
from segbench.prediction.selection import selection_digest

HEADER = "sample\tgroup\tstratum\tfold\trole\n"


def write_folds(path, rows):
    lines = [f"{s}\t{g}\t\t{f}\t{r}\n" for s, g, f, r in rows]
    path.write_text(HEADER + "".join(lines))
    return path


def write_archive(path, ids, value=0, **attributes):
    with ArchiveWriter(path, {"classes": ["a"], **attributes}) as writer:
        for number, sample in enumerate(ids):
            pixels = np.full((4, 4, 1), value + number, np.uint8)
            writer.add(sample, {"image": pixels}, {"source": sample.split("--")[0]})
    return path


@pytest.fixture
def archive(tmp_path):
    return write_archive(tmp_path / "a.zarr.zip", ["a", "a--fh", "b", "c", "d"])


CROSS = [
    ("a", "a", 0, "test"),
    ("b", "b", 0, "train"),
    ("c", "c", 0, "validation"),
    ("a", "a", 1, "train"),
    ("b", "b", 1, "test"),
    ("c", "c", 1, "train"),
]
FIXED = [
    ("a", "a", 0, "train"),
    ("b", "b", 0, "validation"),
    ("d", "d", 0, "test"),
    ("c", "c", 0, "test"),
    ("a", "a", 1, "validation"),
    ("b", "b", 1, "train"),
    ("c", "c", 1, "test"),
    ("d", "d", 1, "test"),
]


def test_test_samples_of_a_fold_without_copies(tmp_path, archive):
    folds = write_folds(tmp_path / "folds.tsv", CROSS)
    assert choose(ArchiveSet([archive]), folds, [0]) == ["a"]
    assert choose(ArchiveSet([archive]), folds, [1]) == ["b"]


def test_an_ensemble_on_a_fixed_test_set(tmp_path, archive):
    folds = write_folds(tmp_path / "folds.tsv", FIXED)
    assert choose(ArchiveSet([archive]), folds, [0, 1]) == ["c", "d"]


def test_an_ensemble_in_cross_validation_is_a_leak(tmp_path, archive):
    folds = write_folds(tmp_path / "folds.tsv", CROSS)
    with pytest.raises(SegbenchError, match=r"'a'.*fold 0.*fold 1 has train"):
        choose(ArchiveSet([archive]), folds, [0, 1])


def test_a_network_that_chose_its_epoch_by_a_relative_is_a_leak(tmp_path, archive):
    rows = [
        ("a", "patient", 0, "test"),
        ("b", "b", 0, "train"),
        ("c", "patient", 1, "validation"),
        ("b", "b", 1, "train"),
    ]
    folds = write_folds(tmp_path / "folds.tsv", rows)
    assert choose(ArchiveSet([archive]), folds, [0]) == ["a"]
    with pytest.raises(SegbenchError, match="same group 'patient'"):
        choose(ArchiveSet([archive]), folds, [0, 1])


def test_a_copy_is_not_tested_on(tmp_path, archive):
    rows = [("a--fh", "a", 0, "test"), ("b", "b", 0, "train")]
    with pytest.raises(SegbenchError, match="'a--fh' is in no archive"):
        choose(ArchiveSet([archive]), write_folds(tmp_path / "f.tsv", rows), [0])


def test_a_sample_without_pixels(tmp_path, archive):
    folds = write_folds(tmp_path / "f.tsv", [("zebra", "z", 0, "test")])
    with pytest.raises(SegbenchError, match="'zebra' is in no archive"):
        choose(ArchiveSet([archive]), folds, [0])


def test_a_fold_that_is_not_there(tmp_path, archive):
    folds = write_folds(tmp_path / "f.tsv", CROSS)
    with pytest.raises(SegbenchError, match="no fold 7") as error:
        choose(ArchiveSet([archive]), folds, [0, 7])
    assert error.value.expected == "one of 0, 1"


def test_no_fold(tmp_path, archive):
    with pytest.raises(SegbenchError, match="none was asked for"):
        choose(ArchiveSet([archive]), write_folds(tmp_path / "f.tsv", CROSS), [])


def test_a_fold_without_test_samples(tmp_path, archive):
    folds = write_folds(tmp_path / "f.tsv", [("a", "a", 0, "train")])
    with pytest.raises(SegbenchError, match="tests no sample"):
        choose(ArchiveSet([archive]), folds, [0])


def test_a_table_without_roles(tmp_path, archive):
    (tmp_path / "f.tsv").write_text("sample\tfold\na\t0\n")
    with pytest.raises(SegbenchError, match=r"f\.tsv"):
        choose(ArchiveSet([archive]), tmp_path / "f.tsv", [0])


def test_the_digest_covers_the_test_samples_and_nothing_else(tmp_path, archive):
    folds = write_folds(tmp_path / "f.tsv", FIXED)
    before = selection_digest([archive], folds, [0, 1])
    assert len(before) == 64
    assert selection_digest([str(archive)], str(folds), [1]) == before  # the same samples
    same = write_archive(tmp_path / "b.zarr.zip", ["a", "a--fh", "b", "c", "d"])
    assert selection_digest([same], folds, [0]) == before
    fewer = write_archive(tmp_path / "c.zarr.zip", ["c", "d"], value=3)
    assert selection_digest([fewer], folds, [0]) == before  # not what is trained on
    other = write_archive(tmp_path / "d.zarr.zip", ["a", "a--fh", "b", "c", "d"], value=1)
    assert selection_digest([other], folds, [0]) != before
    scaled = write_archive(tmp_path / "e.zarr.zip", ["c", "d"], value=3, image_scale=0.5)
    assert selection_digest([scaled], folds, [0]) != before


def test_shards_do_not_matter(tmp_path, archive):
    folds = write_folds(tmp_path / "f.tsv", FIXED)
    shards = [
        write_archive(tmp_path / "s1.zarr.zip", ["d"], value=4),
        write_archive(tmp_path / "s0.zarr.zip", ["c"], value=3),
    ]
    assert selection_digest(shards, folds, [0]) == selection_digest([archive], folds, [0])


def test_importing_the_package_does_not_import_keras():
    code = "import sys, segbench.prediction; sys.exit('keras' in sys.modules)"
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={"PYTHONPATH": os.pathsep.join(sys.path)}
    )
