"""The stage with real, tiny networks. The only file here that imports Keras."""

from __future__ import annotations

import numpy as np
import pytest

from segbench.archives import Archive, ArchiveWriter
from segbench.config.model import Model, Prediction, Training
from segbench.errors import SegbenchError
from segbench.models.networks.unet import UNet
from segbench.prediction.stage import predict
from unit.listening import listening

keras = pytest.importorskip("keras")

SIZES = {"a": (24, 32), "b": (40, 18), "c": (16, 16), "d": (61, 70)}
FOLDS = [("a", 0), ("b", 0), ("d", 0), ("c", 1)]


def recipe(target="foreground_boundary", tile=(32, 32), precision="float32", **prediction):
    return Model(
        target=target,
        network=UNet(depth=2, width=4),
        training=Training(precision=precision),
        prediction=Prediction(tile=tile, **prediction),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prediction")
    random = np.random.default_rng(0)
    attributes = {
        "stage": "preprocess",
        "task": "instances",
        "classes": ["nucleus"],
        "class_values": [1],
        "image_scale": 1 / 255,
    }
    for shard, ids in enumerate(("bd", "ac")):
        with ArchiveWriter(folder / f"shard{shard}.zarr.zip", attributes) as writer:
            for sample in ids:
                image = random.integers(0, 256, (*SIZES[sample], 1), dtype=np.uint8)
                record = {"source": sample, "split": "train", "original_size": [9, 9]}
                writer.add(sample, {"image": image}, record)
    rows = ["sample\tgroup\tstratum\tfold\trole"]
    rows += [f"{s}\t{s}\t\t{fold}\ttest" for s, fold in FOLDS]
    (folder / "folds.tsv").write_text("\n".join(rows) + "\n")
    for seed in (0, 1):
        save_model(folder / f"{seed}.keras", 1, 2, seed)
    return folder


def save_model(path, channels, maps, seed):
    from segbench.models.keras_network import build_network

    keras.utils.set_random_seed(seed)
    model = build_network(recipe().network, channels, maps)
    for weight in model.weights:  # biases and scales too, so that maps are not all alike
        weight.assign(weight + keras.random.normal(weight.shape, stddev=0.1))
    model.save(path)


def apply(folder, output, chosen, folds=(0,), models=("0.keras",)):
    with listening() as lines:
        predict(
            sorted(folder.glob("shard*.zarr.zip")),
            folder / "folds.tsv",
            list(folds),
            [folder / model for model in models],
            chosen,
            output,
        )
    return lines


def read(path):
    with Archive(path) as archive:
        return {sample: archive.read(sample, "probability") for sample in archive.ids}


def test_archive_of_probabilities(folder, tmp_path):
    lines = apply(folder, tmp_path / "p.zarr.zip", recipe())
    with Archive(tmp_path / "p.zarr.zip") as archive:
        assert archive.ids == ["a", "b", "d"]
        assert archive.attributes == {
            "stage": "predict",
            "axes": "yxk",
            "maps": ["foreground", "boundary"],
            "target": "foreground_boundary",
            "classes": ["nucleus"],
            "class_values": [1],
            "task": "instances",
        }
        assert archive.record("d") == {"source": "d", "split": "train", "original_size": [9, 9]}
    for sample, maps in read(tmp_path / "p.zarr.zip").items():
        assert maps.shape == (*SIZES[sample], 2)
        assert maps.dtype == np.float16
        assert maps.min() >= 0
        assert maps.max() <= 1
        assert maps.astype(float).std() > 1e-3
    assert lines[-1] == "predicted 3 of 3 samples"
    assert "3 samples, 1 network, float32" in lines[0]


def test_one_tile_is_the_network_itself(folder, tmp_path):
    apply(folder, tmp_path / "p.zarr.zip", recipe(tile=None), folds=(1,))
    (maps,) = read(tmp_path / "p.zarr.zip").values()
    with Archive(folder / "shard1.zarr.zip") as archive:
        image = archive.read("c", "image").astype(np.float32)[None] / np.float32(255)
    model = keras.saving.load_model(folder / "0.keras", safe_mode=True)
    wanted = keras.ops.convert_to_numpy(keras.ops.sigmoid(model(image)))[0]
    np.testing.assert_allclose(maps, wanted, atol=1e-3)


def test_equal_bytes(folder, tmp_path):
    chosen = recipe(flips=True, rotations=True, batch=3)
    for name in ("1.zarr.zip", "2.zarr.zip"):
        apply(folder, tmp_path / name, chosen)
    assert (tmp_path / "1.zarr.zip").read_bytes() == (tmp_path / "2.zarr.zip").read_bytes()


def test_batch_does_not_matter(folder, tmp_path):
    for batch in (1, 5):
        apply(folder, tmp_path / f"{batch}.zarr.zip", recipe(batch=batch))
    one, five = read(tmp_path / "1.zarr.zip"), read(tmp_path / "5.zarr.zip")
    for sample in one:
        np.testing.assert_allclose(one[sample], five[sample], atol=2e-3)


def test_an_ensemble_is_the_mean_of_its_networks(folder, tmp_path):
    # Both networks as fold 0: neither has seen the samples.
    for model in ("0.keras", "1.keras"):
        apply(folder, tmp_path / f"{model}.zarr.zip", recipe(), models=[model])
    models = ["0.keras", "1.keras"]
    apply(folder, tmp_path / "both.zarr.zip", recipe(), folds=(0, 0), models=models)
    first, second, both = (
        read(tmp_path / f"{name}.zarr.zip") for name in ("0.keras", "1.keras", "both")
    )
    for sample, maps in both.items():
        mean = (first[sample].astype(float) + second[sample]) / 2
        assert np.abs(first[sample].astype(float) - second[sample]).max() > 0.01
        np.testing.assert_allclose(maps, mean, atol=1e-3)


def test_exclusive_classes_sum_to_one(folder, tmp_path):
    with Archive(folder / "shard1.zarr.zip") as old:
        attributes = {
            **old.attributes,
            "task": "semantic",
            "classes": ["x", "y"],
            "class_values": [1, 2],
        }
        with ArchiveWriter(tmp_path / "s.zarr.zip", attributes) as writer:
            writer.add("c", {"image": old.read("c", "image")}, old.record("c"))
    save_model(tmp_path / "m.keras", 1, 3, 0)
    chosen = recipe(target="classes", flips=True)
    arguments = ([1], [tmp_path / "m.keras"], chosen, tmp_path / "p.zarr.zip")
    predict([tmp_path / "s.zarr.zip"], folder / "folds.tsv", *arguments)
    (maps,) = read(tmp_path / "p.zarr.zip").values()
    np.testing.assert_allclose(maps.astype(float).sum(axis=-1), 1, atol=2e-3)


def refused(folder, tmp_path, match, chosen=None, **arguments):
    with pytest.raises(SegbenchError, match=match):
        apply(folder, tmp_path / "p.zarr.zip", chosen or recipe(), **arguments)
    assert not (tmp_path / "p.zarr.zip").exists()


def test_a_fold_without_its_model(folder, tmp_path):
    refused(folder, tmp_path, "1 models for 2 folds", folds=(0, 1))


def test_a_network_of_another_target(folder, tmp_path):
    refused(folder, tmp_path, "to 2 maps", recipe(target="foreground"))


def test_a_network_of_other_images(folder, tmp_path):
    save_model(folder / "rgb.keras", 3, 2, 0)
    refused(folder, tmp_path, "from 3 channels", models=["rgb.keras"])


def test_a_damaged_network(folder, tmp_path):
    (folder / "damaged.keras").write_bytes(b"not a network")
    refused(folder, tmp_path, r"damaged\.keras", models=["damaged.keras"])


def test_a_network_that_diverged(folder, tmp_path):
    model = keras.saving.load_model(folder / "0.keras", safe_mode=True)
    model.weights[-1].assign(model.weights[-1] * np.nan)
    model.save(folder / "nan.keras")
    refused(folder, tmp_path, "not a number", models=["nan.keras"])


VOLUMES = {"v": (20, 33, 17), "w": (8, 16, 16)}


def volume_recipe(**prediction):
    return Model(
        network=UNet(depth=2),
        training=Training(precision="float32", patch=(16, 16, 16)),
        prediction=Prediction(batch=3, **prediction),
    )


@pytest.fixture(scope="module")
def volumes(tmp_path_factory):
    """Volumes of two channels with three overlapping masks, and a network for them."""
    folder = tmp_path_factory.mktemp("volumes")
    random = np.random.default_rng(0)
    attributes = {
        "stage": "preprocess",
        "axes": "zyxc",
        "task": "overlapping",
        "classes": ["whole", "core", "rim"],
        "class_values": [1, 2, 3],
        "background": None,
        "image_scale": 0.5,
    }
    with ArchiveWriter(folder / "shard0.zarr.zip", attributes) as writer:
        for sample, size in VOLUMES.items():
            image = random.standard_normal((*size, 2)).astype(np.float16)
            record = {"source": sample, "original_size": [40, 60, 40], "crop": [[1, 9]] * 3}
            writer.add(sample, {"image": image}, record)
    (folder / "folds.tsv").write_text(
        "sample\tgroup\tstratum\tfold\trole\n" + "".join(f"{s}\t{s}\t\t0\ttest\n" for s in VOLUMES)
    )
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, None, 2))
    logits = keras.layers.Conv3D(3, 3, padding="same", name="logits")(inputs)
    keras.Model(inputs, logits).save(folder / "0.keras")
    return folder


def test_volumes(volumes, tmp_path):
    apply(volumes, tmp_path / "p.zarr.zip", volume_recipe(blend="gaussian", flips=True))
    with Archive(tmp_path / "p.zarr.zip") as archive:
        assert archive.attributes["axes"] == "zyxk"
        assert archive.attributes["maps"] == ["whole", "core", "rim"]
        assert archive.attributes["background"] is None
        assert archive.record("v")["crop"] == [[1, 9]] * 3
    for sample, maps in read(tmp_path / "p.zarr.zip").items():
        assert maps.shape == (*VOLUMES[sample], 3)
        assert maps.dtype == np.float16
        assert maps.astype(float).std() > 0.01


def test_a_volume_in_one_tile_is_the_network_itself(volumes, tmp_path):
    recipe = volume_recipe(tile=(16, 16, 16))
    with Archive(volumes / "shard0.zarr.zip") as archive:
        image = archive.read("w", "image").astype(np.float32) / 2
    image = np.pad(image, ((4, 4), (0, 0), (0, 0), (0, 0)), mode="reflect")[None]
    apply(volumes, tmp_path / "p.zarr.zip", recipe)
    model = keras.saving.load_model(volumes / "0.keras", safe_mode=True)
    # 8 voxels are less than the tile of 16, and 8 is a part of it that can be pooled.
    wanted = keras.ops.convert_to_numpy(keras.ops.sigmoid(model(image[:, 4:12])))[0]
    np.testing.assert_allclose(read(tmp_path / "p.zarr.zip")["w"], wanted, atol=1e-3)


def test_volumes_are_not_turned(volumes, tmp_path):
    refused(volumes, tmp_path, "rotations on volumes", volume_recipe(rotations=True))


def test_volumes_through_a_network_for_images(folder, volumes, tmp_path):
    (volumes / "flat.keras").write_bytes((folder / "0.keras").read_bytes())
    refused(volumes, tmp_path, "1 channels in 2-D", volume_recipe(), models=["flat.keras"])


def test_a_flat_tile_for_volumes(volumes, tmp_path):
    refused(volumes, tmp_path, "3 axes", volume_recipe(tile=(16, 16)))


def test_whole_images_are_classified(tmp_path):
    attributes = {
        "axes": "yxc",
        "task": "classification",
        "classes": ["ear", "eye", "toe"],
        "class_values": [1, 2, 3],
    }
    images = {"a": np.full((8, 8, 1), 3, np.float32), "b": np.full((8, 12, 1), -2, np.float32)}
    with ArchiveWriter(tmp_path / "shard0.zarr.zip", attributes) as writer:
        for sample, image in images.items():
            writer.add(sample, {"image": image}, {"source": sample})
    (tmp_path / "folds.tsv").write_text(
        "sample\tgroup\tstratum\tfold\trole\n" + "".join(f"{s}\t{s}\t\t0\ttest\n" for s in images)
    )
    inputs = keras.Input((None, None, 1))
    mean = keras.layers.GlobalAveragePooling2D()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(3, name="logits")(mean))
    model.set_weights([np.float32([[0.5, -0.5, 0]]), np.float32([0, 0, 1])])
    model.save(tmp_path / "0.keras")
    apply(tmp_path, tmp_path / "p.zarr.zip", volume_recipe(flips=True, rotations=True))
    with Archive(tmp_path / "p.zarr.zip") as archive:
        assert archive.attributes["axes"] == "k"
        assert archive.attributes["maps"] == ["ear", "eye", "toe"]
    for sample, logits in {"a": [1.5, -1.5, 1], "b": [-1, 1, 1]}.items():
        wanted = np.exp(logits) / np.exp(logits).sum()
        found = read(tmp_path / "p.zarr.zip")[sample]
        assert found.shape == (3,)
        np.testing.assert_allclose(found, wanted, atol=1e-3)
