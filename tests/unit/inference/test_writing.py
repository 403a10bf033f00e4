"""Large images, applied part by part, give what they give in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image
from scipy.ndimage import gaussian_filter

from segbench.decoders.registry import read
from segbench.imaging.remarks import UNKNOWN
from segbench.inference import large_image
from segbench.objects import read_objects
from segbench.store_location import STORE_VARIABLE
from unit.decoders.zarr_stores import write_image
from unit.inference.applying import CELLS, SEPARATE, bright, spots

TILES = {"training": {"precision": "float32", "patch": [32, 32]}, "network": {"depth": 1}}
PICTURE = spots((4, 4), (20, 30), (50, 50), (90, 20), side=120)


@pytest.fixture
def parts(monkeypatch, tmp_path):
    """Whether images are applied part by part, each way with a store of its own."""

    def choose(on):
        monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / f"store-{on}"))
        monkeypatch.setattr(large_image, "LARGE", 1000 if on else 2**26)
        monkeypatch.setattr(large_image, "ROWS", 32)

    return choose


def save(place):
    place.images.mkdir(parents=True)
    tifffile.imwrite(place.images / "a.tif", PICTURE, tile=(16, 16))
    write_image(place.images / "b.zarr", [PICTURE], "yx", array={"chunks": (32, 32)})


def applied(place, name, arms, *more):
    place.results = place.root / "applied" / name
    assert place.apply(arms, *more) == 2
    objects = read_objects(place.results / "objects.parquet").drop(columns="dataset")
    overlays = [np.asarray(Image.open(place.results / f"overlays/{n}.png")) for n in "ab"]
    masks = [read(place.results / f"masks/{n}").pixels for n in ("a.tif", "b.zarr")]
    return masks, objects, overlays


@pytest.mark.parametrize(
    ("labels", "recipe"),
    [(CELLS, {**SEPARATE, **TILES}), (("semantic", {"cell": 7}), {"target": "classes", **TILES})],
    ids=["objects", "classes"],
)
def test_the_result_is_that_of_the_whole_image(place, networks, parts, labels, recipe):
    save(place)
    arms, steps = {"m": [networks["half"]]}, {"normalise": "percentile"}
    parts(False)
    whole = applied(place, "whole", arms, labels, recipe, steps)
    parts(True)
    found = applied(place, "parts", arms, labels, recipe, steps)
    for one, other, overlay, drawn in zip(found[0], whole[0], found[2], whole[2], strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one > 0, other > 0)
        assert one.max() == (4 if labels == CELLS else 7)
        assert overlay.shape == drawn.shape
    keys = ["sample", "area_px", "bbox_y0_px", "intensity_mean", "touches_border"]
    first, second = (
        table[keys].sort_values(keys, ignore_index=True) for table in (found[1], whole[1])
    )
    pd.testing.assert_frame_equal(first, second)
    assert len(first) == 8


def test_pixels_without_a_value_are_told_either_way(place, networks, parts):
    place.images.mkdir(parents=True)
    pixels = PICTURE.astype(np.float32)
    pixels[100, 5] = np.nan
    tifffile.imwrite(place.images / "a.tif", pixels, tile=(16, 16))
    notes = []
    for on in (False, True):
        parts(on)
        place.apply(
            {"m": [networks["half"]]}, CELLS, {**SEPARATE, **TILES}, {"normalise": "minmax"}
        )
        notes += [one["notes"] for one in place.record["images"]]
    assert notes == [[UNKNOWN], [UNKNOWN]]


def test_a_network_with_context_gives_the_same_part_by_part(place, parts, tmp_path):
    """Its answer depends on the place in a tile, so tiles must be the same ones."""
    import keras

    network = bright(tmp_path / "n.keras")
    inputs = keras.Input((None, None, 1))
    made = keras.Model(inputs, keras.layers.Conv2D(1, 5, padding="same", name="logits")(inputs))
    random = np.random.default_rng(0)
    weights = random.random(made.get_weights()[0].shape)
    made.set_weights([np.float32(40 * weights / weights.sum()), np.float32([-20])])
    made.save(network)
    place.images.mkdir(parents=True)
    blobs = gaussian_filter(random.standard_normal((120, 90)), 4)  # few, so fast to describe
    blobs = np.uint8(255 * (blobs - blobs.min()) / np.ptp(blobs))
    tifffile.imwrite(place.images / "a.tif", blobs, tile=(16, 16))
    write_image(place.images / "b.zarr", [blobs], "yx", array={"chunks": (32, 32)})
    labels, recipe = ("semantic", {"cell": 7}), {"target": "classes", **TILES}
    results = []
    for on in (False, True):
        parts(on)
        results.append(applied(place, f"run-{on}", {"m": [network]}, labels, recipe))
    for one, other in zip(results[1][0], results[0][0], strict=True):
        assert np.array_equal(one, other)
        assert 0.1 < (one > 0).mean() < 0.9


def test_what_cannot_be_done_part_by_part_is_refused_by_name(place, networks, parts):
    save(place)
    place.image("small.png", spots(side=20))
    parts(True)
    assert place.apply({"m": [networks["half"]]}, CELLS, SEPARATE) == 1, "the small one"
    failed = {one["image"]: one["error"] for one in place.record["failed"]}
    assert sorted(failed) == ["a.tif", "b.zarr"]
    for name, error in failed.items():
        assert name in error["what"]
        assert "prediction: {tile:" in error["action"]
