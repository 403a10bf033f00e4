from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.exploration.appearance import (
    RULE,
    Grouping,
    group,
    k_means,
    scaled,
    silhouette,
)
from segbench.exploration.measure import measure_image


def clouds(centres: list[float], count: int = 20, spread: float = 0.01) -> dict[str, np.ndarray]:
    """Images whose mean value lies about some centres, in 0...255."""
    rng = np.random.default_rng(0)
    features = {}
    for k, centre in enumerate(centres):
        for n in range(count + k):
            value = np.zeros(6)
            value[4] = 255 * (centre + spread * rng.standard_normal())
            features[f"c{k}-{n:02d}"] = value
    return features


def test_the_silhouette_by_hand():
    points = np.array([[0.0], [1.0], [10.0], [11.0]])
    # Inside 1 for all; outside 10.5, 9.5, 9.5, 10.5.
    expected = (2 * (1 - 1 / 10.5) + 2 * (1 - 1 / 9.5)) / 4
    assert silhouette(points, np.array([0, 0, 1, 1])) == pytest.approx(expected)
    # Mixed up: inside 10, outside (1 + 11) / 2 or (1 + 9) / 2.
    mixed = (6 / 10 - 1 + 5 / 10 - 1) / 2
    assert silhouette(points, np.array([0, 1, 0, 1])) == pytest.approx(mixed)


def test_a_cluster_of_one_counts_nothing():
    points = np.array([[0.0], [1.0], [10.0]])
    expected = ((1 - 1 / 10) + (1 - 1 / 9) + 0) / 3
    assert silhouette(points, np.array([0, 0, 1])) == pytest.approx(expected)


@given(st.integers(0, 1000), st.integers(2, 4))
def test_silhouettes_lie_between_minus_one_and_one(seed: int, clusters: int):
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(clusters), rng.integers(0, clusters, 10)])
    points = rng.random((len(labels), 3))
    assert -1 <= silhouette(points, labels) <= 1


def test_clusters_are_found_and_numbered_by_size():
    points = np.array([[0.0], [0.1], [5.0], [5.1], [5.2], [9.0]])
    assert k_means(points, 3).tolist() == [1, 1, 0, 0, 0, 2]


def test_equal_sizes_go_by_the_first_sample():
    assert k_means(np.array([[9.0], [9.1], [0.0], [0.1]]), 2).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("centres", [[0.1, 0.9], [0.05, 0.5, 0.95], [0.02, 0.3, 0.6, 0.98]])
def test_well_apart_groups_are_found_however_many(centres: list[float]):
    found = group(clouds(centres), 0, 255)
    assert len(set(found.clusters.values())) == len(centres)
    for k in range(len(centres)):
        assert len({c for s, c in found.clusters.items() if s.startswith(f"c{k}-")}) == 1
    # The last cloud is the largest and has number 1.
    assert found.clusters[f"c{len(centres) - 1}-00"] == 1


def test_one_group_where_there_is_no_structure():
    rng = np.random.default_rng(1)
    even = {f"s{k:03d}": np.array([0, 0, 0, 0, *(255 * rng.random(2))]) for k in range(200)}
    found = group(even, 0, 255)
    assert set(found.clusters.values()) == {1}
    assert all(score < 0.5 for score in found.silhouettes.values())


def test_small_and_equal_and_no_images():
    assert group({}, 0, 255) == Grouping({}, {})
    assert group({"a": np.zeros(6)}, 0, 255).clusters == {"a": 1}
    same = {name: np.zeros(6) for name in "abc"}
    assert group(same, 0, 255).clusters == {"a": 1, "b": 1, "c": 1}
    # A group of one image could not be on both sides of a split.
    lone = {**clouds([0.1], 10), "z": np.array([0, 0, 0, 0, 250.0, 0])}
    assert len(set(group(lone, 0, 255).clusters.values())) == 1


def test_the_order_of_the_images_changes_nothing():
    features = clouds([0.1, 0.8])
    turned = dict(reversed(list(features.items())))
    assert group(turned, 0, 255) == group(features, 0, 255)


def test_value_is_brought_to_the_range_of_the_others():
    features = np.array([[0.1, 0.2, 0.3, 0.4, 300.0, 50.0]])
    assert scaled(features, 100, 500)[0] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.125])
    assert features[0, 4] == 300


def test_images_by_stain_whatever_their_size():
    rng = np.random.default_rng(0)
    stains = {"dark": (10, 10, 10), "purple": (170, 130, 200), "white": (225, 225, 230)}
    features = {}
    for name, colour in stains.items():
        for n in range(8):
            size = (20 + 7 * n, 30, 3)
            image = np.clip(np.array(colour) + rng.normal(0, 6, size), 0, 255).astype(np.uint8)
            features[f"{name}-{n}"] = measure_image(image).colour
    found = group(features, 0, 255).clusters
    assert len({found[f"{name}-0"] for name in stains}) == 3
    assert all(found[f"{name}-{n}"] == found[f"{name}-0"] for name in stains for n in range(8))


def test_the_rule_is_said_in_words():
    for words in ("2 to 6 clusters", "silhouette", "below 0.5"):
        assert words in RULE


def test_the_real_nuclei_fall_into_their_stains(publisher_data: Path):
    from PIL import Image

    root = publisher_data / "dsb2018" / "stage1_train"
    features = {}
    for folder in sorted(root.iterdir())[::5]:
        with Image.open(next((folder / "images").glob("*.png"))) as image:
            features[folder.name] = measure_image(np.asarray(image)[..., :3]).colour
    found = group(features, 0, 255)
    values = {s: f[4] for s, f in features.items()}
    dark = {s for s, value in values.items() if value < 90}
    assert len(dark) > 50
    assert {found.clusters[s] for s in dark} == {1}, "fluorescence is the largest group"
    assert not {s for s, c in found.clusters.items() if c == 1} - dark
    assert len(set(found.clusters.values())) >= 3
