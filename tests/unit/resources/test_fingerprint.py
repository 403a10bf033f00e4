"""The samples as the list of samples has them, or as the config alone tells."""

from __future__ import annotations

import os

import pytest

from segbench.artefacts.samples import COLUMNS, Sample, write_samples
from segbench.config.augmentation import Amplification, Augmentation
from segbench.config.dataset import Dataset, Fixed, Protocol
from segbench.config.model import Model, Training
from segbench.config.preprocessing import Preprocessing, Size
from segbench.errors import SegbenchError
from segbench.instances.targets import activation, map_names
from segbench.models.backbones import Backbone
from segbench.models.networks.classifier import Classifier
from segbench.models.networks.unet import UNet
from segbench.resources import Sheet, fingerprint, read_sheet
from segbench.resources.fingerprint import PUBLISHED, sheet_of, window


def write_sheet(path, *rows):
    write_samples([Sample(**{"group": "g", **row}) for row in rows], path)
    return path


def dataset(task="semantic", classes=2, **more):
    names = [{"name": f"c{k}", "value": k} for k in range(1, classes + 1)]
    return Dataset.model_validate(
        {
            "title": "t", "format": "folder", "task": task, "classes": names, "licence": "l",
            "citation": "c", "source": "folder", "folder": {"path": "x"},
            "protocols": {"p": {}}, **more,
        }
    )  # fmt: skip


PROTOCOL = Protocol(test=Fixed(by="publisher"), validation=Fixed(by="count", count=3))
FLAT = Sheet(20, 4, (100, 80), 8000.0, 3)
VOLUMES = Sheet(10, 0, (30, 60, 60), 50_000.0, 4, 4, (2.0, 1.0, 1.0))


def of(sheet, preprocessing=None, protocol=PROTOCOL, augmentation=None, data=None):
    return fingerprint(
        data or dataset(),
        protocol,
        preprocessing or Preprocessing(),
        augmentation or Augmentation(),
        sheet,
    )


def test_a_sheet_is_read(tmp_path):
    path = write_sheet(
        tmp_path / "samples.tsv",
        {"sample": "a", "size": (100, 60)},
        {"sample": "b", "split": "test", "size": (50, 80), "channels": 3, "dtype": "uint16"},
    )
    assert read_sheet(path) == Sheet(2, 1, (100, 80), 5000.0, 3, 2, ())


def test_a_sheet_of_volumes_has_depth_and_spacing(tmp_path):
    path = write_sheet(
        tmp_path / "samples.tsv",
        {"sample": "a", "size": (10, 20, 30), "dtype": "float32", "spacing_mm": (3, 1, 1)},
        {"sample": "b", "size": (20, 10, 30), "dtype": "float32", "spacing_mm": (2, 1.5, 1)},
    )
    found = read_sheet(path)
    assert found.largest == (20, 20, 30)
    assert found.spacing_mm == (2.0, 1.0, 1.0)
    assert found.itemsize == 4


def test_a_changed_sheet_is_read_anew(tmp_path):
    path = write_sheet(tmp_path / "s.tsv", {"sample": "a", "size": (10, 10)})
    first = read_sheet(path)
    assert read_sheet(path) is first, "read once"
    write_sheet(path, {"sample": "a", "size": (90, 10)})
    os.utime(path, ns=(1, 1))
    assert read_sheet(path).largest == (90, 10)


HEADER = "\t".join(COLUMNS) + "\n"


@pytest.mark.parametrize("text", ["", HEADER, "sample\nx\n", HEADER + "\t" * 18 + "\n"])
def test_a_sheet_that_is_none_is_left_to_the_jobs_that_read_it(tmp_path, text):
    path = tmp_path / "samples.tsv"
    path.write_text(text)
    assert read_sheet(path) is None
    assert read_sheet(tmp_path / "absent.tsv") is None


def test_without_a_sheet_the_config_is_asked():
    made = dataset(source="generated", generated={"samples": 12, "test_samples": 4}, format="msd")
    found = sheet_of(made)
    assert (found.samples, found.test) == (16, 4)
    assert found.largest == PUBLISHED["msd"].largest
    assert sheet_of(dataset()) == PUBLISHED["folder"]


def test_every_format_is_known():
    from segbench.datasets.formats import FORMATS

    assert set(PUBLISHED) == set(FORMATS)


def test_roles_are_counted():
    found = of(FLAT)
    assert (found.training, found.validation, found.test) == (13, 3, 4)
    folds = Protocol(folds=5, validation=Fixed(by="fraction", fraction=0.25))
    found = of(FLAT, protocol=folds)
    assert (found.training, found.validation, found.test) == (12, 4, 4)
    inner = Protocol(test=Fixed(by="count", count=5), folds=3, validation=Fixed())
    assert of(FLAT, protocol=inner).validation == 5


def test_copies_are_trained_on():
    copies = Amplification(horizontal_shifts=(0.5,), vertical_shifts=(), copies=9)
    found = of(FLAT, augmentation=Augmentation(amplification=copies))
    assert found.training == 13 * 9
    assert found.validation == 3, "validation has originals only"


def test_preprocessing_changes_sides_channels_and_bytes():
    recipe = Preprocessing(
        resize=Size(height=64, width=32), channels="rgb", neighbours=1, dtype="float16"
    )
    found = of(FLAT, recipe)
    assert found.largest == (64, 32)
    assert found.pixels == 64 * 32
    assert found.channels == 9
    assert found.itemsize == 2


def test_resampling_changes_volumes():
    found = of(VOLUMES, Preprocessing(channels="all", spacing_mm=(1.0, 2.0, 2.0)))
    assert found.largest == (60, 30, 30)
    assert found.pixels == pytest.approx(50_000 / 2)
    assert found.channels == 4
    assert found.dimensions == 3


@pytest.mark.parametrize("task", ["semantic", "overlapping", "classification"])
@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("target", ["classes", "foreground", "foreground_boundary"])
def test_maps_are_those_that_are_learnt(task, classes, target):
    if task == "classification" and target != "classes":
        return
    names = [f"c{k}" for k in range(1, classes + 1)]
    recipe = Model(target=target)
    try:
        expected = map_names(target, names, task)
    except SegbenchError:
        return  # such a target is refused where it has no meaning
    found = of(FLAT, data=dataset(task, classes))
    assert found.maps(recipe) == len(expected)
    assert found.exclusive(recipe) == (activation(target, names, task) == "softmax")


def test_the_window_is_what_the_network_can_pool():
    recipe = Model(network=UNet(depth=3), training=Training(patch=(50, 500)))
    assert window(recipe, of(FLAT)) == (56, 80), "no larger than the samples"
    assert window(Model(network=UNet(depth=3)), of(FLAT)) == (104, 80)
    whole = of(FLAT, data=dataset("classification", 3))
    assert window(
        Model(network=Classifier(kind="classifier", backbone=Backbone(name="ResNet50"))), whole
    ) == (100, 80)
