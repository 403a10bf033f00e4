"""Objects that are measured part by part are those of the whole image."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter
from skimage.measure import label as numbered

from segbench.inference import large_objects
from segbench.inference.labels import Labels
from segbench.inference.large_objects import measure_large, overview
from segbench.inference.objects import measure_objects
from segbench.objects import read_objects

SIZE = (90, 70)
IMAGE = np.random.default_rng(1).integers(0, 256, (*SIZE, 3)).astype(np.uint8)


def blobs(seed):
    return gaussian_filter(np.random.default_rng(seed).standard_normal(SIZE), 2) > 0.05


def rows(first, last):
    return IMAGE[first:last]


def label_of(kind):
    if kind == "instances":
        return numbered(blobs(0), connectivity=1).astype(np.uint16)
    if kind == "overlapping":
        return np.stack([blobs(0), blobs(1)], axis=-1).astype(np.uint8)
    return np.where(blobs(0), np.where(blobs(1), 7, 3), 0).astype(np.uint8)


@pytest.fixture
def small_steps(monkeypatch):
    monkeypatch.setattr(large_objects, "ROWS", 7)


@pytest.mark.parametrize("kind", ["semantic", "overlapping", "instances"])
@pytest.mark.parametrize("spacing", [None, (0.002, 0.001)])
def test_the_table_is_that_of_the_whole(tmp_path, kind, spacing, small_steps):
    classes = {"cell": 1} if kind == "instances" else {"a": 3, "b": 7}
    labels, label = Labels(kind, classes), label_of(kind)
    count = measure_objects(IMAGE, label, labels, spacing, tmp_path / "whole")
    assert measure_large(rows, label, labels, spacing, tmp_path / "parts") == (count, "")
    assert count > 10
    pd.testing.assert_frame_equal(
        read_objects(tmp_path / "parts"), read_objects(tmp_path / "whole"), rtol=1e-9
    )


def test_objects_that_are_too_large_are_left_out_and_counted(tmp_path, small_steps, monkeypatch):
    monkeypatch.setattr(large_objects, "KEPT", 30 * SIZE[1])
    label = np.zeros(SIZE, np.uint8)
    label[:, 3] = label[40:44, 20:24] = 1
    labels = Labels("semantic", {"cell": 1})
    count, told = measure_large(rows, label, labels, None, tmp_path / "o")
    assert (count, told) == (1, "objects too large to be measured part by part: 1")
    assert read_objects(tmp_path / "o")["area_px"].tolist() == [16]


def test_of_too_many_objects_none_is_measured(tmp_path, monkeypatch):
    labels, label = Labels("semantic", {"a": 3, "b": 7}), label_of("semantic")
    count, _ = measure_large(rows, label, labels, None, tmp_path / "o")
    monkeypatch.setattr(large_objects, "MOST", count - 1)
    found, told = measure_large(rows, label, labels, None, tmp_path / "o")
    assert found is None
    assert told.startswith(f"holds more than {count - 1} objects")
    assert len(read_objects(tmp_path / "o")) == 0


def test_no_objects(tmp_path):
    labels = Labels("semantic", {"cell": 1})
    assert measure_large(rows, np.zeros(SIZE, np.uint8), labels, None, tmp_path / "o") == (0, "")
    assert len(read_objects(tmp_path / "o")) == 0


def test_numbers_of_32_bits_are_measured_and_drawn(tmp_path, small_steps):
    label = np.zeros(SIZE, np.uint32)
    label[2:6, 3:7], label[40:44, 20:24], label[80:83, 20:24] = 65535, 65536, 400_000
    labels = Labels("instances", {"cell": 1})
    assert measure_large(rows, label, labels, None, tmp_path / "o") == (3, "")
    assert read_objects(tmp_path / "o")["number"].tolist() == [65535, 65536, 400_000]
    _, drawn = overview(rows, label, max(SIZE))
    assert drawn.dtype == np.uint16
    assert len(np.unique(drawn)) == 4
    assert np.array_equal(drawn > 0, label > 0)


def test_an_overview_holds_means_and_the_middle_labels():
    label = np.arange(np.prod(SIZE), dtype=np.uint16).reshape(SIZE)
    small, small_label = overview(rows, label, 30)
    assert small.shape == (30, 23, 3)
    assert small.dtype == np.uint8
    assert small[2, 5].tolist() == IMAGE[6:9, 15:18].mean(axis=(0, 1)).astype(np.uint8).tolist()
    assert small_label.shape == (30, 23)
    assert small_label[2, 5] == label[7, 16]
