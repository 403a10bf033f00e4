"""A label that is decoded from bands is that of the whole image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from segbench.config.model import Model
from segbench.errors import SegbenchError
from segbench.inference import large_label
from segbench.inference.large_label import write_label
from segbench.instances.stage import sample_label


def attributes(task, *classes):
    return {"task": task, "classes": list(classes), "class_values": [3, 200, 7][: len(classes)]}


def maps_of(size, count, seed, smooth=1.5):
    """Random blobs with holes, in 0...1."""
    maps = np.random.default_rng(seed).standard_normal((*size, count))
    maps = gaussian_filter(maps, (smooth, smooth, 0))
    return (0.5 + maps / maps.std() / 3).clip(0, 1).astype(np.float32)


def bands(maps, rows):
    return ((first, maps[first : first + rows]) for first in range(0, len(maps), rows))


def both(maps, rows, names, recipe, file):
    """The label made from bands, and from the whole."""
    size = maps.shape[:2]
    found = write_label(bands(maps, rows), size, names, recipe, file)
    return found, sample_label(maps.astype(np.float16), size, None, names, recipe)["label"]


@pytest.mark.parametrize(
    ("names", "target", "count"),
    [
        (attributes("semantic", "a"), "foreground", 1),
        (attributes("semantic", "a", "b"), "classes", 3),
        (attributes("overlapping", "a", "b"), "classes", 2),
    ],
    ids=["foreground", "exclusive", "overlapping"],
)
def test_class_values_are_those_of_the_whole(tmp_path, names, target, count):
    recipe = Model.model_validate({"target": target, "instances": {"method": "none"}})
    found, whole = both(maps_of((37, 29), count, 0), 8, names, recipe, tmp_path / "label")
    assert found.dtype == whole.dtype == np.uint8
    assert np.array_equal(found, whole)


RECIPES = [
    {"method": "components"},
    {"method": "components", "minimum_px": 6, "fill_holes": True},
    {"method": "watershed", "seed_threshold": 0.6, "minimum_px": 4, "fill_holes": True},
]


@given(
    st.tuples(st.integers(8, 50), st.integers(8, 40)), st.integers(0, 999), st.integers(1, 17),
    st.sampled_from(RECIPES),
)  # fmt: skip
@settings(deadline=None)
def test_objects_are_those_of_the_whole_but_for_their_numbers(
    tmp_path_factory, size, seed, rows, instances
):
    target = "foreground_distance" if instances["method"] == "watershed" else "foreground"
    recipe = Model.model_validate({"target": target, "instances": instances})
    maps = maps_of(size, 2 if instances["method"] == "watershed" else 1, seed)
    file = tmp_path_factory.mktemp("label") / "label"
    found, whole = both(maps, rows, attributes("instances", "cell"), recipe, file)
    assert found.dtype == whole.dtype == np.uint16
    pairs = np.unique(np.stack([found.ravel(), whole.ravel()]), axis=1)
    assert len(pairs[0]) == len(set(pairs[0])) == len(set(pairs[1])), "one number for one"
    assert set(pairs[0]) == set(pairs[1]), "without gaps"
    assert np.array_equal(found > 0, whole > 0)


def test_numbers_get_the_width_that_they_need(tmp_path):
    maps = np.zeros((530, 600, 1), np.float32)
    maps[::2, ::2] = 1
    recipe = Model.model_validate({"target": "foreground", "instances": {"method": "components"}})
    found = write_label(
        bands(maps, 100), (530, 600), attributes("instances", "cell"), recipe, tmp_path / "label"
    )
    assert found.dtype == np.uint32
    assert found.max() == 265 * 300
    assert [path.name for path in tmp_path.iterdir()] == ["label"]


def test_a_piece_of_too_many_rows_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(large_label, "KEPT", 200)
    recipe = Model.model_validate({"target": "foreground", "instances": {"method": "components"}})
    names = attributes("instances", "cell")
    with pytest.raises(SegbenchError) as caught:
        write_label(bands(np.ones((60, 10, 1)), 8), (60, 10), names, recipe, tmp_path / "label")
    assert "more than 20 rows in an image of 60 x 10 px" in caught.value.what
    assert "instances.threshold" in caught.value.action
