from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.model import Instances
from segbench.errors import SegbenchError
from segbench.instances.decoding import decode
from segbench.instances.objects import pieces
from segbench.instances.targets import make_targets

NUCLEUS = (["nucleus"], [1])


def discs(*centres, radius=9, shape=(40, 60)):
    """Numbered discs; later ones lie on top."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    label = np.zeros(shape, np.uint16)
    for number, (cy, cx) in enumerate(centres, start=1):
        label[(y - cy) ** 2 + (x - cx) ** 2 <= radius**2] = number
    return label


TOUCHING = discs((20, 18), (20, 34), (8, 50), radius=9)


@pytest.mark.parametrize("target", ["foreground_boundary", "foreground_distance"])
def test_watershed_parts_touching_discs_and_components_merge_them(target):
    maps = make_targets(TOUCHING, target, [1], 2).astype(np.float32)
    merged = decode(maps, target, *NUCLEUS, Instances(method="components"))
    parted = decode(maps, target, *NUCLEUS, Instances(method="watershed"))
    assert (merged.max(), parted.max()) == (2, 3)
    assert merged.dtype == parted.dtype == np.uint16
    np.testing.assert_array_equal(parted > 0, TOUCHING > 0)
    for number in (1, 2, 3):
        own = number == TOUCHING
        found = np.bincount(parted[own]).argmax()
        union = (own | (parted == found)).sum()
        assert (own & (parted == found)).sum() / union > 0.95


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["foreground_boundary", "foreground_distance"]),
    st.sampled_from(["components", "watershed"]),
    st.floats(0.05, 0.95),
    st.floats(0.05, 0.95),
    st.integers(0, 12),
)
@settings(deadline=None, max_examples=150)
def test_invariants(seed, target, method, threshold, seed_threshold, minimum_px):
    maps = np.random.default_rng(seed).random((18, 23, 2), dtype=np.float32)
    recipe = Instances(
        method=method, threshold=threshold, seed_threshold=seed_threshold, minimum_px=minimum_px
    )
    objects = decode(maps, target, *NUCLEUS, recipe)
    assert objects.dtype == np.uint16
    sizes = np.bincount(objects.ravel())
    assert (sizes[1:] >= max(minimum_px, 1)).all()  # none too small, none missing
    mask = maps[..., 0] > threshold
    assert not (objects > 0)[~mask].any()
    kept = np.bincount(pieces(mask).ravel())[pieces(mask)] >= minimum_px
    np.testing.assert_array_equal(objects > 0, mask & kept)  # only small pieces are lost


@given(st.integers(0, 2**32 - 1), st.integers(0, 12))
@settings(deadline=None)
def test_filling_holes_only_adds_enclosed_pixels(seed, minimum_px):
    maps = np.random.default_rng(seed).random((18, 23, 1), dtype=np.float32)
    plain, filled = (
        decode(
            maps,
            "foreground",
            *NUCLEUS,
            Instances(method="components", minimum_px=minimum_px, threshold=0.3, fill_holes=fill),
        )
        for fill in (False, True)
    )
    assert (filled[plain > 0] == plain[plain > 0]).all()
    assert filled.max() == plain.max()
    edge = np.ones(plain.shape, bool)
    edge[1:-1, 1:-1] = False
    assert (filled[edge] == plain[edge]).all()


def test_threshold_is_exceeded_not_reached():
    maps = np.float32([[[0.5], [0.50001]]])
    assert decode(maps, "foreground", *NUCLEUS, Instances()).tolist() == [[0, 1]]


def test_label_map_of_one_class_holds_its_value():
    maps = np.float32([[[0.9], [0.1]]])
    label = decode(maps, "classes", ["nucleus"], [255], Instances(threshold=0.3))
    assert label.dtype == np.uint8
    assert label.tolist() == [[255, 0]]


def test_label_map_of_exclusive_classes_is_the_likeliest():
    maps = np.float32([[[0.4, 0.3, 0.3], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7], [0.4, 0.4, 0.2]]])
    label = decode(maps, "classes", ["a", "b"], [7, 3], Instances(threshold=0.9))
    assert label.dtype == np.uint8
    assert label.tolist() == [[0, 7, 3, 0]]


def test_label_map_of_a_target_with_more_maps_is_the_foreground():
    maps = np.float32([[[0.9, 0.99], [0.1, 0.0]]])
    assert decode(maps, "foreground_boundary", *NUCLEUS, Instances()).tolist() == [[1, 0]]


@given(st.sampled_from([1, 2, 4]), st.integers(0, 2**32 - 1))
def test_perfect_targets_of_classes_come_back(count, seed):
    values = [10, 20, 30, 40][:count]
    label = np.random.default_rng(seed).choice(np.uint8([0, *values]), (6, 7))
    maps = make_targets(label, "classes", values).astype(np.float32)
    names = [f"class{n}" for n in range(count)]
    np.testing.assert_array_equal(decode(maps, "classes", names, values, Instances()), label)


def test_maps_of_another_target():
    with pytest.raises(SegbenchError, match=r"\(2, 2, 1\).*foreground_boundary"):
        decode(np.zeros((2, 2, 1)), "foreground_boundary", *NUCLEUS, Instances())


def test_objects_of_exclusive_classes():
    recipe = Instances(method="components")
    with pytest.raises(SegbenchError, match="2 exclusive classes"):
        decode(np.zeros((2, 2, 3)), "classes", ["a", "b"], [1, 2], recipe)


@pytest.mark.parametrize("target", ["foreground", "classes"])
def test_watershed_without_seeds(target):
    with pytest.raises(SegbenchError, match="has no seeds"):
        decode(np.zeros((2, 2, 1)), target, *NUCLEUS, Instances(method="watershed"))


@pytest.mark.parametrize("method", ["none", "components", "watershed"])
def test_nothing_found(method):
    label = decode(
        np.zeros((5, 6, 2), np.float32),
        "foreground_boundary",
        *NUCLEUS,
        Instances(method=method, minimum_px=3, fill_holes=True),
    )
    assert label.shape == (5, 6)
    assert not label.any()


def test_decoding_is_deterministic():
    maps = np.random.default_rng(0).random((64, 64, 2), dtype=np.float32)
    recipe = Instances(method="watershed", minimum_px=5, fill_holes=True)
    first = decode(maps, "foreground_boundary", *NUCLEUS, recipe)
    second = decode(maps.copy(), "foreground_boundary", *NUCLEUS, recipe)
    np.testing.assert_array_equal(first, second)
