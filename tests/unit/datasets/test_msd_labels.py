"""What the numbers in label files mean, and the real files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from segbench.config.dataset import Background, Class
from segbench.datasets import reader_of
from unit.datasets.msd_trees import (
    BRATS,
    SHAPE,
    decathlon,
    described,
    expect,
    image_of,
    label_of,
    nnunet,
    write,
)


def test_another_release_gives_other_numbers(tmp_path):
    """The same config reads BraTS as MSD numbers it and as BraTS 2023 does."""
    other = {"0": "background", "2": "edema", "1": "non-enhancing tumor", "3": "enhancing tumour"}
    decathlon(tmp_path / "msd")
    decathlon(tmp_path / "2023", labels=other)
    source = reader_of(described())
    results = []
    for root in (tmp_path / "msd", tmp_path / "2023"):
        raw = next(source.scan(root))
        results.append(source.read_label(root, raw))
    assert np.array_equal(results[0] == 1, label_of(0) == 1)
    assert np.array_equal(results[1] == 1, label_of(0) == 2)
    assert np.array_equal(results[0] == 3, results[1] == 3)


def test_overlapping_classes_of_nnunet_regions(tmp_path):
    labels = {"background": 0, "whole_tumor": [1, 2, 3], "tumor-core": [2, 3], "enhancing": 3}
    nnunet(tmp_path, labels=labels, regions_class_order=[1, 2, 3])
    classes = tuple(
        Class(name=name, value=number + 1)
        for number, name in enumerate(("Whole Tumor", "enhancing", "tumor core"))
    )
    source = reader_of(described(classes, "overlapping"))
    raw = next(source.scan(tmp_path))
    masks, label = source.read_label(tmp_path, raw), label_of(0)
    assert masks.dtype == np.uint8
    np.testing.assert_array_equal(masks[..., 0], label > 0)
    np.testing.assert_array_equal(masks[..., 1], label == 3)
    np.testing.assert_array_equal(masks[..., 2], label > 1)


def test_several_labels_make_one_class_and_numbers_are_taken_too(tmp_path):
    decathlon(tmp_path)
    classes = (Class(name="tumour", value=5, labels=("edema", 2, "enhancing tumour")),)
    source = reader_of(described(classes))
    raw = next(source.scan(tmp_path))
    np.testing.assert_array_equal(source.read_label(tmp_path, raw), 5 * (label_of(0) > 0))


def test_labels_can_be_given_to_the_background(tmp_path):
    decathlon(tmp_path)
    background = Background(name="rest", labels=("non-enhancing tumor", 3))
    source = reader_of(described((Class(name="edema", value=1),), background=background))
    raw = next(source.scan(tmp_path))
    np.testing.assert_array_equal(source.read_label(tmp_path, raw), label_of(0) == 1)


def test_float_labels_of_whole_numbers(tmp_path):
    base = decathlon(tmp_path)
    write(base / "labelsTr" / "BRATS_001.nii.gz", label_of(0).astype(np.float32))
    source = reader_of(described())
    raw = next(source.scan(tmp_path))
    assert source.read_label(tmp_path, raw).dtype == np.uint8


def test_ids_of_an_atlas_may_be_large(tmp_path):
    """Ids of the Allen mouse brain atlas are above 65535."""
    value = 312782560
    base = nnunet(tmp_path, names=("a",), labels={"background": 0, "edema": value})
    stored = np.where(label_of(0) == 1, value, 0).astype(np.uint32)
    write(base / "labelsTr" / "a.nii.gz", stored)
    source = reader_of(described(BRATS[:1]))
    label = source.read_label(tmp_path, next(source.scan(tmp_path)))
    np.testing.assert_array_equal(label, label_of(0) == 1)


def test_labels_that_are_scaled_are_rounded(tmp_path):
    base = decathlon(tmp_path)
    stored = label_of(0).astype(np.float32) * 0.9999
    write(base / "labelsTr" / "BRATS_001.nii.gz", stored)
    source = reader_of(described())
    label = source.read_label(tmp_path, next(source.scan(tmp_path)))
    np.testing.assert_array_equal(label, np.array([0, 1, 7, 3])[label_of(0)])


def test_a_class_that_dataset_json_does_not_name(tmp_path):
    decathlon(tmp_path)
    source = reader_of(described((Class(name="enhancing", value=3),)))
    with expect("dataset.json", "'enhancing'", "did you mean 'enhancing tumour'?"):
        source.read_label(tmp_path, next(source.scan(tmp_path)))
    source = reader_of(described((Class(name="x", value=3, labels=(9,)),)))
    with expect("has no label 9", "'edema'"):
        source.read_label(tmp_path, next(source.scan(tmp_path)))


def test_a_label_that_no_class_takes(tmp_path):
    decathlon(tmp_path)
    source = reader_of(described(BRATS[:2]))
    with expect(
        "labelsTr/BRATS_001.nii.gz",
        "3 (enhancing tumour)",
        "`background: {labels",
        "`ignore: {labels",
    ):
        source.read_label(tmp_path, next(source.scan(tmp_path)))


def test_a_value_that_dataset_json_does_not_know(tmp_path):
    base = decathlon(tmp_path)
    write(base / "labelsTr" / "BRATS_001.nii.gz", label_of(0) * 2)
    source = reader_of(described())
    with expect("BRATS_001", "4 (not in dataset.json), 6"):
        source.read_label(tmp_path, next(source.scan(tmp_path)))


def test_one_label_in_two_classes(tmp_path):
    nnunet(tmp_path, labels={"background": 0, "whole": [1, 2, 3], "core": [2, 3]})
    classes = (Class(name="whole", value=1), Class(name="core", value=2))
    source = reader_of(described(classes))
    with expect("the label 2 is in the classes whole and core", "overlapping"):
        source.read_label(tmp_path, next(source.scan(tmp_path)))


@pytest.mark.parametrize("task", ["instances", "classification"])
def test_other_tasks(tmp_path, task):
    decathlon(tmp_path)
    source = reader_of(described(BRATS[:1], task))
    with expect(f"the task {task}"):
        source.read_label(tmp_path, next(source.scan(tmp_path)))


@pytest.mark.parametrize(
    "content", ["[]", "{", '{"labels": ["edema"]}', '{"labels": {"edema": "one"}}', "{}"]
)
def test_a_dataset_json_that_says_nothing(tmp_path, content):
    base = decathlon(tmp_path)
    source = reader_of(described())
    raw = next(source.scan(tmp_path))
    (base / "dataset.json").write_text(content)
    with expect("dataset.json"):
        source.read_label(tmp_path, raw)


def test_a_mirrored_channel_is_put_on_the_grid_of_the_first(tmp_path, caplog):
    base = nnunet(tmp_path, names=("a",))
    mirrored = np.diag([-1.0, 1, 1, 1])
    mirrored[0, 3] = SHAPE[2] - 1
    stored = np.ascontiguousarray(image_of(0)[:, :, ::-1, 1])
    write(base / "imagesTr" / "a_0001.nii.gz", stored, mirrored)
    source = reader_of(described())
    image = source.read_image(tmp_path, next(source.scan(tmp_path)))
    np.testing.assert_array_equal(image, image_of(0))
    assert "a_0001.nii.gz: it is mirrored along x" in caplog.text


# ---- real files


def test_the_real_crops(publisher_data):
    root = publisher_data / "brats" / "Task01_BrainTumour_crops"
    classes = (
        Class(name="edema", value=1),
        Class(name="non-enhancing tumour", value=2, labels=("non-enhancing tumor",)),
        Class(name="Enhancing_Tumour", value=4),
    )
    source = reader_of(described(classes))
    found = {raw.sample: raw for raw in source.scan(root)}
    assert list(found) == ["BRATS_009", "BRATS_119"]
    counts = {
        "BRATS_009": [945669, 120454, 31643, 0, 42219],
        "BRATS_119": [656013, 64972, 17516, 0, 5979],
    }
    shapes = {"BRATS_009": (55, 141, 147), "BRATS_119": (33, 160, 141)}
    origins = {"BRATS_009": [73, 43, 58], "BRATS_119": [57, 40, 72]}
    for name, raw in found.items():
        image, label = source.read_image(root, raw), source.read_label(root, raw)
        assert image.shape == (*shapes[name], 4)
        assert image.dtype == np.float32
        assert label.shape == shapes[name]
        assert np.bincount(label.ravel()).tolist() == counts[name]
        assert source.spacing_mm(root, raw) == (1.0, 1.0, 1.0)
        assert source.affine(root, raw)[:3, 3].tolist() == origins[name]
        # The rim takes up contrast agent, edema is bright in FLAIR: names and channels agree.
        flair, t1, t1gd = (image[..., channel] for channel in range(3))
        assert (t1gd - t1)[label == 4].mean() > (t1gd - t1)[label == 1].mean() + 100
        assert flair[label == 1].mean() > 1.3 * flair[(label == 0) & (flair > 0)].mean()


def test_the_real_labels_alone(publisher_data):
    from segbench.decoders import registry

    folder = publisher_data / "brats" / "Task01_BrainTumour_labels_only"
    for path in sorted(folder.glob("*.nii.gz")):
        label = registry.read(path).pixels
        assert label.shape == (155, 240, 240)
        assert label.dtype == np.uint8
        assert set(np.unique(label).tolist()) == {0, 1, 2, 3}


def test_real_files_of_another_release_with_other_labels(publisher_data, tmp_path):
    """BRATS 2013: float labels 1 necrosis, 2 edema, 3 non-enhancing, 4 enhancing; two files."""
    folder = publisher_data / "brats/brats2013_flair_t1c/test/brats_2013_pat0001_1"
    base = tmp_path / "Dataset013"
    for kind in ("imagesTr", "labelsTr"):
        (base / kind).mkdir(parents=True)
    for name, place in (
        ("Flair_subtrMeanDivStd", "imagesTr/pat0001_0000"),
        ("T1c_subtrMeanDivStd", "imagesTr/pat0001_0001"),
        ("OTMultiClass", "labelsTr/pat0001"),
    ):
        (base / f"{place}.nii.gz").symlink_to((folder / f"{name}.nii.gz").resolve())
    labels = {
        "background": 0, "necrosis": 1, "edema": 2, "non-enhancing tumor": 3,
        "enhancing tumor": 4,
    }  # fmt: skip
    (base / "dataset.json").write_text(
        json.dumps({"channel_names": {"0": "FLAIR", "1": "T1Gd"}, "labels": labels})
    )
    core = Class(name="core", value=2, labels=("necrosis", "non_enhancing tumor"))
    source = reader_of(described((BRATS[0], core, Class(name="Enhancing-Tumor", value=3))))
    (raw,) = source.scan(tmp_path)
    image, label = source.read_image(tmp_path, raw), source.read_label(tmp_path, raw)
    assert image.shape == (155, 240, 240, 2)
    assert label.dtype == np.uint8
    assert set(np.unique(label).tolist()) == {0, 1, 2, 3}
    assert image[..., 1][label == 3].mean() > image[..., 1][label == 1].mean()
    assert image[..., 0][label == 1].mean() > image[..., 0][label == 0].mean() + 1
