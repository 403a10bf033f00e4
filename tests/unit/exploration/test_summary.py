from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from segbench.artefacts.samples import Sample
from segbench.exploration.appearance import Grouping
from segbench.exploration.measure import LabelMeasures, measure_image
from segbench.exploration.summary import (
    Measured,
    channel_names,
    classes_in,
    groups_in,
    intensities_in,
    quantiles_of,
    rounded,
    size_of,
    sizes_in,
    spacing_of,
    spacings_in,
    summarise,
)


def row(sample: str, **more: Any) -> Sample:
    return Sample(**{"sample": sample, "group": sample, "objects": 0, "size": (4, 5), **more})


def label(pixels: list[int], objects: list[list[int]], total: int = 100) -> LabelMeasures:
    sizes = tuple(np.array(s, np.int64) for s in objects)
    return LabelMeasures(total, np.array(pixels), sum(pixels), sizes, np.full(len(pixels), total))


def test_figures_are_rounded_for_json():
    assert rounded(123456789) == 123457000
    assert rounded(2 / 3) == 0.666667
    assert rounded(float("inf")) is None
    assert quantiles_of([]) == {}
    found = quantiles_of(np.arange(101))
    assert (found["min"], found["0.05"], found["0.5"], found["0.99"]) == (0, 5, 50, 99)
    assert (found["max"], found["mean"]) == (100, 50)


def test_sizes_of_images_and_volumes():
    rows = [row("a"), row("b", size=(1, 4, 5)), row("c", size=(7, 4, 5)), row("d")]
    assert [size_of(r) for r in rows] == [(4, 5), (4, 5), (7, 4, 5), (4, 5)]
    assert sizes_in(rows) == [
        {"size": "4 \u00d7 5", "axes": [4, 5], "samples": 3},
        {"size": "7 \u00d7 4 \u00d7 5", "axes": [7, 4, 5], "samples": 1},
    ]


def test_spacing_where_it_is_known():
    flat = row("a", spacing_mm=(0.5, 0.25))
    deep = row("b", spacing_mm=(3.0, 1.0, 1.0), size=(9, 4, 5))
    missing = row("c", spacing_mm=(1.0, 1.0), size=(9, 4, 5))
    assert spacing_of(flat) == (0.5, 0.25)
    assert spacing_of(deep) == (3, 1, 1)
    assert spacing_of(missing) is None
    assert spacing_of(row("d")) is None
    assert spacings_in([flat, flat, row("d")]) == [
        {"spacing_mm": [0.5, 0.25], "samples": 2},
        {"spacing_mm": None, "samples": 1},
    ]


@pytest.mark.parametrize(
    ("count", "dtypes", "names"),
    [
        (1, {"float32"}, ["grey"]),
        (3, {"uint8"}, ["red", "green", "blue"]),
        (3, {"float32"}, ["channel 1", "channel 2", "channel 3"]),
        (4, {"int16"}, ["channel 1", "channel 2", "channel 3", "channel 4"]),
    ],
)
def test_names_of_channels(count: int, dtypes: set[str], names: list[str]):
    assert channel_names(count, dtypes) == names


def test_the_published_balance_of_the_uw_madison_masks():
    # Slices that hold each organ in the competition's train.csv of 38,496 slices.
    held = {"stomach": 8627, "large_bowel": 14085, "small_bowel": 11201}
    rows = []
    for k in range(38_496):
        rows.append(row(str(k), classes=tuple(n for n, many in held.items() if k < many)))
    found = classes_in(rows, Measured(list(held)), whole_images=True)
    assert [round(100 * e["share_of_masks"]) for e in found] == [25, 42, 33]
    assert [e["samples"] for e in found] == list(held.values())
    assert found[0]["share_of_samples"] == pytest.approx(0.224101)


def test_pixels_objects_and_physical_sizes():
    measured = Measured(["a", "b"])
    measured.add_label(label([30, 10], [[10, 20], [10]]), 0.5)
    measured.add_label(label([10, 0], [[10], []]), None)
    rows = [row("x", classes=("a", "b")), row("y", classes=("a",)), row("z")]
    first, second = classes_in(rows, measured, whole_images=False)
    assert (first["samples"], first["share_of_samples"]) == (2, 0.666667)
    assert (first["share_of_masks"], second["share_of_masks"]) == (0.666667, 0.333333)
    assert (first["pixels"], first["share_of_pixels"]) == (40, 0.2)
    assert (first["objects"], second["objects"]) == (3, 1)
    assert first["object_pixels"]["0.5"] == 10
    # Only where the spacing is known: 5 and 10.
    assert (first["object_mm"]["min"], first["object_mm"]["max"]) == (5, 10)
    assert second["object_mm"]["mean"] == 5


def test_a_class_that_never_occurs():
    (found,) = classes_in([row("x")], Measured(["a"]), whole_images=False)
    assert found["share_of_masks"] is None
    assert found["share_of_pixels"] is None
    assert found["object_pixels"] == {}


def test_groups_with_their_samples_and_objects():
    rows = [row(str(k), group="p" if k < 3 else f"q{k}", objects=k) for k in range(5)]
    found = groups_in(rows)
    assert found["groups"] == 3
    assert found["samples_per_group"]["max"] == 3
    assert found["largest"] == [
        {"group": "p", "samples": 3, "objects": 3},
        {"group": "q3", "samples": 1, "objects": 3},
        {"group": "q4", "samples": 1, "objects": 4},
    ]


def test_every_image_counts_the_same_whatever_its_size():
    measured = Measured(["a"])
    measured.images["large"] = measure_image(np.full((100, 100, 1), 10, np.uint8))
    measured.images["small"] = measure_image(np.full((64, 64, 1), 30, np.uint8))
    (found,) = intensities_in(measured, ["grey"])
    assert found["channel"] == "grey"
    assert (found["min"], found["max"], found["mean"]) == (10, 30, 20)


def test_channels_that_only_some_images_have():
    measured = Measured(["a"])
    measured.images["one"] = measure_image(np.full((4, 4, 1), 10, np.uint8))
    measured.images["two"] = measure_image(np.full((4, 4, 2), 30, np.uint8))
    first, second = intensities_in(measured, ["channel 1", "channel 2"])
    assert (first["mean"], second["mean"]) == (20, 30)


def test_the_whole_summary_is_json():
    measured = Measured(["a"])
    measured.images["x"] = measure_image(np.full((4, 5, 3), (200, 100, 100), np.uint8))
    measured.images["y"] = measure_image(np.full((4, 5, 3), 20, np.uint8))
    measured.add_label(label([20], [[20]], 20), None)
    measured.add_label(label([0], [[]], 20), None)
    rows = [row("x", classes=("a",), objects=1, stack="s"), row("y", split="test", stack="s")]
    grouping = Grouping({"x": 1, "y": 2}, {2: 0.9})
    names = ["red", "green", "blue"]
    found = summarise("toy", "semantic", rows, measured, grouping, names)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["splits"] == {"test": 1, "train": 1}
    assert (found["samples"], found["stacks"], found["images_opened"]) == (2, 1, 2)
    assert found["empty"] == {"samples": 1, "share": 0.5}
    assert found["background_share"] == 0.5
    assert found["objects"] == 1
    first, second = found["appearance"]["clusters"]
    # (200, 100, 100): hue 0, saturation one half, value 200; grey has no hue.
    assert (first["hue_degrees"], first["saturation"], first["value"]) == (0, 0.5, 200)
    assert second["hue_degrees"] is None
    assert found["appearance"]["silhouettes"] == {"2": 0.9}


def test_a_sample_is_empty_only_if_every_class_was_looked_for():
    """Of x all is there, y shows nothing, z was not annotated, of w only the second class."""
    measured = Measured(["a", "b"])
    for pixels, annotated in (
        ([5, 0], [9, 9]),
        ([0, 0], [9, 9]),
        ([0, 0], [0, 0]),
        ([0, 0], [0, 9]),
    ):
        sizes = tuple(np.array([n] if n else [], np.int64) for n in pixels)
        found = LabelMeasures(20, np.array(pixels), sum(pixels), sizes, np.array(annotated))
        measured.add_label(found, None)
    rows = [row("x", classes=("a",), objects=1), row("y"), row("z", ignored=1.0), row("w")]
    found = summarise("toy", "semantic", rows, measured, Grouping({}, {}), ["grey"])
    assert found["empty"] == {"samples": 1, "share": 0.5}
    assert found["objects_per_sample"]["mean"] == pytest.approx(1 / 3, abs=1e-6)


def test_whole_images_have_no_pixels_and_no_objects():
    rows = [row("x", classes=("colon",)), row("y", classes=("lung",))]
    found = summarise(
        "toy", "classification", rows, Measured(["colon", "lung"]), Grouping({}, {}), ["grey"]
    )
    assert found["background_share"] is None
    assert (found["objects"], found["objects_per_sample"]) == (0, {})
    assert found["classes"][0] == {
        "name": "colon", "samples": 1, "share_of_samples": 0.5, "share_of_masks": 0.5
    }  # fmt: skip


def test_the_share_of_a_class_is_of_the_pixels_in_which_it_was_annotated():
    measured = Measured(["a", "b"])
    sizes = (np.array([20]), np.array([5]))
    measured.add_label(LabelMeasures(80, np.array([20, 5]), 25, sizes, np.array([80, 10])), None)
    measured.add_label(label([0, 0], [[], []], 0), None)
    rows = [row("x", classes=("a", "b")), row("y")]
    first, second = classes_in(rows, measured, False)
    assert (first["share_of_pixels"], second["share_of_pixels"]) == (0.25, 0.5)
    assert first["share_of_samples"] == second["share_of_samples"] == 1
